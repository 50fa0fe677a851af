// SPDX-License-Identifier: MIT

package sandbox_test

import (
	"errors"
	"fmt"
	"math/rand/v2"
	"runtime"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"

	"golang.org/x/sys/unix"

	"github.com/syscall-sandbox/sandbox"
	"github.com/syscall-sandbox/sandbox/internal/testproc"
)

func init() {
	children["crowd"] = crowd
	children["crowd of violations"] = crowdOfViolations
	children["no instance is left"] = noInstanceIsLeft
}

// crowdSize is how many goroutines call at once.
const crowdSize = 320

// A tally counts what a crowd has done, by kind.
type tally struct {
	mu     sync.Mutex
	counts map[string]int
}

func (t *tally) add(kind string) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.counts[kind]++
}

func (t *tally) total() int {
	t.mu.Lock()
	defer t.mu.Unlock()
	return sum(t.counts)
}

// offMain runs fn on a goroutine that takes its thread along, which is not the main one: that
// would keep a policy for good.
func offMain(fn func()) {
	done := make(chan struct{})
	sandbox.GoOffMain(func() {
		defer close(done)
		fn()
	})
	<-done
}

// crowd is hundreds of goroutines that put policies on themselves, start roles, list the
// threads, violate, and end, while threads are born and die and the process is narrowed step
// by step. Each call has its full effect or gives a documented error.
func crowd() {
	runtime.GOMAXPROCS(atoi(testproc.Args()[0]))
	var violations atomic.Uint64
	setUp("log-and-deny")
	start := make(chan struct{})
	did := tally{counts: make(map[string]int)}
	var all sync.WaitGroup
	for i := range crowdSize {
		all.Go(func() {
			<-start
			did.add(oneOfCrowd(i, &violations))
		})
	}
	narrowed := 0
	all.Go(func() {
		<-start
		narrowed = narrows(&did)
	})
	close(start)
	all.Wait()
	eventually("all threads are alike", func() bool { return len(filters()) == 1 })
	// Nobody is in the way any more.
	must(sandbox.SetProcessPolicy(step(100)))
	checkCounts(narrowed+2, violations.Load())
	fmt.Println(did.counts)
}

// step is one of many equal policies with names of their own.
func step(n int) sandbox.SyscallSandboxPolicy {
	return sandbox.NewPolicy(fmt.Sprint("step ", n), sandbox.PolicyInitialization.Builder())
}

// narrows narrows the process while the others are at work, and tries to while a role stays:
// that is a DivergedError which names it, and changes nothing.
func narrows(did *tally) (succeeded int) {
	for n := range 6 {
		eventually("others are at work", func() bool { return did.total() >= n*crowdSize/8 })
		narrowing := func() error { return sandbox.SetProcessPolicy(step(n)) }
		if n%2 == 0 {
			// Others may stand in the way longer than it waits.
			if err := narrowing(); err == nil {
				succeeded++
				did.add("narrowed")
			} else {
				checkDiverged(err)
				did.add("diverged")
			}
			continue
		}
		onThread(narrow, "stays", func() {
			e := checkDiverged(narrowing())
			if !slices.ContainsFunc(e.Threads, func(t sandbox.Thread) bool { return t.Name == "stays" }) {
				testproc.Fail("%v", e)
			}
		})
		did.add("stayed")
	}
	return succeeded
}

// oneOfCrowd does one thing and says what.
func oneOfCrowd(i int, violations *atomic.Uint64) string {
	switch i % 5 {
	case 0:
		// Half of the policies are equal.
		p := narrow
		if i%2 == 0 {
			p = step(i)
		}
		offMain(func() {
			must(sandbox.SetSyscallSandboxPolicy(p))
			violate(violations)
			has(p.String())
		})
		return "policy"
	case 1:
		name := fmt.Sprint("role ", i%3)
		onThread(narrow, name, func() {
			violate(violations)
			has("narrow")
		})
		return "role"
	case 2:
		_, err := sandbox.Threads()
		must(err)
		sandbox.Violations()
		return "asked"
	case 3:
		// A thread that is born, and dies: locked, and never unlocked.
		runtime.LockOSThread()
		violate(violations)
		return "died"
	default:
		var e *sandbox.TransitionError
		if err := sandbox.Go(sandbox.NewPolicy("wide", narrow.Builder().Allow("ptrace")), "wide", func() { testproc.Fail("it runs") }); !errors.As(err, &e) {
			testproc.Fail("%v", err)
		}
		if locked() {
			testproc.Fail("locked")
		}
		return "refused"
	}
}

func violate(violations *atomic.Uint64) {
	for range 1 + rand.IntN(3) {
		violations.Add(1)
		expectGetgroups("log-and-deny")
	}
}

