// SPDX-License-Identifier: MIT

package sandboxtest_test

import (
	"os"
	"os/exec"
	"strings"
	"testing"
	"time"

	"github.com/syscall-sandbox/sandbox"
	"github.com/syscall-sandbox/sandbox/sandboxtest"
	"github.com/syscall-sandbox/sandbox/seccomp"
)

// plantVar names the planted test that a process is to run: those are tests that must
// fail.
const plantVar = "SANDBOXTEST_PLANTED"

// A planted test fails, and says so by these texts.
type planted struct {
	name string
	test func(t *testing.T)
	says []string
}

var inParent = os.Getenv("SANDBOXTEST_CHILD") == ""

func plantedTests() []planted {
	return []planted{
		{"run violates", func(t *testing.T) { sandboxtest.Run(t, small, func(testing.TB) { getgroups() }) },
			[]string{"the policy refused a call", `ERROR: The syscall "getgroups"`, `policies: sandboxtest > small`, "getgroups(0, 0x0)", "stack:"}},
		{"thread violates", func(t *testing.T) { sandboxtest.RunThread(t, small, func(testing.TB) { getgroups() }) },
			[]string{"the policy refused a call", `ERROR: The syscall "getgroups"`, `in thread "sandboxtest"`}},
		{"run fails", func(t *testing.T) {
			sandboxtest.Run(t, small, func(t testing.TB) { t.Errorf("want %d", 3); t.Fatal("and", 4) })
		}, []string{"planted_linux_amd64_test.go:", "want 3", "and 4"}},
		{"run fails without a word", func(t *testing.T) { sandboxtest.Run(t, small, func(t testing.TB) { t.FailNow() }) }, nil},
		{"cleanup fails", func(t *testing.T) {
			sandboxtest.RunThread(t, small, func(t testing.TB) { t.Cleanup(func() { t.Fatal("too late") }) })
		}, []string{"too late"}},
		{"run panics", func(t *testing.T) { sandboxtest.RunThread(t, small, func(testing.TB) { panic("at the disco") }) },
			[]string{"exit status 2", "before the function returned", "panic: at the disco"}},
		{"run exits", func(t *testing.T) { sandboxtest.Run(t, small, func(testing.TB) { os.Exit(0) }) },
			[]string{"exit status 0", "before the function returned"}},
		{"run hangs", func(t *testing.T) {
			sandboxtest.Run(short{t}, small, func(testing.TB) { select {} })
		}, []string{"the time limit of", "SIGQUIT", "goroutine "}},
		{"not the same way", func(t *testing.T) {
			if inParent {
				sandboxtest.Run(t, small, func(testing.TB) {})
			}
		}, []string{"before it came to this call"}},
		{"nested", func(t *testing.T) {
			sandboxtest.Run(t, small, func(t testing.TB) { sandboxtest.Run(t, small, func(testing.TB) {}) })
		}, []string{"a child cannot have children"}},
		{"mistaken policy", func(t *testing.T) {
			sandboxtest.Run(t, sandbox.NewPolicy("x", nothing().Allow("opnat")), func(testing.TB) {})
		}, []string{`"opnat": unknown syscall`}},
		{"no function", func(t *testing.T) { sandboxtest.Run(t, small, nil) }, []string{"is nil"}},

		{"never refused", func(t *testing.T) { sandboxtest.Refused(t, small, "getgroups", func() {}) },
			[]string{"the function returned and nothing was refused: it never made the call getgroups"}},
		{"never reached", func(t *testing.T) {
			sandboxtest.Refused(t, small, "getgroups", func() { panic("first") })
		}, []string{"ended by exit status 2 and not because getgroups was refused", "panic: first"}},
		{"refused elsewhere", func(t *testing.T) {
			sandboxtest.Refused(t, small, "getgroups", func() {
				done := make(chan bool)
				go func() { getgroups(); close(done) }()
				<-done
			})
		}, []string{"nothing was refused: it never made the call getgroups on the thread that it runs on"}},
		{"refused another", func(t *testing.T) {
			sandboxtest.Refused(t, small, "acct", func() { getgroups() })
		}, []string{`refused getgroups, not acct`, "getgroups(0, 0x0)"}},
		{"allowed", func(t *testing.T) { sandboxtest.Refused(t, small, "write", func() { println() }) },
			[]string{"the policy allows write"}},
		{"answered", func(t *testing.T) {
			sandboxtest.Refused(t, sandbox.NewPolicy("answers", small.Builder().DenyErrno(22, "getgroups")), "getgroups", getgroups)
		}, []string{"answers getgroups with errno(EINVAL)", "see Refuses"}},
		{"no call", func(t *testing.T) { sandboxtest.Refused(t, small, "getgrups", func() {}) }, []string{`did you mean "getgroups"`}},
		{"nothing to refuse", func(t *testing.T) { sandboxtest.Refused(t, small, "getgroups", nil) }, []string{"is nil"}},
		{"a number", func(t *testing.T) { sandboxtest.Refused(t, small, "SYS_getgroups", func() {}) }, []string{"the name of a call"}},
		{"refused for some arguments", func(t *testing.T) { sandboxtest.Refused(t, sockets, "socket", func() {}) },
			[]string{"it never made the call socket, or with arguments that the policy allows"}},
		{"a call with arguments", func(t *testing.T) { sandboxtest.Refused(t, small, "getgroups()", func() {}) }, []string{"the name of a call"}},

		{"allows", func(t *testing.T) {
			sandboxtest.Allows(t, sockets, "socket(AF_INET)", "socket(AF_UNIX)", "chroot", "socket")
		},
			[]string{`Allows("socket(AF_UNIX)"): it refuses socket(AF_UNIX, 0, 0) (kill_process)`, `Allows("chroot")`, `Allows("socket"): it refuses socket(`}},
		{"refuses", func(t *testing.T) {
			sandboxtest.Refuses(t, sockets, "socket(AF_UNIX)", "socket(_, SOCK_STREAM)", "futex")
		},
			[]string{`Refuses("socket(_, SOCK_STREAM)"): it allows socket(AF_INET, SOCK_STREAM, IPPROTO_IP) (allow: allowed by name and arguments)`, `Refuses("futex")`}},
		{"unreadable", func(t *testing.T) { sandboxtest.Allows(t, sockets, "socket(AF_INTE)") }, []string{"did you mean AF_INET"}},
		{"allows nothing", func(t *testing.T) { sandboxtest.Allows(t, sockets) }, []string{"no calls says nothing"}},
		{"allows by mistake", func(t *testing.T) { sandboxtest.Refuses(t, sandbox.SyscallSandboxPolicy{}, "read") }, []string{"the zero policy"}},

		{"golden", func(t *testing.T) {
			sandboxtest.Golden(t, sandbox.NewPolicy("small", small.Builder().Allow("acct")), "testdata/small.txt")
		},
			[]string{"testdata/small.txt", "SANDBOXTEST_UPDATE=1", "+ allow acct"}},
		{"golden not there", func(t *testing.T) { sandboxtest.Golden(t, small, "testdata/none.txt") },
			[]string{"SANDBOXTEST_UPDATE=1 go test -run '^TestPlanted$/^golden_not_there$'"}},
		{"golden denies", func(t *testing.T) {
			sandboxtest.Golden(t, sandbox.NewPolicy("small", small.Builder().Deny("close")), "testdata/small.txt")
		}, []string{"- allow close", "+ deny close"}},
		{"golden in no directory", func(t *testing.T) {
			t.Setenv("SANDBOXTEST_UPDATE", "1")
			sandboxtest.Golden(t, small, "testdata/small.txt/small.txt")
		}, []string{"mkdir testdata/small.txt: not a directory"}},
		{"golden a directory", func(t *testing.T) {
			t.Setenv("SANDBOXTEST_UPDATE", "1")
			sandboxtest.Golden(t, small, "testdata")
		}, []string{"open testdata: is a directory"}},
		{"golden mistaken", func(t *testing.T) { sandboxtest.Golden(t, sandbox.SyscallSandboxPolicy{}, "testdata/small.txt") }, []string{"the zero policy"}},

		{"runtime", func(t *testing.T) { sandboxtest.Runtime(t, sandbox.NewPolicy("mistaken", nothing().Allow("opennat"))) },
			[]string{`did you mean "openat"`}},
		{"runtime of nothing", func(t *testing.T) { sandboxtest.Runtime(t) }, []string{"no policies says nothing"}},
	}
}

