// SPDX-License-Identifier: MIT

package judge

import (
	"fmt"
	"slices"

	"golang.org/x/net/bpf"

	"github.com/syscall-sandbox/sandbox/internal/abi"
)

const (
	opRetK = 0x06 // BPF_RET | BPF_K
	opRetA = 0x16 // BPF_RET | BPF_A
)

// rewrite returns the program with each RET answering an errno of its own, and
// the original answers: rets[e-1] belongs to errno e.
func rewrite(code []bpf.RawInstruction) (out []bpf.RawInstruction, rets []uint32, err error) {
	out = slices.Clone(code)
	for i, in := range out {
		switch in.Op {
		case opRetA:
			return nil, nil, fmt.Errorf("judge: instruction %d returns the accumulator: its answer is no constant", i)
		case opRetK:
			rets = append(rets, in.K)
			// 4095 is left out: the kernel cuts larger values to it.
			if len(rets) >= abi.MaxErrno {
				return nil, nil, fmt.Errorf("judge: more than %d RETs", abi.MaxErrno-1)
			}
			out[i].K = abi.RetErrno | uint32(len(rets))
		}
	}
	return out, rets, nil
}

// original maps the result of a call back to the answer of the original program.
func original(result int64, rets []uint32) (uint32, error) {
	if result >= 0 || result < -int64(len(rets)) {
		return 0, fmt.Errorf("judge: result %d is not one of the filter's %d answers", result, len(rets))
	}
	return rets[-result-1], nil
}
