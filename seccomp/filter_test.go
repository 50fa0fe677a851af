// SPDX-License-Identifier: MIT

package seccomp_test

import (
	"bytes"
	"errors"
	"fmt"
	"math/rand/v2"
	"reflect"
	"slices"
	"strings"
	"testing"

	"github.com/syscall-sandbox/sandbox/internal/abi"
	"github.com/syscall-sandbox/sandbox/seccomp"
)

func TestActionValues(t *testing.T) {
	for _, c := range []struct {
		action  seccomp.Action
		value   uint32
		name    string
		permits bool
	}{
		{0, abi.RetKillProcess, "kill_process", false},
		{seccomp.KillProcess, abi.RetKillProcess, "kill_process", false},
		{seccomp.UnsafeKillThread, abi.RetKillThread, "kill_thread", false},
		{seccomp.UserNotif, abi.RetUserNotif, "user_notif", true},
		{seccomp.Log, abi.RetLog, "log", true},
		{seccomp.Allow, abi.RetAllow, "allow", true},
		{seccomp.Trap(0), 0x00030000, "trap(0)", false},
		{seccomp.Trap(65535), 0x0003ffff, "trap(65535)", false},
		{seccomp.Errno(1), 0x00050001, "errno(EPERM)", false},
		{seccomp.Errno(38), 0x00050026, "errno(ENOSYS)", false},
		{seccomp.Errno(4094), 0x00050ffe, "errno(4094)", false},
		{seccomp.Trace(7), 0x7ff00007, "trace(7)", true},
		{seccomp.Allow + 1, 0x7fff0001, "action(0x7fff0001)", false},
		{0xdead, 0x8000dead, "action(0x8000dead)", false},
	} {
		if c.action.Value() != c.value || c.action.String() != c.name || c.action.Permits() != c.permits {
			t.Errorf("%#x: %#x %v %v, want %#x %s %v", uint32(c.action), c.action.Value(), c.action, c.action.Permits(), c.value, c.name, c.permits)
		}
	}
}

func TestCallString(t *testing.T) {
	for _, c := range []struct {
		call seccomp.Call
		want string
	}{
		{seccomp.Call{Arch: abi.AuditArchX86_64, Nr: 115, Args: [6]uint64{1, 1<<64 - 1}}, "getgroups(0x1, 0xffffffffffffffff, 0x0, 0x0, 0x0, 0x0)"},
		{seccomp.Call{Arch: abi.AuditArchX86_64, Nr: 999}, "syscall 999("},
		{seccomp.Call{Arch: abi.AuditArchX86_64, Nr: abi.X32Bit + 5}, "syscall 5 x32("},
		{seccomp.Call{Arch: abi.AuditArchX86_64, Nr: 0xffffffff}, "syscall -1("},
		{seccomp.Call{Arch: abi.AuditArchI386, Nr: 20}, "syscall 20 arch 0x40000003("},
		{seccomp.Call{}, "syscall 0 arch 0x0("},
	} {
		if got := c.call.String(); !strings.HasPrefix(got, c.want) {
			t.Errorf("%q, want %q", got, c.want)
		}
	}
	if _, ok := seccomp.CallOf("raed"); ok {
		t.Error("CallOf knows raed")
	}
}

// Every mistake is reported, each as a RuleError, and none stops the others.
func TestMistakes(t *testing.T) {
	f := seccomp.Filter{
		Default: seccomp.Errno(0),
		Unknown: 0x1234,
		Rules: []seccomp.Rule{
			{Call: "opnat", Action: seccomp.Allow},
			{Call: "read", Action: seccomp.Errno(4095)},
			{Call: "write", Action: seccomp.Allow},
			{Call: "read", Action: seccomp.Allow},
			{Call: "", Action: seccomp.Trap(0)},
			{Call: "close", Action: seccomp.Allow | 1},
			{Call: "raed", Action: seccomp.Errno(0)},
		},
	}
	p, err := f.Compile()
	if p != nil || err == nil {
		t.Fatalf("%v, %v", p, err)
	}
	want := []seccomp.RuleError{
		{Index: -1}, {Index: -1},
		{Index: 0, Call: "opnat", Nearest: "openat"},
		{Index: 1, Call: "read"},
		{Index: 3, Call: "read"},
		{Index: 4},
		{Index: 5, Call: "close"},
		{Index: 6, Call: "raed"},
		{Index: 6, Call: "raed", Nearest: "read"},
	}
	list := err.(interface{ Unwrap() []error }).Unwrap()
	if len(list) != len(want) {
		t.Fatalf("%d mistakes, want %d:\n%v", len(list), len(want), err)
	}
	for i, e := range list {
		var got *seccomp.RuleError
		if !errors.As(e, &got) || got.Index != want[i].Index || got.Call != want[i].Call || got.Nearest != want[i].Nearest || got.Reason == "" {
			t.Errorf("%d: %+v, want %+v", i, e, want[i])
		}
	}
}

