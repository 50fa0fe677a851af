// SPDX-License-Identifier: MIT

package scenarios_test

import (
	"errors"
	"fmt"
	"os"
	"runtime"
	"slices"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"github.com/syscall-sandbox/sandbox/internal/scenarios"
	"github.com/syscall-sandbox/sandbox/internal/sysargs"
	"github.com/syscall-sandbox/sandbox/internal/sysno"
	"github.com/syscall-sandbox/sandbox/internal/testproc"
	"github.com/syscall-sandbox/sandbox/seccomp"
)

func TestMain(m *testing.M) {
	testproc.Main(m, map[string]func(){"observer": observer, "observed": observed})
}

// Scenarios under policies show that nothing that is refused does harm. Here each runs
// without a policy under the eyes of a tracer, whom a filter tells of every call that is
// not in the runtime's share, those included that policies answer by an errno. A Go
// version that makes one which the table does not know fails here, with the functions
// that made it; internal/gobase/internal/buildtest finds those that no scenario meets.
func TestShareIsComplete(t *testing.T) {
	for _, s := range scenarios.All() {
		for _, scope := range []string{"thread", "process"} {
			t.Run(s.Name+"/"+scope, func(t *testing.T) {
				t.Parallel()
				r := testproc.Run(t, "observer", scope, s.Name).ExpectExit(t, 0)
				end := fmt.Sprintf("exit %d", s.End.Exit)
				if s.End.Signal != 0 {
					end = fmt.Sprintf("signal %d", s.End.Signal)
				}
				if calls, found := strings.CutSuffix(r.Stdout, "ended: "+end+"\n"); !found || !strings.Contains(r.Stderr, s.End.Text) {
					t.Errorf("it does not end by %s, with %q:\n%s%s", end, s.End.Text, r.Stdout, r.Stderr)
				} else if calls != "" {
					t.Errorf("%s: calls that internal/gobase does not permit on a %s: add them, or the calls of the scenario:\n%s", runtime.Version(), scope, calls)
				}
			})
		}
	}
}

// What the share does not have is seen: a call, and arguments of one.
func TestObserver(t *testing.T) {
	for _, scope := range []string{"thread", "process"} {
		r := testproc.Run(t, "observer", scope, planted).ExpectExit(t, 0)
		calls, _, found := strings.Cut(r.Stdout, "ended: exit 0\n")
		if n := strings.Count(calls, "\n"); !found || n != 2 || !strings.Contains(calls, "getppid()") || !strings.Contains(calls, "madvise(0x0, 0, MADV_RANDOM)") ||
			!strings.Contains(calls, "scenarios_test.plant") {
			t.Errorf("on a %s:\n%s%s", scope, r.Stdout, r.Stderr)
		}
	}
}

const planted = "planted"

// plant makes a call of each kind.
func plant() error {
	syscall.Getppid()
	_, _, errno := syscall.Syscall(syscall.SYS_MADVISE, 0, 0, syscall.MADV_RANDOM)
	if errno != 0 {
		return errno
	}
	return nil
}

// find is scenarios.Find and the planted one.
func find(name string) scenarios.Scenario {
	if name == planted {
		return scenarios.Scenario{Name: name, Make: func() func() error { return plant }}
	}
	s, err := scenarios.Find(name)
	if err != nil {
		testproc.Fail("%v", err)
	}
	return s
}

// observed runs a scenario on a thread, or in a process, whose calls that are not in the
// share stop it.
func observed() {
	onThread, s := testproc.Args()[0] == "thread", find(testproc.Args()[1])
	noCore()
	warmUp()
	run := s.Make()
	p := traces(s, onThread)
	tid, done := make(chan int, 1), make(chan bool)
	body := func() {
		tid <- unix.Gettid()
		if onThread {
			install(p, 0)
		}
		if s.End.Leaves {
			defer close(done)
		}
		if err := run(); err != nil {
			testproc.Fail("%s: %v", s.Name, err)
		}
		close(done)
	}
	if onThread {
		go offMain(body)
	} else {
		install(p, seccomp.TSync)
		go body()
	}
	<-done
	if onThread {
		awaitThread(<-tid)
	}
	syscall.Exit(0) // os.Exit may write coverage before
}

// warmUp does what taking the sandbox into use does: the network poller is there, and the
// time zone is read.
func warmUp() {
	if r, w, err := os.Pipe(); err == nil {
		r.Close()
		w.Close()
	}
	_ = time.Now().Local().String()
}

// offMain runs body on a thread that ends with it: the main thread never does.
func offMain(body func()) {
	runtime.LockOSThread()
	if unix.Gettid() != unix.Getpid() {
		body()
		return
	}
	elsewhere := make(chan bool)
	go func() {
		runtime.LockOSThread() // not to the main thread: the other goroutine is
		close(elsewhere)
		body()
	}()
	<-elsewhere
	runtime.UnlockOSThread()
}

// answered are calls on a thread that get an errno under every policy which does not
// allow them, and that the runtime takes well: gobase.Answers.
var answered = map[string][]string{
	"CPU profile":                    {"setitimer"},
	"CPU profile that nobody writes": {"setitimer"},
}

func install(p *seccomp.Program, f seccomp.Flags) {
	runtime.LockOSThread() // both are the thread's
	defer runtime.UnlockOSThread()
	if err := errors.Join(seccomp.SetNoNewPrivs(), seccomp.SetFilter(p, f)); err != nil {
		testproc.Fail("%v", err)
	}
}

// traces allows the runtime's share and what the scenario says it calls.
func traces(s scenarios.Scenario, onThread bool) *seccomp.Program {
	scope, calls := seccomp.RuntimeThread, slices.Concat(s.Calls, answered[s.Name])
	if !onThread {
		scope, calls = seccomp.RuntimeProcess, slices.Concat(s.Calls, s.Others)
	}
	f := seccomp.Filter{Default: seccomp.Trace(0), Unknown: seccomp.Trace(0)}
	named := make(map[string]bool)
	for _, text := range calls {
		c, err := sysargs.Parse(text)
		if err != nil {
			testproc.Fail("%v", err)
		}
		if name, _ := sysno.Name(c.Nr); !named[name] {
			named[name] = true
			f.Rules = append(f.Rules, seccomp.Rule{Call: name, Action: seccomp.Allow})
		}
	}
	share := seccomp.GoRuntime(scope)
	if !onThread {
		share = append(share, cLibrary...)
	}
	for _, r := range share {
		if !named[r.Call] {
			f.Rules = append(f.Rules, r)
		}
	}
	p, err := f.Compile()
	if err != nil {
		testproc.Fail("%v", err)
	}
	return p
}

// awaitThread waits until the runtime has ended the thread of the goroutine that left.
func awaitThread(tid int) {
	for range 10000 {
		if _, err := os.Stat("/proc/self/task/" + strconv.Itoa(tid)); err != nil {
			return
		}
		time.Sleep(time.Millisecond)
	}
	testproc.Fail("the thread does not end")
}

// noCore is that of package sandboxtest.
func noCore() {
	var limit unix.Rlimit
	if unix.Getrlimit(unix.RLIMIT_CORE, &limit) == nil {
		limit.Cur = min(limit.Max, 1)
		if err := unix.Setrlimit(unix.RLIMIT_CORE, &limit); err != nil {
			testproc.Fail("%v", err)
		}
	}
}
