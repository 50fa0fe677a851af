// SPDX-License-Identifier: MIT

package bpfsim_test

import (
	"syscall"
	"testing"

	"github.com/syscall-sandbox/sandbox/internal/bpfsim"
	"github.com/syscall-sandbox/sandbox/internal/judge"
	"github.com/syscall-sandbox/sandbox/internal/testproc"
)

func TestMain(m *testing.M) { testproc.Main(m, judge.Children()) }

// Verify says of every program what the kernel says.
func TestVerifyAgainstKernel(t *testing.T) {
	testproc.Require(t, testproc.Seccomp)
	var progs [][]raw
	for _, v := range verdicts {
		progs = append(progs, v.prog)
	}
	progs = append(progs, everyOp()...)
	progs = append(progs, randomPrograms(13, 5000)...)
	good := 0
	for i, errno := range judge.Verdicts(t, progs) {
		err := bpfsim.Verify(progs[i])
		if errno != 0 && errno != syscall.EINVAL {
			t.Fatalf("the kernel says %v to %v", errno, progs[i])
		}
		if (err == nil) != (errno == 0) {
			t.Errorf("%v\nVerify: %v, the kernel: errno %d", progs[i], err, int(errno))
		}
		if errno == 0 {
			good++
		}
	}
	if good < len(progs)/20 || good > len(progs)*19/20 {
		t.Errorf("%d of %d programs are good: the sample tells little", good, len(progs))
	}
}
