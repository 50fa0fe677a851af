// SPDX-License-Identifier: MIT

package faketime

import (
	"encoding/binary"
	"fmt"
	"syscall"
)

// Entries of the auxiliary vector (getauxval(3)).
const (
	atNull        = 0
	atIgnore      = 1
	atSysinfoEHDR = 33
)

// hideVDSO takes the vDSO out of the auxiliary vector of a program that is traced and has executed nothing yet, and lets it run.
func hideVDSO(pid int) error {
	var ws syscall.WaitStatus
	if _, err := syscall.Wait4(pid, &ws, 0, nil); err != nil || !ws.Stopped() {
		return fmt.Errorf("the program did not stop at its start: %v, %w", ws, err)
	}
	var regs syscall.PtraceRegs
	if err := syscall.PtraceGetRegs(pid, &regs); err != nil {
		return err
	}
	v := vector{pid: pid}
	v.at = uintptr(regs.Rsp)
	v.at += 8 * (uintptr(v.word()) + 2) // argc, argv, NULL
	for v.word() != 0 {                 // environment
		v.at += 8
	}
	v.at += 8
	for v.word() != atNull && v.word() != atSysinfoEHDR {
		v.at += 16
	}
	if v.err == nil && v.word() == atSysinfoEHDR {
		var ignore [8]byte
		binary.LittleEndian.PutUint64(ignore[:], atIgnore)
		_, v.err = syscall.PtracePokeData(pid, v.at, ignore[:])
	}
	if v.err != nil {
		return v.err
	}
	return syscall.PtraceDetach(pid)
}

// vector reads the stack of the traced program. After an error it reads zeroes.
type vector struct {
	pid int
	at  uintptr
	err error
}

func (v *vector) word() uint64 {
	var b [8]byte
	if v.err == nil {
		_, v.err = syscall.PtracePeekData(v.pid, v.at, b[:])
	}
	if v.err != nil {
		return 0
	}
	return binary.LittleEndian.Uint64(b[:])
}
