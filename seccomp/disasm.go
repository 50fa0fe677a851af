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
	for i, in := range code {
		fmt.Fprintf(&b, "%4d  %s\n", i, instruction(i, in, loadedBefore(code, i)))
	}
	return b.String()
}

// loadedBefore is the offset of the word in the accumulator at an instruction: of
// the first jump that leads there, or of the instruction before. Compile leaves no
// doubt which it is.
func loadedBefore(code []bpf.RawInstruction, at int) uint32 {
	for i := at - 1; i >= 0; i-- {
		in := code[i]
		switch in.Op {
		case opLoad:
			if i == at-1 {
				return in.K
			}
		case opAND:
			if i == at-1 {
				return loadedBefore(code, i)
			}
		case opJEQ, opJGE, opJSET:
			if i+1+int(in.Jt) == at || i+1+int(in.Jf) == at {
				return loadedBefore(code, i)
			}
		case opJA:
			if i+1+int(in.K) == at {
				return loadedBefore(code, i)
			}
		}
	}
	return abi.SizeofData
}

// Operations that Compile emits (include/uapi/linux/bpf_common.h).
const (
	opLoad = 0x20
	opAND  = 0x54
	opJA   = 0x05
	opJEQ  = 0x15
	opJGE  = 0x35
	opJSET = 0x45
	opRet  = 0x06
)

func instruction(i int, in bpf.RawInstruction, loaded uint32) string {
	jump := func(name string) string {
		return fmt.Sprintf("%-4s %s ? %d : %d", name, constant(in.K, loaded), i+1+int(in.Jt), i+1+int(in.Jf))
	}
	switch in.Op {
	case opLoad:
		return "ld   " + field(in.K)
	case opAND:
		return fmt.Sprintf("and  %#x", in.K)
	case opJA:
		return fmt.Sprintf("ja   %d", i+1+int(in.K))
	case opJEQ:
		return jump("jeq")
	case opJGE:
		return jump("jge")
	case opJSET:
		return jump("jset")
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
	half := "low"
	if off%8 == 4 {
		half = "high"
	}
	if off < abi.OffArgs {
		return "ip." + half
	}
	return fmt.Sprintf("arg%d.%s", (off-abi.OffArgs)/8, half)
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
