// SPDX-License-Identifier: MIT

package seccomp

import (
	"encoding/binary"
	"slices"

	"golang.org/x/net/bpf"
)

// A Program is a compiled filter: a classic BPF program that the kernel's rules
// for seccomp accept. It is immutable; the only way to one is [Filter.Compile].
type Program struct {
	code []bpf.RawInstruction
}

// Len returns the number of instructions.
func (p *Program) Len() int {
	if p == nil {
		return 0
	}
	return len(p.code)
}

// Instructions returns a copy of the program.
func (p *Program) Instructions() []bpf.RawInstruction {
	if p == nil {
		return nil
	}
	return slices.Clone(p.code)
}

// Bytes returns the program as an array of struct sock_filter
// (include/uapi/linux/filter.h) in amd64's byte order, as other launchers
// take it, such as bubblewrap's --seccomp:
//
//	struct sock_filter {
//		__u16 code; // 0
//		__u8  jt;   // 2
//		__u8  jf;   // 3
//		__u32 k;    // 4
//	};
func (p *Program) Bytes() []byte {
	b := make([]byte, 0, 8*p.Len())
	for _, in := range p.Instructions() {
		b = binary.LittleEndian.AppendUint16(b, in.Op)
		b = append(b, in.Jt, in.Jf)
		b = binary.LittleEndian.AppendUint32(b, in.K)
	}
	return b
}
