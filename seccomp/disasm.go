// SPDX-License-Identifier: MIT

package seccomp

import (
	"fmt"
	"strings"

	"golang.org/x/net/bpf"

	"github.com/syscall-sandbox/sandbox/internal/abi"
	"github.com/syscall-sandbox/sandbox/internal/sysno"
)

// String returns the disassembly, one instruction a line.
func (p *Program) String() string { return disassemble(p.Instructions()) }

func disassemble(code []bpf.RawInstruction) string {
	var b strings.Builder
	loaded := uint32(abi.SizeofData) // offset of what the accumulator holds
	for i, in := range code {
		if in.Op == opLoad {
			loaded = in.K
		}
		fmt.Fprintf(&b, "%4d  %s\n", i, instruction(i, in, loaded))
	}
	return b.String()
}

// Operations that Compile emits (include/uapi/linux/bpf_common.h).
const (
	opLoad = 0x20
	opJA   = 0x05
	opJEQ  = 0x15
	opJGE  = 0x35
	opRet  = 0x06
)

func instruction(i int, in bpf.RawInstruction, loaded uint32) string {
	switch in.Op {
	case opLoad:
		return "ld   " + field(in.K)
	case opJA:
		return fmt.Sprintf("ja   %d", i+1+int(in.K))
	case opJEQ, opJGE:
		name := "jeq"
		if in.Op == opJGE {
			name = "jge"
		}
		return fmt.Sprintf("%s  %s ? %d : %d", name, constant(in.K, loaded), i+1+int(in.Jt), i+1+int(in.Jf))
	case opRet:
		return "ret  " + actionOf(in.K).String()
	}
	return fmt.Sprintf("%v", in.Disassemble())
}

// field names a word of struct seccomp_data.
func field(off uint32) string {
	switch off {
	case abi.OffNr:
		return "nr"
	case abi.OffArch:
		return "arch"
	}
	return fmt.Sprintf("data[%d]", off)
}

// constant names what the accumulator is compared with.
func constant(k, loaded uint32) string {
	switch {
	case loaded == abi.OffArch && k == abi.AuditArchX86_64:
		return "x86_64"
	case loaded == abi.OffNr && k == abi.X32Bit:
		return "x32"
	case loaded == abi.OffNr:
		if name, ok := sysno.Name(k); ok {
			return fmt.Sprintf("%d (%s)", k, name)
		}
		return fmt.Sprint(k)
	}
	return fmt.Sprintf("%#x", k)
}
