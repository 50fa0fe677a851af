// SPDX-License-Identifier: MIT

package judge

import (
	"strings"
	"syscall"
	"testing"

	"golang.org/x/net/bpf"

	"github.com/syscall-sandbox/sandbox/internal/abi"
	"github.com/syscall-sandbox/sandbox/internal/sysno"
	"github.com/syscall-sandbox/sandbox/internal/testproc"
	"github.com/syscall-sandbox/sandbox/seccomp"
)

func TestMain(m *testing.M) {
	children := Children()
	children[childExempt] = exemptChild
	testproc.Main(m, children)
}

// A filter with every kind of action: each comes back as it was, and nothing is
// executed, exit_group included.
func TestAnswers(t *testing.T) {
	testproc.Require(t, testproc.KillProcess)
	p := compile(t, seccomp.Filter{
		Default: seccomp.Trap(7),
		Unknown: seccomp.Errno(38),
		Rules: []seccomp.Rule{
			{Call: "exit_group", Action: seccomp.Allow},
			{Call: "exit", Action: seccomp.Log},
			{Call: "kill", Action: seccomp.Trace(9)},
			{Call: "getpid", Action: seccomp.UserNotif},
			{Call: "reboot", Action: seccomp.UnsafeKillThread},
			{Call: "pause", Action: seccomp.KillProcess},
		},
	})
	want := []seccomp.Action{seccomp.Allow, seccomp.Log, seccomp.Trace(9), seccomp.UserNotif, seccomp.UnsafeKillThread,
		seccomp.KillProcess, seccomp.Trap(7), seccomp.Errno(38), seccomp.KillProcess, seccomp.KillProcess}
	calls := []seccomp.Call{native(231), native(60), native(62), native(39), native(169), native(34), native(0),
		native(999), native(abi.X32Bit), native(0xffffffff)}
	for i, ret := range Answers(t, p, calls) {
		if ret != want[i].Value() {
			t.Errorf("%v: %#x, want %v", calls[i], ret, want[i])
		}
	}
}

func TestAnswersCompat(t *testing.T) {
	testproc.Require(t, testproc.KillProcess)
	RequireCompat(t)
	p := compile(t, seccomp.Filter{Default: seccomp.Allow, Unknown: seccomp.Allow})
	calls := []seccomp.Call{{Arch: abi.AuditArchI386, Nr: 20}, native(20), {Arch: abi.AuditArchI386, Nr: 1}}
	want := []seccomp.Action{seccomp.KillProcess, seccomp.Allow, seccomp.KillProcess}
	for i, ret := range Answers(t, p, calls) {
		if ret != want[i].Value() {
			t.Errorf("%v: %#x, want %v", calls[i], ret, want[i])
		}
	}
}

// exemptChild calls uretprobe under a filter that kills on everything.
const childExempt = "exempt"

func exemptChild() {
	q := question{
		Code:  []bpf.RawInstruction{{Op: opRetK, K: abi.RetKillProcess}},
		Calls: []seccomp.Call{native(sysno.Uretprobe)},
	}
	put(q)
}

// What Exempt says: since Linux 6.14 the call goes past the filter, which would
// end in SIGSYS, and raises SIGILL. Stable releases before have this too.
func TestExempt(t *testing.T) {
	testproc.Require(t, uretprobeException)
	testproc.Run(t, childExempt).ExpectSignal(t, syscall.SIGILL)
}

var uretprobeException = testproc.Feature{Name: "uretprobe(2) past filters", Since: testproc.Version{Major: 6, Minor: 14}}

func TestVerdicts(t *testing.T) {
	testproc.Require(t, testproc.Seccomp)
	got := Verdicts(t, [][]bpf.RawInstruction{
		{{Op: opRetK, K: abi.RetAllow}},
		{},
		{{Op: 0xffff}},
		{{Op: opRetK, K: abi.RetKillThread}},
	})
	for i, want := range []syscall.Errno{0, syscall.EINVAL, syscall.EINVAL, 0} {
		if got[i] != want {
			t.Errorf("program %d: %v, want %v", i, got[i], want)
		}
	}
}

func TestRewrite(t *testing.T) {
	if _, _, err := rewrite([]bpf.RawInstruction{{Op: opRetA}}); err == nil {
		t.Error("RET A was rewritten")
	}
	long := make([]bpf.RawInstruction, abi.MaxErrno)
	for i := range long {
		long[i] = bpf.RawInstruction{Op: opRetK, K: uint32(i)}
	}
	if _, _, err := rewrite(long); err == nil || !strings.Contains(err.Error(), "4094") {
		t.Errorf("4095 RETs: %v", err)
	}
	out, rets, err := rewrite(long[1:])
	if err != nil || len(rets) != 4094 || out[4093].K != abi.RetErrno|4094 || long[4094].K != 4094 {
		t.Errorf("4094 RETs: %d, %v", len(rets), err)
	}
	for _, result := range []int64{0, 1, -4095, -1 << 63} {
		if _, err := original(result, rets); err == nil {
			t.Errorf("result %d passed for an answer", result)
		}
	}
}

func compile(t *testing.T, f seccomp.Filter) *seccomp.Program {
	t.Helper()
	p, err := f.Compile()
	if err != nil {
		t.Fatal(err)
	}
	return p
}

func native(nr uint32) seccomp.Call {
	return seccomp.Call{Arch: abi.AuditArchX86_64, Nr: nr}
}
