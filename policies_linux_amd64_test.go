// SPDX-License-Identifier: MIT

package sandbox_test

import (
	"fmt"
	"os/exec"
	"runtime"
	"strings"
	"syscall"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"github.com/syscall-sandbox/sandbox"
	"github.com/syscall-sandbox/sandbox/internal/judge"
	"github.com/syscall-sandbox/sandbox/internal/testproc"
	"github.com/syscall-sandbox/sandbox/seccomp"
)

func init() {
	children["policy"] = policyCall
	children["exec"] = execCommand
	children["runtime"] = runtimeUnderPolicy
}

// under puts a policy on the process or on a thread and runs fn there.
func under(p sandbox.SyscallSandboxPolicy, scope string, fn func()) {
	if scope == "process" {
		must(sandbox.SetProcessPolicy(p))
		fn()
		return
	}
	onThread(p, "role", fn)
}

// callArgs are the arguments of those whose number says too little: a TCP socket, a file
// for reading whose name is no address.
var callArgs = map[string][]uintptr{
	"socket": {unix.AF_INET, unix.SOCK_STREAM | unix.SOCK_CLOEXEC},
	// For reading, but not as os.Open does, which gets an errno on the process.
	"openat": {^uintptr(99), 0, unix.O_RDONLY | unix.O_NOFOLLOW},
}

// policyCall makes one call under a policy: action, policy, scope, call.
func policyCall() {
	args := testproc.Args()
	setUp(args[0])
	numbers := map[string]uintptr{
		"getgroups": unix.SYS_GETGROUPS, "execve": unix.SYS_EXECVE, "execveat": unix.SYS_EXECVEAT, "ptrace": unix.SYS_PTRACE,
		"socket": unix.SYS_SOCKET, "openat": unix.SYS_OPENAT, "clone3": unix.SYS_CLONE3, "unknown": 1000, "x32": 1<<30 | unix.SYS_GETPID,
		"negative": ^uintptr(0), "getpid": unix.SYS_GETPID, "io_uring_setup": unix.SYS_IO_URING_SETUP,
	}
	under(parse(args[1]), args[2], func() {
		if args[3] == "int 0x80" {
			fmt.Println(judge.Int80(20)) // getpid
			return
		}
		call(args[3], numbers[args[3]], callArgs[args[3]]...)
	})
}

// TestEveryPolicy tries calls under each policy, action and scope.
func TestEveryPolicy(t *testing.T) {
	for _, p := range sandbox.Policies() {
		name := p.String()
		network, files := permits(t, p, "socket"), permits(t, p, "openat")
		for _, scope := range []string{"thread", "process"} {
			for _, action := range []string{"abort", "log-and-abort"} {
				t.Run(strings.Join([]string{name, scope, action}, "/"), func(t *testing.T) {
					t.Parallel()
					refuses := func(call string) { refused(t, action, name, scope, call) }
					answers := func(call, answer string) {
						r := testproc.Run(t, "policy", action, name, scope, call).ExpectExit(t, 0)
						if want := call + ": " + answer + "\n"; r.Stdout != want {
							t.Errorf("%q, not %q", r.Stdout, want)
						}
					}
					refuses("getgroups")
					refuses("ptrace")
					answers("execve", fmt.Sprintf("errno %d", int(unix.EPERM)))
					answers("clone3", fmt.Sprintf("errno %d", int(unix.ENOSYS)))
					if network {
						r := testproc.Run(t, "policy", action, name, scope, "socket").ExpectExit(t, 0)
						if !strings.HasPrefix(r.Stdout, "socket: result ") {
							t.Errorf("%q", r.Stdout)
						}
					} else {
						refuses("socket")
					}
					if files {
						answers("openat", fmt.Sprintf("errno %d", int(unix.EFAULT))) // executed: a null name
					} else {
						refuses("openat")
					}
				})
			}
		}
	}
}

// permits asks the policy in plain Go.
func permits(t *testing.T, p sandbox.SyscallSandboxPolicy, name string) bool {
	t.Helper()
	f, err := p.Filter(sandbox.ScopeThread, sandbox.ActionKillProcess)
	if err != nil {
		t.Fatal(err)
	}
	c, _ := seccomp.CallOf(name)
	for i, arg := range callArgs[name] {
		c.Args[i] = uint64(arg)
	}
	action, _ := f.Decide(c)
	return action.Permits()
}

func refused(t *testing.T, action, policy, scope, call string) {
	t.Helper()
	r := testproc.Run(t, "policy", action, policy, scope, call)
	if action == "abort" {
		r.ExpectSignal(t, syscall.SIGSYS)
		return
	}
	r.ExpectExit(t, 2)
	if !strings.Contains(r.Stderr, `ERROR: The syscall "`+call+`" (syscall number `) || !strings.Contains(r.Stderr, `(policy "`+policy+`")`) {
		t.Error(r.Stderr)
	}
}

