// SPDX-License-Identifier: MIT

package sandbox_test

import (
	"encoding/json"
	"fmt"
	"os"
	"slices"
	"strings"
	"syscall"
	"testing"

	"github.com/syscall-sandbox/sandbox"
	"github.com/syscall-sandbox/sandbox/internal/testproc"
	"github.com/syscall-sandbox/sandbox/learn"
	"github.com/syscall-sandbox/sandbox/seccomp"
)

// Bitcoin Core's sandbox was removed because every new libc, compiler and library made a call that ended somebody's node, and the
// answer was one pull request each. Here each of these calls is made under the policies that stand for the threads that ended.

func init() { children["mole"] = moleChild }

// A mole is a call that came with a change of something else, and what becomes of it.
type mole struct {
	change string // pull request of bitcoin/bitcoin
	cause  string // what made the call
	ended  string // the thread that did, if it is told
	call   string // by name, as in moleCalls
	policy sandbox.SyscallSandboxPolicy
	// What it gets on one thread and on the process: "permitted", an errno, or "ends": the process does.
	thread, process string
	told            string // by what somebody knows beforehand where it is not harmless, or where the runtime makes it
}

const (
	byLearn    = "learn"
	bySentinel = "sentinel"
)

var moles = []mole{
	{change: "#23178", cause: "the C headers of the release build have no number for it", call: "statx", policy: sandbox.PolicyInitialization, thread: "permitted", process: "permitted"},
	{change: "#23178", cause: "the same", call: "statx", policy: sandbox.PolicyNetHTTPServerWorker, thread: "ENOSYS", process: "ENOSYS"},
	{change: "#23178", cause: "the same", call: "getrandom", policy: sandbox.PolicyValidationScriptCheck, thread: "permitted", process: "permitted"},
	{change: "#23178", cause: "the same", call: "membarrier", policy: sandbox.PolicyInitialization, thread: "permitted", process: "permitted"},
	{change: "#23178", cause: "the same", call: "membarrier", policy: sandbox.PolicyValidationScriptCheck, thread: "ENOSYS", process: "ENOSYS"},
	{change: "#23179", cause: "newer glibc: fstat by another call", call: "newfstatat", policy: sandbox.PolicyNetHTTPServerWorker, thread: "permitted", process: "permitted"},
	{change: "#23179", cause: "a newer library copies a file", ended: "httpworker.2", call: "copy_file_range", policy: sandbox.PolicyNetHTTPServerWorker, thread: "ENOSYS", process: "ENOSYS"},
	{change: "#23196", cause: "the C headers of Linux 4.4 have no number for it", call: "copy_file_range", policy: sandbox.PolicyInitialization, thread: "permitted", process: "permitted"},
	{change: "#23196", cause: "the same", call: "preadv2", policy: sandbox.PolicyInitialization, thread: "ENOSYS", process: "ENOSYS"},
	{change: "#23196", cause: "a kernel newer than the table of numbers", call: "number 1000", policy: sandbox.PolicyInitialization, thread: "ENOSYS", process: "ENOSYS"},
	{change: "#23208", cause: "Fedora 34", ended: "dnsseed", call: "mremap", policy: sandbox.PolicyInitializationDNSSeed, thread: "ends", process: "ends", told: byLearn},
	{change: "#23255", cause: "newer C libraries", call: "mincore", policy: sandbox.PolicyInitialization, thread: "permitted", process: "permitted"},
	{change: "#23255", cause: "the same", call: "mincore", policy: sandbox.PolicyValidationScriptCheck, thread: "ends", process: "ends", told: byLearn},
	{change: "#23255", cause: "glibc 2.34: makes threads by another call", call: "clone3", policy: sandbox.PolicyInitialization, thread: "ENOSYS", process: "ENOSYS"},
	{change: "#23255", cause: "the same", call: "clone3", policy: sandbox.PolicyValidationScriptCheck, thread: "ENOSYS", process: "ENOSYS"},
	{change: "#23299", cause: "a real call where no vDSO answers it", ended: "init", call: "gettimeofday", policy: sandbox.PolicyInitialization, thread: "permitted", process: "permitted", told: bySentinel},
	{change: "#23299", cause: "the same", call: "gettimeofday", policy: sandbox.PolicyValidationScriptCheck, thread: "permitted", process: "permitted", told: bySentinel},
	{change: "#23555", cause: "openSUSE Tumbleweed: the wallet is copied", ended: "httpworker.0", call: "fstatfs", policy: sandbox.PolicyNetHTTPServerWorker, thread: "ends", process: "ends", told: byLearn},
	{change: "#24340", cause: "libstdc++ 12 deletes a directory", ended: "shutoff", call: "unlinkat", policy: sandbox.PolicyShutoff, thread: "permitted", process: "permitted"},
	{change: "#24369", cause: "glibc 2.35: each new thread, while its signals are blocked", ended: "not named", call: "rseq", policy: sandbox.PolicyInitialization, thread: "permitted", process: "permitted", told: bySentinel},
	{change: "#24369", cause: "the same", call: "rseq", policy: sandbox.PolicyValidationScriptCheck, thread: "ENOSYS", process: "permitted", told: bySentinel},
	{change: "#24659", cause: "Qt", ended: "main", call: "linkat", policy: sandbox.PolicyInitialization, thread: "permitted", process: "permitted"},
	{change: "#24690", cause: "Qt stops to watch a file", ended: "main", call: "inotify_rm_watch", policy: sandbox.PolicyInitialization, thread: "ends", process: "ends", told: byLearn},
}

