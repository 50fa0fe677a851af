// SPDX-License-Identifier: MIT

package sandbox_test

import (
	"bytes"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"os/exec"
	"os/signal"
	"runtime"
	"runtime/pprof"
	"slices"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"github.com/syscall-sandbox/sandbox"
	"github.com/syscall-sandbox/sandbox/internal/testproc"
	"github.com/syscall-sandbox/sandbox/learn"
)

func init() { children["goes on"] = goesOn }

// scenarios are what a program must live through while the handler makes its calls.
var scenarios = map[string]func(){
	"notified signal":        notifiedSignal,
	"notified before setup":  func() {}, // see goesOn
	"SIGQUIT":                func() { must(unix.Kill(unix.Getpid(), unix.SIGQUIT)); <-time.After(time.Hour) },
	"crash":                  func() { var p *int; *p = 1 },
	"profile in a storm":     profileInStorm,
	"exec in a loop":         execInLoop,
	"exec in parallel":       execInParallel,
	"blocked reader":         blockedReader,
	"http":                   httpBothWays,
	"interrupted call":       interruptedCall,
	"thread churn":           threadChurn,
	"all threads":            allThreads,
	"memory":                 memory,
	"thread policies":        threadPolicies,
	"own mask":               ownMask,
	"arguments are the same": sameArguments,
}

func goesOn() {
	action, scenario := testproc.Args()[0], testproc.Args()[1]
	early := make(chan os.Signal, 8)
	if scenario == "notified before setup" {
		// os/signal blocks signals for good on a thread of its own.
		signal.Notify(early, syscall.SIGUSR1)
		must(unix.Kill(unix.Getpid(), unix.SIGUSR1))
		<-early
	}
	setUpWith(action, sandbox.Config{Initial: everything})
	if scenario == "notified before setup" {
		signal.Notify(early, syscall.SIGUSR2, syscall.SIGHUP)
		for _, s := range []syscall.Signal{unix.SIGUSR1, unix.SIGUSR2, unix.SIGHUP} {
			must(unix.Kill(unix.Getpid(), s))
			if got := <-early; got != s {
				testproc.Fail("%v instead of %v", got, s)
			}
		}
		signal.Stop(early)
	}
	scenarios[scenario]()
}

// everything but getgroups is what the scenarios need under actions that refuse.
var everything = sandbox.NewPolicy("everything", sandbox.PolicyInitialization.Builder().
	Allow("execve", "kill", "wait4", "waitid", "pidfd_open", "pidfd_send_signal", "setpgid", "sched_getaffinity"))

// Learning, and watching, do no harm, with whatever the runtime and the standard
// library do.
func TestProgramGoesOn(t *testing.T) {
	ends := map[string]syscall.Signal{"crash": unix.SIGABRT, "SIGQUIT": 0}
	for _, action := range []string{"learn", "log-and-allow", "log-and-deny"} {
		for name := range scenarios {
			t.Run(action+" "+name, func(t *testing.T) {
				t.Parallel()
				c := testproc.Cmd{Name: "goes on", Args: []string{action, name}}
				if name == "crash" {
					c.Env = []string{"GOTRACEBACK=crash"}
				}
				r := c.Run(t)
				s, dies := ends[name]
				switch {
				case dies && s != 0:
					r.ExpectSignal(t, s)
				case dies:
					r.ExpectExit(t, 2)
				default:
					r.ExpectExit(t, 0)
				}
				if dies && (!strings.Contains(r.Stderr, "goroutine ") || strings.Contains(r.Stderr, "SIGSYS: bad")) {
					t.Errorf("not the runtime's own end:\n%s", r.Stderr)
				}
			})
		}
	}
}

func notifiedSignal() {
	c := make(chan os.Signal, 1)
	signal.Notify(c, syscall.SIGUSR1)
	for range 100 {
		must(unix.Kill(unix.Getpid(), unix.SIGUSR1))
		<-c
	}
	signal.Ignore(syscall.SIGUSR1)
	must(unix.Kill(unix.Getpid(), unix.SIGUSR1))
	signal.Reset(syscall.SIGUSR1)
}

func profileInStorm() {
	var profile bytes.Buffer
	must(pprof.StartCPUProfile(&profile))
	stop := make(chan struct{})
	var wg sync.WaitGroup
	wg.Go(func() {
		for {
			select {
			case <-stop:
				return
			default:
				must(unix.Kill(unix.Getpid(), unix.SIGURG))
			}
		}
	})
	for end := time.Now().Add(300 * time.Millisecond); time.Now().Before(end); {
		runtime.GC()
		_, _ = os.ReadFile("/proc/self/stat")
	}
	close(stop)
	wg.Wait()
	pprof.StopCPUProfile()
	if profile.Len() == 0 {
		testproc.Fail("an empty profile")
	}
}