func TestNumbersOfOthers(t *testing.T) {
	for _, action := range []string{"abort", "log-and-abort"} {
		for _, scope := range []string{"thread", "process"} {
			t.Run(action+"/"+scope, func(t *testing.T) {
				t.Parallel()
				testproc.Run(t, "policy", action, "net", scope, "x32").ExpectSignal(t, syscall.SIGSYS)
				testproc.Run(t, "policy", action, "net", scope, "negative").ExpectSignal(t, syscall.SIGSYS)
				for _, call := range []string{"unknown", "io_uring_setup"} {
					if r := testproc.Run(t, "policy", action, "net", scope, call).ExpectExit(t, 0); r.Stdout != call+": errno 38\n" {
						t.Error(r.Stdout)
					}
				}
			})
		}
	}
}

// A call by the table of 32-bit programs kills, where the kernel has such calls.
func TestInt80(t *testing.T) {
	judge.RequireCompat(t)
	for _, action := range []string{"abort", "log-and-abort"} {
		for _, scope := range []string{"thread", "process"} {
			testproc.Run(t, "policy", action, "net", scope, "int 0x80").ExpectSignal(t, syscall.SIGSYS)
		}
	}
}

// execCommand runs a program twice: package os probes for pidfd the first time.
func execCommand() {
	args := testproc.Args()
	setUp(args[0])
	if args[2] == "warm" {
		fmt.Println(exec.Command("/bin/true").Run())
	}
	under(parse("scheduler"), args[1], func() { // it may open /dev/null
		for _, attr := range []*syscall.SysProcAttr{nil, nil, {Setpgid: true}, {Setsid: true}, {Chroot: "/"}, {Ptrace: true},
			{Credential: &syscall.Credential{Uid: 1, Gid: 1}}, {Pdeathsig: syscall.SIGKILL}} {
			cmd := exec.Command("/bin/true")
			cmd.SysProcAttr = attr
			fmt.Println(cmd.Run())
		}
	})
}

// Process creation is refused by a clean Go error, never by a silent death.
func TestExecCommand(t *testing.T) {
	const one = "fork/exec /bin/true: operation not permitted\n"
	want := strings.Repeat(one, 8)
	for _, action := range []string{"abort", "log-and-abort"} {
		for _, scope := range []string{"thread", "process"} {
			t.Run(action+"/"+scope, func(t *testing.T) {
				t.Parallel()
				if r := testproc.Run(t, "exec", action, scope, "cold").ExpectExit(t, 0); r.Stdout != want {
					t.Errorf("%q %s", r.Stdout, r.Stderr)
				}
				if r := testproc.Run(t, "exec", action, scope, "warm").ExpectExit(t, 0); r.Stdout != one+want {
					t.Errorf("%q %s", r.Stdout, r.Stderr)
				}
			})
		}
	}
}

// runtimeUnderPolicy has the runtime do its work under a killing policy.
func runtimeUnderPolicy() {
	setUp("abort")
	under(parse(testproc.Args()[0]), testproc.Args()[1], func() {
		end := time.Now().Add(300 * time.Millisecond)
		for i := 0; time.Now().Before(end) || i < 20; i++ {
			runtime.KeepAlive(make([]byte, 1<<20))
			results := make(chan int)
			for n := range 8 {
				go func() { results <- deep(n * 100) }()
			}
			for range 8 {
				<-results
			}
			select {
			case <-time.After(time.Millisecond):
			case <-results:
			}
			func() {
				defer func() { recover() }()
				var none []int
				_ = none[i]
			}()
			runtime.KeepAlive(spin(1 << 18))
			runtime.GC()
			runtime.Gosched()
		}
	})
}

//go:noinline
func deep(n int) int {
	var frame [512]byte
	frame[n%len(frame)] = 1
	if n == 0 {
		return int(frame[0])
	}
	return deep(n-1) + int(frame[n%7])
}

// spin makes no call, so only a signal preempts it.
//
//go:noinline
func spin(n int) (x uint64) {
	for range n {
		x = x*6364136223846793005 + 1
	}
	return x
}

func TestRuntimeLivesUnderEveryPolicy(t *testing.T) {
	for _, p := range sandbox.Policies() {
		for _, scope := range []string{"thread", "process"} {
			t.Run(p.String()+"/"+scope, func(t *testing.T) {
				t.Parallel()
				testproc.Run(t, "runtime", p.String(), scope).ExpectExit(t, 0)
			})
		}
	}
}