// has checks the thread in Threads: the policy is the last, and the kernel has a filter for
// each.
func has(policy string) {
	list, err := sandbox.Threads()
	must(err)
	i := slices.IndexFunc(list, func(t sandbox.Thread) bool { return t.TID == unix.Gettid() })
	if i < 0 {
		testproc.Fail("thread %d is not listed", unix.Gettid())
	}
	t := list[i]
	if t.Mode != 2 || t.Policies[len(t.Policies)-1] != policy || t.Filters != len(t.Policies)+extra {
		testproc.Fail("policy %s: %+v", policy, t)
	}
	for _, t := range list {
		if t.Mode != 2 || t.Filters < 1+extra || t.Filters > len(t.Policies)+extra+1 {
			testproc.Fail("%+v", t)
		}
	}
}

// extra are the filters by which no thread blocks SIGSYS.
const extra = 2

// checkCounts looks at what is left: every thread with as many policies as were put on the
// process, every violation counted once.
func checkCounts(policies int, violations uint64) {
	list, err := sandbox.Threads()
	must(err)
	for _, t := range list {
		if t.Filters != policies+extra || len(t.Policies) != policies {
			testproc.Fail("%d policies: %+v", policies, t)
		}
	}
	counted := uint64(0)
	for _, v := range sandbox.Violations() {
		if v.Syscall == "getgroups" {
			counted += v.Count
		}
	}
	if counted != violations {
		testproc.Fail("%d violations, %d counted", violations, counted)
	}
	// The filters of setup and of the process have theirs.
	if n := sandbox.InstancesInUse(); n != policies+1 {
		testproc.Fail("%d instances are in use", n)
	}
}

func TestCrowd(t *testing.T) {
	for _, procs := range []string{"1", "2", "16"} {
		t.Run("GOMAXPROCS="+procs, func(t *testing.T) {
			t.Parallel()
			r := testproc.Cmd{Name: "crowd", Args: []string{procs}, Timeout: patience}.Run(t).ExpectExit(t, 0)
			t.Log(strings.TrimSpace(r.Stdout))
		})
	}
}

// crowdOfViolations makes distinct violations and equal ones on hundreds of threads at
// once: each distinct one is told once, all are counted, and nobody waits for a slow callback.
func crowdOfViolations() {
	const each = 400
	var told sync.Map
	start, blocked := make(chan struct{}), make(chan struct{})
	setUpWith("log-and-deny", sandbox.Config{OnViolation: func(v sandbox.Violation) {
		if _, twice := told.LoadOrStore(fmt.Sprint(v.Thread, v.Stack), true); twice {
			testproc.Fail("told twice: %v", v)
		}
		<-blocked
	}})
	var all sync.WaitGroup
	for i := range crowdSize {
		all.Add(1)
		name := "one of many" // whose violations are one to the table
		if i%2 == 0 {
			name = fmt.Sprint("violator ", i)
		}
		must(sandbox.Go(narrow, name, func() {
			defer all.Done()
			<-start
			for range each {
				expectGetgroups("log-and-deny")
			}
		}))
	}
	close(start)
	all.Wait() // although the callback has not returned from the first
	close(blocked)
	counts := make(map[string]uint64) // of one thread name there are two stacks: Go may have met the main thread
	for _, v := range sandbox.Violations() {
		counts[v.Thread] += v.Count
	}
	if len(counts) != crowdSize/2+1 {
		testproc.Fail("%d thread names", len(counts))
	}
	for name, n := range counts {
		want := uint64(each)
		if name == "one of many" {
			want *= crowdSize / 2
		}
		if n != want {
			testproc.Fail("%s: %d were made, %d counted", name, want, n)
		}
	}
}

func TestCrowdOfViolations(t *testing.T) {
	t.Parallel()
	testproc.Cmd{Name: "crowd of violations", Timeout: patience}.Run(t).ExpectExit(t, 0)
}

// noInstanceIsLeft: hundreds ask when all instances but a few are taken.
func noInstanceIsLeft() {
	setUp("log-and-abort")
	const left = 7
	release := sandbox.TakeInstances(left)
	var all sync.WaitGroup
	var succeeded, refused atomic.Int32
	end := make(chan struct{})
	count := func(err error) {
		switch {
		case err == nil:
			succeeded.Add(1)
		case errors.Is(err, sandbox.ErrNoInstance):
			refused.Add(1)
		default:
			testproc.Fail("%v", err)
		}
		all.Done()
	}
	for i := range crowdSize {
		all.Add(1)
		if i%2 == 0 {
			go func() { count(sandbox.Go(narrow, "role", func() { <-end })) }()
		} else {
			sandbox.GoOffMain(func() {
				count(sandbox.SetSyscallSandboxPolicy(narrow))
				<-end
			})
		}
	}
	all.Wait()
	close(end)
	if succeeded.Load() != left || refused.Load() != crowdSize-left {
		testproc.Fail("%d succeed, %d are refused", succeeded.Load(), refused.Load())
	}
	eventually("instances come back", func() bool { return sandbox.SetProcessPolicy(narrow) == nil })
	release()
	if n := sandbox.InstancesInUse(); n != 2 {
		testproc.Fail("%d instances are in use", n)
	}
}

func TestNoInstanceIsLeft(t *testing.T) {
	testproc.Run(t, "no instance is left").ExpectExit(t, 0)
}