func execInLoop() {
	for i := range 100 {
		out, err := exec.Command("/bin/sh", "-c", "echo $PPID; exit 0").CombinedOutput()
		if err != nil || strings.TrimSpace(string(out)) != fmt.Sprint(os.Getpid()) {
			testproc.Fail("run %d: %q, %v", i, out, err)
		}
	}
}

func execInParallel() {
	var wg sync.WaitGroup
	for range 4 {
		wg.Go(func() {
			for range 25 {
				c := exec.Command("/bin/cat")
				c.Stdin = strings.NewReader("meow")
				c.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
				if out, err := c.Output(); err != nil || string(out) != "meow" {
					testproc.Fail("%q, %v", out, err)
				}
			}
		})
		wg.Go(func() {
			for range 25 {
				runtime.GC()
			}
		})
	}
	wg.Wait()
	err := exec.Command("/nonexistent/program").Run()
	if !os.IsNotExist(err) {
		testproc.Fail("%v", err)
	}
}

// blockedReader holds a raw read, with its P, in the handler while the world stops.
func blockedReader() {
	var fds [2]int
	must(unix.Pipe2(fds[:], unix.O_CLOEXEC))
	read := make(chan error)
	go func() {
		var b [1]byte
		_, err := unix.Read(fds[0], b[:])
		read <- err
	}()
	for range 100 {
		runtime.GC()
	}
	must2(unix.Write(fds[1], []byte{1}))
	must(<-read)
}

func must2[T any](_ T, err error) { must(err) }

func httpBothWays() {
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	must(err)
	server := &http.Server{Handler: http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		content, err := os.ReadFile("/proc/self/status")
		must(err)
		must2(w.Write(content))
	})}
	go server.Serve(ln)
	var wg sync.WaitGroup
	for i := range 4 {
		wg.Go(func() {
			client := http.Client{Transport: &http.Transport{DisableKeepAlives: i%2 == 0}}
			for range 20 {
				r, err := client.Get("http://" + ln.Addr().String())
				must(err)
				body, err := io.ReadAll(r.Body)
				must(err)
				r.Body.Close()
				if !bytes.Contains(body, []byte("Seccomp:\t2")) {
					testproc.Fail("%s", body)
				}
			}
		})
	}
	wg.Wait()
	must(server.Close())
}

// interruptedCall blocks in calls that signals interrupt: some are restarted by the
// kernel, one by restart_syscall, others return EINTR as without a handler.
func interruptedCall() {
	done := make(chan struct{})
	var wg sync.WaitGroup
	tid := make(chan int)
	wg.Go(func() {
		runtime.LockOSThread()
		tid <- unix.Gettid()
		start := time.Now()
		rest := unix.NsecToTimespec(int64(200 * time.Millisecond))
		for unix.Nanosleep(&rest, &rest) == unix.EINTR {
		}
		if time.Since(start) < 200*time.Millisecond {
			testproc.Fail("slept %v", time.Since(start))
		}
		close(done)
	})
	target := <-tid
	for range 100 {
		_ = unix.Tgkill(unix.Getpid(), target, unix.SIGURG)
		runtime.Gosched()
	}
	<-done
	wg.Wait()
}

func threadChurn() {
	var wg sync.WaitGroup
	for range 200 {
		wg.Go(func() {
			runtime.LockOSThread() // and end the thread with the goroutine
			_, _ = os.ReadFile("/proc/self/comm")
		})
	}
	wg.Wait()
}

// allThreads has the runtime make one call on every thread, in signal handlers. It
// cannot with cgo.
func allThreads() {
	_, _, errno := syscall.AllThreadsSyscall(unix.SYS_PRCTL, unix.PR_SET_NO_NEW_PRIVS, 1, 0)
	if errno != 0 && errno != unix.ENOTSUP && errno != unix.EINVAL {
		testproc.Fail("%v", errno)
	}
}

func memory() {
	var keep [][]byte
	for i := range 2000 {
		keep = append(keep, make([]byte, 1<<16))
		if i%100 == 0 {
			keep = keep[:0]
			runtime.GC()
		}
	}
	var deep func(n int) int
	deep = func(n int) int {
		var pad [128]byte
		if n == 0 {
			return len(pad)
		}
		return deep(n-1) + int(pad[0])
	}
	deep(10_000)
}

func threadPolicies() {
	for i := range 20 {
		onThread(sandbox.PolicyNet, fmt.Sprint("net ", i), func() {
			must(sandbox.SetSyscallSandboxPolicy(sandbox.PolicyNet))
			if testproc.Args()[0] == "learn" {
				_ = getgroups()
			}
			runtime.GC()
		})
	}
}