// The same rules in any order give the same bytes, and nothing of the caller's changes.
func TestDeterministic(t *testing.T) {
	r := rand.New(rand.NewPCG(21, 21))
	f := randomFilter(r)
	first, err := f.Compile()
	if err != nil {
		t.Fatal(err)
	}
	for range 5 {
		r.Shuffle(len(f.Rules), func(i, j int) { f.Rules[i], f.Rules[j] = f.Rules[j], f.Rules[i] })
		before := slices.Clone(f.Rules)
		again, err := f.Compile()
		if err != nil || !bytes.Equal(again.Bytes(), first.Bytes()) {
			t.Fatalf("another order, another program: %v", err)
		}
		if !reflect.DeepEqual(f.Rules, before) {
			t.Fatal("Compile sorts the caller's rules")
		}
	}
}

func TestProgramIsImmutable(t *testing.T) {
	p, err := seccomp.Filter{}.Compile()
	if err != nil {
		t.Fatal(err)
	}
	before := p.Bytes()
	p.Instructions()[0].K = 77
	p.Bytes()[0] = 77
	if !bytes.Equal(p.Bytes(), before) || len(before) != 8*p.Len() {
		t.Error("the program changed")
	}
	if want := []byte{0x20, 0, 0, 0, 4, 0, 0, 0}; !bytes.Equal(before[:8], want) {
		t.Errorf("first instruction % x, want % x", before[:8], want)
	}
}

func TestNilProgram(t *testing.T) {
	for _, p := range []*seccomp.Program{nil, {}} {
		if p.Len() != 0 || len(p.Bytes()) != 0 || len(p.Instructions()) != 0 || p.String() != "" {
			t.Errorf("%v", p)
		}
		if err := seccomp.SetFilter(p, seccomp.TSync); !errors.Is(err, seccomp.ErrNoProgram) {
			t.Errorf("SetFilter: %v", err)
		}
	}
}

func TestInvalidAction(t *testing.T) {
	var e *seccomp.RuleError
	if err := seccomp.ActionAvailable(seccomp.Errno(0)); !errors.As(err, &e) {
		t.Errorf("%v", err)
	}
}

func TestErrorTexts(t *testing.T) {
	for _, c := range []struct {
		err  error
		want string
	}{
		{&seccomp.RuleError{Index: 2, Call: "raed", Reason: "r", Nearest: "read"}, `seccomp: rule 2 ("raed"): r; did you mean "read"?`},
		{&seccomp.RuleError{Index: -1, Reason: "r"}, `seccomp: r`},
		{&seccomp.ThreadSyncError{TID: 7}, "seccomp: nothing installed: thread 7 has filters of its own: filter the process before any single thread"},
		{&seccomp.InstallError{Op: "op", Errno: 13, Advice: "a"}, "seccomp: op: EACCES: a"},
		{&seccomp.InstallError{Op: "op", Errno: 4000}, "seccomp: op: errno 4000"},
	} {
		if c.err.Error() != c.want {
			t.Errorf("%q, want %q", c.err, c.want)
		}
	}
}

func TestInstallErrorKinds(t *testing.T) {
	sentinels := []error{seccomp.ErrNoNewPrivs, seccomp.ErrChainFull, seccomp.ErrRefused, errors.ErrUnsupported}
	for errno, want := range map[int]error{
		abi.EACCES: seccomp.ErrNoNewPrivs, abi.ENOMEM: seccomp.ErrChainFull, abi.EPERM: seccomp.ErrRefused,
		abi.ENOSYS: errors.ErrUnsupported, abi.EINVAL: errors.ErrUnsupported, abi.EOPNOTSUPP: errors.ErrUnsupported,
		abi.EFAULT: nil, abi.EBUSY: nil,
	} {
		err := fmt.Errorf("wrapped: %w", &seccomp.InstallError{Errno: errno})
		for _, s := range sentinels {
			if errors.Is(err, s) != (s == want) {
				t.Errorf("errno %d: Is(%v) = %v", errno, s, s != want)
			}
		}
	}
}

func ExampleFilter_Compile() {
	p, err := seccomp.Filter{
		Default: seccomp.Errno(1),
		Unknown: seccomp.Errno(38),
		Rules: []seccomp.Rule{
			{Call: "read", Action: seccomp.Allow},
			{Call: "getpid", Action: seccomp.Allow},
		},
	}.Compile()
	if err != nil {
		fmt.Println(err)
		return
	}
	fmt.Print(p)
	// Output:
	//    0  ld   arch
	//    1  jeq  x86_64 ? 2 : 13
	//    2  ld   nr
	//    3  jge  39 (getpid) ? 5 : 4
	//    4  jge  1 (write) ? 10 : 6
	//    5  jge  40 (sendfile) ? 7 : 6
	//    6  ret  allow
	//    7  jge  337 ? 8 : 10
	//    8  jge  472 ? 11 : 9
	//    9  jge  424 (pidfd_send_signal) ? 10 : 12
	//   10  ret  errno(EPERM)
	//   11  jge  x32 ? 13 : 12
	//   12  ret  errno(ENOSYS)
	//   13  ret  kill_process
}

func ExampleRuleError() {
	_, err := seccomp.Filter{Rules: []seccomp.Rule{
		{Call: "opnat", Action: seccomp.Allow},
		{Call: "ptrace", Action: seccomp.Errno(0)},
	}}.Compile()
	fmt.Println(err)
	// Output:
	// seccomp: rule 0 ("opnat"): linux/amd64 has no call of this name; did you mean "openat"?
	// seccomp: rule 1 ("ptrace"): errno 0 is not in 1..4094
}
