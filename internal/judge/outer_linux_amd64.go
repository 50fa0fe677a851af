// SPDX-License-Identifier: MIT

package judge

import (
	"golang.org/x/net/bpf"

	"github.com/syscall-sandbox/sandbox/internal/abi"
	"github.com/syscall-sandbox/sandbox/seccomp"
)

// Outer makes calls on a thread of this process under one more filter, which answers Trace
// to everything, and returns their results. Without a tracer, what the filters in force
// permit gets ENOSYS and is not executed; what they refuse by an errno gets that. So it
// measures a filter that somebody else has put on. What they trap or kill ends the process.
// The process must end after it: the thread cannot.
func Outer(calls []seccomp.Call) []int64 {
	return put(question{Code: []bpf.RawInstruction{{Op: opRetK, K: abi.RetTrace}}, Calls: calls})
}