// ownMask blocks all signals, SIGSYS too, as C code does, and makes calls.
func ownMask() {
	runtime.LockOSThread()
	var all, old unix.Sigset_t
	for i := range all.Val {
		all.Val[i] = ^uint64(0)
	}
	must(unix.PthreadSigmask(unix.SIG_SETMASK, &all, &old))
	_, _ = os.ReadFile("/proc/self/comm")
	must(unix.PthreadSigmask(unix.SIG_SETMASK, &old, &all))
	if all.Val[0]>>(unix.SIGUSR1-1)&1 == 0 || all.Val[0]>>(unix.SIGSYS-1)&1 != 0 {
		testproc.Fail("the mask was %#x", all.Val[0])
	}
	for set, want := range map[uintptr]error{8: unix.EFAULT, 0: nil} {
		if _, _, errno := unix.RawSyscall6(unix.SYS_RT_SIGPROCMASK, unix.SIG_SETMASK, set, 0, 8, 0, 0); want != nil && errno != want || want == nil && errno != 0 {
			testproc.Fail("a set at %d: %v", set, errno)
		}
	}
}

// sameArguments makes a call with six arguments that the kernel must see as they are.
func sameArguments() {
	f, err := os.CreateTemp("", "")
	must(err)
	defer os.Remove(f.Name())
	must(f.Truncate(1 << 16))
	page, _, errno := unix.RawSyscall6(unix.SYS_MMAP, 0, 4096, unix.PROT_READ|unix.PROT_WRITE, unix.MAP_SHARED, f.Fd(), 4096)
	if errno != 0 {
		testproc.Fail("%v", errno)
	}
	must2(f.WriteAt([]byte("at page one"), 4096))
	var b [11]byte
	must2(unix.Pread(int(f.Fd()), b[:], 4096))
	if string(b[:]) != "at page one" {
		testproc.Fail("%q", b)
	}
	if _, _, errno := unix.RawSyscall(unix.SYS_MUNMAP, page, 4096, 0); errno != 0 {
		testproc.Fail("%v", errno)
	}
}

func init() { children["learns"] = learns }

// learns prints what was learned of a few calls in two phases.
func learns() {
	setUp("learn")
	f, err := os.Open(os.DevNull)
	must(err)
	f.Close()
	var wg sync.WaitGroup
	wg.Add(1)
	must(sandbox.Go(sandbox.PolicyValidationScriptCheck, "worker", func() {
		defer wg.Done()
		for range 5 {
			_ = getgroups()
		}
		fd, err := unix.Socket(unix.AF_UNIX, unix.SOCK_STREAM|unix.SOCK_CLOEXEC, 0)
		must(err)
		_ = unix.Close(fd)
	}))
	wg.Wait()
	text, err := sandbox.Learned().JSON()
	must(err)
	os.Stdout.Write(text)
	for _, v := range sandbox.Violations() {
		fmt.Fprintln(os.Stderr, "would refuse", v.Decoded, v.Count)
	}
}

func TestLearned(t *testing.T) {
	r := testproc.Run(t, "learns").ExpectExit(t, 0)
	rec, err := learn.Parse([]byte(r.Stdout))
	if err != nil {
		t.Fatal(err)
	}
	if len(rec.Phases) != 2 || rec.Phases[0].Thread || !rec.Phases[1].Thread ||
		!slices.Equal(rec.Phases[1].Policies, []string{"initialization", "validation-script-check"}) {
		t.Fatalf("%+v", rec.Phases)
	}
	find := func(p learn.Phase, decoded string) learn.Call {
		for _, c := range p.Calls {
			if strings.HasPrefix(c.Decoded, decoded) {
				return c
			}
		}
		t.Errorf("no %s in phase %v", decoded, p.Policies)
		return learn.Call{Stacks: []learn.Stack{{}}}
	}
	find(rec.Phases[0], "openat(_, _, O_RDONLY|O_CLOEXEC")
	find(rec.Phases[0], "rt_sigreturn")
	c := find(rec.Phases[1], "getgroups(")
	has := func(f learn.Frame) bool { return strings.HasSuffix(f.Func, "sandbox_test.getgroups") }
	if c.Count != 5 || len(c.Stacks) != 1 || !slices.ContainsFunc(c.Stacks[0].Frames, has) {
		t.Errorf("%+v", c)
	}
	if c := find(rec.Phases[1], "socket(AF_UNIX, SOCK_STREAM|SOCK_CLOEXEC,"); c.Count != 1 {
		t.Errorf("%+v", c)
	}
	for _, want := range []string{"WARNING: syscall sandbox: learn:", "would refuse getgroups(", "would refuse socket(AF_UNIX, "} {
		if !strings.Contains(r.Stderr, want) {
			t.Errorf("no %q in\n%s", want, r.Stderr)
		}
	}
	if strings.Contains(r.Stderr, "would refuse openat") || strings.Contains(r.Stderr, reportLine) {
		t.Error(r.Stderr)
	}
}