// moleChild makes a call under a policy: action, scope, policy as JSON, call.
func moleChild() {
	args := testproc.Args()
	calm()
	var p sandbox.SyscallSandboxPolicy
	must(json.Unmarshal([]byte(args[2]), &p))
	ready := moleCalls[args[3]]()
	// A learned policy may have what the built-in one has not.
	initial := sandbox.NewPolicy("initialization", sandbox.PolicyInitialization.Builder().AllowPolicy(p))
	setUpWith(args[0], sandbox.Config{Initial: initial, Policies: []sandbox.SyscallSandboxPolicy{p}})
	var errno syscall.Errno
	under(p, args[1], func() { errno = ready() })
	if args[0] == "learn" {
		text, err := sandbox.Learned().JSON()
		must(err)
		os.Stdout.Write(text)
		return
	}
	fmt.Print(errnoName(errno))
}

func errnoName(errno syscall.Errno) string {
	if errno == syscall.ENOSYS {
		return "ENOSYS"
	}
	return fmt.Sprintf("errno %d", int(errno))
}

func (m mole) run(t *testing.T, action, scope string, policy any) *testproc.Result {
	t.Helper()
	text, err := json.Marshal(policy)
	if err != nil {
		t.Fatal(err)
	}
	return testproc.Cmd{Name: "mole", Args: []string{action, scope, string(text), m.call}, Env: []string{"TMPDIR=" + t.TempDir()}}.Run(t)
}

func TestWhackAMole(t *testing.T) {
	for _, m := range moles {
		for scope, answer := range map[string]string{"thread": m.thread, "process": m.process} {
			t.Run(strings.Join([]string{m.change, m.call, m.policy.String(), scope}, "/"), func(t *testing.T) {
				t.Parallel()
				m.check(t, scope, answer)
			})
		}
	}
}

func (m mole) check(t *testing.T, scope, answer string) {
	if m.told == bySentinel {
		m.checkShare(t)
	}
	switch answer {
	case "permitted":
		// The same as without any filter.
		plain := m.run(t, "off", scope, m.policy).ExpectExit(t, 0)
		for _, action := range []string{"abort", "log-and-abort"} {
			if r := m.run(t, action, scope, m.policy).ExpectExit(t, 0); r.Stdout != plain.Stdout || r.Stdout == "ENOSYS" || r.Stderr != "" {
				t.Errorf("%s: %q instead of %q\n%s", action, r.Stdout, plain.Stdout, r.Stderr)
			}
		}
	case "ENOSYS":
		for _, action := range []string{"abort", "log-and-abort"} {
			if r := m.run(t, action, scope, m.policy).ExpectExit(t, 0); r.Stdout != answer || r.Stderr != "" {
				t.Errorf("%s: %q\n%s", action, r.Stdout, r.Stderr)
			}
		}
	case "ends":
		m.run(t, "abort", scope, m.policy).ExpectSignal(t, syscall.SIGSYS)
		r := m.run(t, "log-and-abort", scope, m.policy).ExpectExit(t, 2)
		if !strings.Contains(r.Stderr, `ERROR: The syscall "`+m.call+`" `) || !strings.Contains(r.Stderr, `(policy "`+m.policy.String()+`")`) {
			t.Errorf("the report does not name the call and the policy:\n%s", r.Stderr)
		}
		m.checkLearned(t, scope)
	default:
		t.Errorf("what is %q?", answer)
	}
}

