// SPDX-License-Identifier: MIT

package peer

import (
	"errors"
	"slices"

	"golang.org/x/net/bpf"

	"github.com/syscall-sandbox/sandbox/bench/policy"
	"github.com/syscall-sandbox/sandbox/bench/wire"
	"github.com/syscall-sandbox/sandbox/internal/bpfgen"
	"github.com/syscall-sandbox/sandbox/internal/bpfsim"
)

// Sandbox is this library. Measured is seccomp.Filter.Compile, with its checks and
// its verification of the program; for a policy that package seccomp has no words
// for (see policy.Filter), the compiler below it and the verification.
func Sandbox(p *policy.Policy) (wire.Compile, error) {
	f, err := p.Filter()
	if _, ok := errors.AsType[*policy.Inexpressible](err); ok {
		return lower(p), nil
	}
	if err != nil {
		return nil, err
	}
	return func() ([]bpf.RawInstruction, error) {
		prog, err := f.Compile()
		if err != nil {
			return nil, inexpressible(err)
		}
		return prog.Instructions(), nil
	}, nil
}

func lower(p *policy.Policy) wire.Compile {
	spans, foreign := p.Spans(), uint32(p.BadArch)
	if prog, err := bpfgen.Compile(spans, foreign); err == nil {
		dropVoid(spans, prog.Void)
	}
	return func() ([]bpf.RawInstruction, error) {
		prog, err := bpfgen.Compile(spans, foreign)
		if err != nil {
			return nil, inexpressible(err)
		}
		return prog.Code, bpfsim.Verify(prog.Code)
	}
}

// dropVoid leaves out the rules that no call reaches, as policy.Filter does: the meaning
// stays, the program may be shorter.
func dropVoid(spans []bpfgen.Span, void []bpfgen.Place) {
	for _, place := range slices.Backward(void) { // ascending
		s := &spans[place.Span]
		s.Rules = slices.Delete(s.Rules, place.Rule, place.Rule+1)
	}
}

// inexpressible marks the one thing that no program can hold.
func inexpressible(err error) error {
	if errors.Is(err, bpfgen.ErrTooLong) {
		return &policy.Inexpressible{Reason: err.Error()}
	}
	return err
}
