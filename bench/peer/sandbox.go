// SPDX-License-Identifier: MIT

package peer

import (
	"golang.org/x/net/bpf"

	"github.com/syscall-sandbox/sandbox/bench/policy"
	"github.com/syscall-sandbox/sandbox/bench/wire"
)

// Sandbox is this library. Measured is seccomp.Filter.Compile, with its checks and
// its verification of the program.
func Sandbox(p *policy.Policy) (wire.Compile, error) {
	f, err := p.Filter()
	if err != nil {
		return nil, err
	}
	return func() ([]bpf.RawInstruction, error) {
		prog, err := f.Compile()
		if err != nil {
			return nil, err
		}
		return prog.Instructions(), nil
	}, nil
}
