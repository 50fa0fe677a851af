// SPDX-License-Identifier: MIT

package sandbox

import (
	"bytes"
	"fmt"

	"golang.org/x/sys/unix"
)

// goText returns the bounds of Go's code: in a statically linked program the C library
// lies next to it.
func goText() (lo, hi uintptr)

// findSite reads where this process's code is, for filters that treat it apart from
// programs that it executes. Libraries that are loaded later are not known.
func findSite(a SyscallSandboxAction) (refusal, error) {
	lo, hi := goText()
	r := refusal{gate: uint64(gateEntry()) + 2 /* SYSCALL is 0f 05 */, text: codeRange{uint64(lo), uint64(hi)}}
	if a <= ActionInvokeSignalHandler {
		return r, nil
	}
	maps, err := readFile("/proc/self/maps")
	if err != nil {
		return r, needsProc(a, err)
	}
	if r.code = executable(maps, r.gate); len(r.code) == 0 {
		return r, fmt.Errorf("sandbox: action %s: /proc/self/maps does not have the program's code", a)
	}
	// Setup reads these too, at a time when a failure would leave something behind.
	if _, err = threadsBlocking(unix.SIGSYS); err != nil {
		return r, needsProc(a, err)
	}
	return r, nil
}

func needsProc(a SyscallSandboxAction, err error) error {
	return fmt.Errorf("sandbox: action %s needs /proc: %w: mount it, or use ActionInvokeSignalHandler", a, err)
}

// executable lists the executable mappings of files and of the vDSO, which makes the
// call itself where it cannot do without, the one with the gate first:
// proc_pid_maps(5).
func executable(maps []byte, gate uint64) (code []codeRange) {
	for line := range bytes.Lines(maps) {
		var c codeRange
		var perms, offset, device, inode, name string
		n, _ := fmt.Sscan(string(line), &addresses{&c}, &perms, &offset, &device, &inode, &name)
		if n < 6 || len(perms) < 3 || perms[2] != 'x' || name[0] == '[' && name != "[vdso]" {
			continue
		}
		code = append(code, c)
		if last := len(code) - 1; c.lo < gate && gate <= c.hi {
			code[0], code[last] = code[last], code[0]
		}
	}
	return code
}

// addresses scans "401000-4b5000".
type addresses struct{ *codeRange }

func (a *addresses) Scan(state fmt.ScanState, _ rune) error {
	_, err := fmt.Fscanf(state, "%x-%x", &a.lo, &a.hi)
	return err
}

// movable reports whether the program's code lies where the kernel has chosen, so
// that programs it executes lie elsewhere.
func (r *refusal) movable() bool {
	const addrNoRandomize, current = 0x0040000, 0xffffffff // personality(2)
	persona, _, errno := unix.RawSyscall(unix.SYS_PERSONALITY, current, 0, 0)
	random, err := readFile("/proc/sys/kernel/randomize_va_space")
	return len(r.code) > 0 && r.code[0].lo >= 1<<32 && errno == 0 && persona&addrNoRandomize == 0 &&
		(err != nil || !bytes.HasPrefix(random, []byte("0")))
}