// checkLearned runs it under "learn": the recording says that the policy lacks just this call, and by the policy that is
// made of it the program lives.
func (m mole) checkLearned(t *testing.T, scope string) {
	t.Helper()
	if m.told != byLearn {
		t.Error("nobody tells of it beforehand")
	}
	r := m.run(t, "learn", scope, m.policy).ExpectExit(t, 0)
	recording, err := learn.Parse([]byte(r.Stdout))
	if err != nil {
		t.Fatal(err)
	}
	i := slices.IndexFunc(recording.Phases, func(p learn.Phase) bool {
		return len(p.Policies) == 2 && p.Policies[1] == m.policy.String() && p.Thread == (scope == "thread")
	})
	if i < 0 {
		t.Fatalf("no phase of the policy: %+v", recording.Phases)
	}
	phase := recording.Phases[i]
	missing := phase.Compare(m.filter(t, scope).ForPID(1)).Missing
	if !slices.ContainsFunc(missing, func(c seccomp.Call) bool { return c.Name() == m.call }) {
		t.Errorf("the recording lacks no %s: %v", m.call, missing)
	}
	learned, err := phase.PolicyJSON("learned")
	if err != nil {
		t.Fatal(err)
	}
	m.run(t, "abort", scope, json.RawMessage(learned)).ExpectExit(t, 0)
}

func (m mole) filter(t *testing.T, scope string) seccomp.Filter {
	t.Helper()
	s := sandbox.ScopeThread
	if scope == "process" {
		s = sandbox.ScopeProcess
	}
	f, err := m.policy.Filter(s, sandbox.ActionKillProcess)
	if err != nil {
		t.Fatal(err)
	}
	return f
}

// checkShare: the call is in the runtime's share, which TestShareIsComplete and TestRuntimeSource hold against each Go
// release.
func (m mole) checkShare(t *testing.T) {
	t.Helper()
	if !slices.ContainsFunc(seccomp.GoRuntime(seccomp.RuntimeProcess), func(r seccomp.Rule) bool { return r.Call == m.call }) {
		t.Errorf("%s is not in the runtime's share", m.call)
	}
}

// The table in docs/whack-a-mole.md is made here: go test -run TestWhackAMoleDocument -update .
func TestWhackAMoleDocument(t *testing.T) {
	const begin, end = "<!-- moles: go test -run TestWhackAMoleDocument -update . -->\n", "<!-- end of moles -->\n"
	text, err := os.ReadFile("docs/whack-a-mole.md")
	if err != nil {
		t.Fatal(err)
	}
	before, rest, ok := strings.Cut(string(text), begin)
	_, after, ok2 := strings.Cut(rest, end)
	if !ok || !ok2 {
		t.Fatal("docs/whack-a-mole.md has lost its marks")
	}
	var b strings.Builder
	b.WriteString("| change | what brought the call | thread that ended | call | policy | on a thread | on the process | told by |\n| --- | --- | --- | --- | --- | --- | --- | --- |\n")
	for _, m := range moles {
		fmt.Fprintf(&b, "| %s | %s | %s | %s | %s | %s | %s | %s |\n", m.change, m.cause, m.ended, m.call, m.policy, m.thread, m.process, m.told)
	}
	sandbox.CompareFile(t, "../docs/whack-a-mole.md", before+begin+b.String()+end+after)
}
