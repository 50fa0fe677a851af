// SPDX-License-Identifier: MIT

package peer

import (
	"golang.org/x/net/bpf"

	"github.com/syscall-sandbox/sandbox/bench/policy"
	"github.com/syscall-sandbox/sandbox/bench/wire"
	"github.com/syscall-sandbox/sandbox/internal/abi"
)

// Linear is the layout that Bitcoin Core had: one comparison and one RET for each
// number, in ascending order. It knows no arguments.
func Linear(p *policy.Policy) (wire.Compile, error) {
	if p.HasArgs() {
		return nil, &policy.Inexpressible{Reason: "the linear layout has no conditions on arguments"}
	}
	return func() ([]bpf.RawInstruction, error) {
		const (
			load = 0x20 // BPF_LD | BPF_W | BPF_ABS
			jeq  = 0x15 // BPF_JMP | BPF_JEQ | BPF_K
			ret  = 0x06 // BPF_RET | BPF_K
		)
		prog := []bpf.RawInstruction{
			{Op: load, K: abi.OffArch},
			{Op: jeq, Jt: 1, K: abi.AuditArchX86_64},
			{Op: ret, K: uint32(p.BadArch)},
			{Op: load, K: abi.OffNr},
		}
		for _, r := range p.Rules {
			prog = append(prog, bpf.RawInstruction{Op: jeq, Jf: 1, K: r.Nr}, bpf.RawInstruction{Op: ret, K: uint32(r.Action)})
		}
		return append(prog, bpf.RawInstruction{Op: ret, K: uint32(p.Default)}), nil
	}, nil
}
