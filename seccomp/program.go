// SPDX-License-Identifier: MIT

package seccomp

import (
	"encoding/binary"
	"slices"

	"golang.org/x/net/bpf"

	"github.com/syscall-sandbox/sandbox/internal/bpfsim"
)

// A Program is a compiled filter: a classic BPF program that the kernel's rules
// for seccomp accept. It is immutable; the only way to one is [Filter.Compile].
type Program struct {
	code      []bpf.RawInstruction
	self      []int  // instructions that compare with the process id
	filter    Filter // what it was compiled from
	unchecked []string
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
// take it, such as bubblewrap's --seccomp. Bind a program with IsSelf first.
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

// ForPID returns the program with IsSelf bound to pid. [SetFilter] does so by
// itself for the calling process.
func (p *Program) ForPID(pid int) *Program {
	if p == nil || !p.filter.NeedsPID() {
		return p
	}
	bound := *p
	bound.code = slices.Clone(p.code)
	for _, i := range p.self {
		bound.code[i].K = uint32(pid)
	}
	bound.filter = p.filter.ForPID(pid)
	return &bound
}

// Unchecked returns the calls that have so many rules that Compile did not find
// out whether each can answer. Their program is right all the same.
func (p *Program) Unchecked() []string { return slices.Clone(p.unchecked) }

// Converted returns the length that counts for the kernel's limit on the filters
// of a thread, 32768: that of the program after the kernel has converted it. Each
// filter that is there already counts four more than its own. Where the kernel blinds
// constants against attackers (net.core.bpf_jit_harden is 2, or 1 and the thread without
// CAP_BPF) a program counts more, up to three times as much.
func (p *Program) Converted() int { return bpfsim.Converted(p.Instructions()) }

// A Decision is what a program answers to a call, and why.
type Decision struct {
	Action Action // the answer
	Rule   *Rule  // that answers; nil for Default, Unknown and what always kills
	Path   []int  // the instructions executed, as String numbers them

	// Cached says that from Linux 5.11 on the kernel does not run the program for
	// this call's number: it is allowed whatever the arguments are.
	Cached bool
}

// Explain follows a call through the program.
func (p *Program) Explain(c Call) Decision {
	if p.Len() == 0 {
		return Decision{}
	}
	// A compiled program has been verified: running it cannot fail.
	ret, path, _ := bpfsim.RunTrace(p.code, bpfsim.Data{Nr: c.Nr, Arch: c.Arch, IP: c.IP, Args: c.Args}, nil)
	_, rule := p.filter.Decide(c)
	if rule != nil {
		rule.When = slices.Clone(rule.When)
	}
	return Decision{Action: actionOf(ret), Rule: rule, Path: path, Cached: bpfsim.Cached(p.code, c.Nr, c.Arch)}
}