// small is what the tests put on; it does not depend on what the built-in policies allow.
var small = sandbox.NewPolicy("small", nothing().Allow("read", "close", "getrandom").DenyErrno(38, "acct"))

// sockets checks an argument.
var sockets = sandbox.NewPolicy("sockets", nothing().AllowIf("socket", seccomp.Arg32(0).Is(2, 10)))

func nothing() *sandbox.SeccompPolicyBuilder {
	return sandbox.NewSeccompPolicyBuilder().AllowNothing()
}

// getgroups is a call that the policies here refuse.
func getgroups() { sandbox.TestDisallowedSandboxCall() }

// short is a test that has little time left.
type short struct{ *testing.T }

func (short) Deadline() (time.Time, bool) { return time.Now().Add(4 * time.Second), true }

// selected are the planted tests of this build.
func selected() []planted {
	tests := plantedTests()
	if raceEnabled {
		tests = append(tests, planted{"race", plantedRace, []string{"the race detector found something", "WARNING: DATA RACE"}})
	}
	return tests
}

// TestPlanted runs the planted test of plantVar, if there is one: TestPlantedFail runs it.
func TestPlanted(t *testing.T) {
	for _, p := range selected() {
		if os.Getenv(plantVar) == p.name {
			t.Run(p.name, p.test)
		}
	}
}

// countCoverage has what a test binary runs counted with the rest, under go test -cover.
func countCoverage(cmd *exec.Cmd) {
	if testing.CoverMode() != "" {
		cmd.Args = append(cmd.Args, "-test.gocoverdir="+os.Getenv("GOCOVERDIR"))
	}
}

// What should fail a test fails it, with a text that helps.
func TestPlantedFail(t *testing.T) {
	for _, p := range selected() {
		t.Run(p.name, func(t *testing.T) {
			t.Parallel()
			cmd := exec.Command(os.Args[0], "-test.run=^TestPlanted$", "-test.v")
			cmd.Env = append(os.Environ(), plantVar+"="+p.name, "GORACE=atexit_sleep_ms=0")
			countCoverage(cmd)
			out, err := cmd.CombinedOutput()
			if cmd.ProcessState.ExitCode() != 1 || !strings.Contains(string(out), "--- FAIL: TestPlanted/") {
				t.Errorf("it ends by %v\n%s", err, out)
			}
			for _, text := range p.says {
				if !strings.Contains(string(out), text) {
					t.Errorf("it does not say %q:\n%s", text, out)
				}
			}
		})
	}
}
