// SPDX-License-Identifier: MIT

package buildtest

import (
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"testing"

	"github.com/syscall-sandbox/sandbox/internal/testproc"
)

// A place is where the program in testdata/places violates its policy.
type place struct {
	name     string
	syscall  string
	call     string // as a report has it; a regular expression
	fn       string // the program's function; "": code of C, whose stack nobody knows
	policies []string
	thread   string // "": the kernel's name of it
	executed string // what the program hears where the call is made
	denied   string // and under log-and-deny
	times    uint64
}

const getgroups = `getgroups\(0, 0x0\)`

var initial, onNet = []string{"initialization"}, []string{"initialization", "net"}

var goPlaces = []place{
	{"init", "getgroups", getgroups, "main.inInit", initial, "", "executed", "errno 1", 1000},
	{"syscall", "chroot", `chroot\(0x[0-9a-f]+\)`, "main.inSyscall", initial, "", "errno 2", "errno 1", 1000},
	{"raw", "move_pages", `move_pages\(286331153 .*0x4444444444444444, 0x5555555555555555, .*0x6666666666666666.*\)`, "main.inRawSyscall", initial, "", "errno 22", "errno 1", 1000},
	{"thread", "getgroups", getgroups, "main.inThread", onNet, "worker", "executed", "errno 1", 1000},
	{"timer", "getgroups", getgroups, "main.inTimer", initial, "", "executed", "errno 1", 1000},
	{"finalizer", "getgroups", getgroups, "main.inFinalizer", initial, "", "executed", "errno 1", 1000},
	{"memory", "getgroups", getgroups, "main.inMemoryPressure", initial, "", "executed", "errno 1", 1000},
	{"end", "getgroups", getgroups, "main.inThreadEnd", onNet, "worker", "executed", "errno 1", 1000},
	{"goexit", "getgroups", getgroups, "main.inGoexit", onNet, "worker", "executed", "errno 1", 1000},
	{"runtime", "sched_getaffinity", `sched_getaffinity\(0, 8192, 0x[0-9a-f]+\)`, "main.inRuntime", []string{"initialization", "no-affinity"}, "counts", "executed", "executed", 1000},
}

var cgoPlaces = []place{
	{"c", "alarm", `alarm\(0\)`, "", initial, "", "executed", "errno 1", 1000},
	{"thread of c", "getpgrp", `getpgrp\(\)`, "", initial, "", "executed", "errno 1", 1000},
	{"callback", "getgroups", getgroups, "main.calledFromC", initial, "", "executed", "errno 1", 1000},
}

var execPlaces = []place{
	{"exec", "setpgid", `setpgid\(0, 0\)`, "main.inExec", []string{"executes"}, "", "executed", "errno 1", 10},
}

// A flavour is a way of building. Those that do not need to be root are not.
type flavour struct {
	name  string
	cgo   bool
	root  bool
	flags []string
}

var flavours = []flavour{
	{"plain", false, false, nil},
	{"pie", false, false, []string{"-buildmode=pie"}},
	{"stripped", false, false, []string{"-ldflags=-s -w"}},
	{"cover", false, true, []string{"-cover"}},
	{"cgo", true, true, nil},
	{"cgo pie", true, false, []string{"-buildmode=pie"}},
	{"cgo static", true, false, []string{"-ldflags=-linkmode external -extldflags -static"}},
	{"race", true, false, []string{"-race"}},
}

func (f flavour) places() []place {
	if f.cgo {
		return slices.Concat(goPlaces, cgoPlaces)
	}
	return slices.Clone(goPlaces)
}

// A built is a flavour's program.
type built struct {
	flavour
	program string
}

func (f flavour) build(t *testing.T) built {
	b := built{f, filepath.Join(t.TempDir(), "places")}
	cmd := exec.Command("go", append(append([]string{"build", "-o", b.program}, f.flags...), "./testdata/places")...)
	cmd.Env = append(os.Environ(), "CGO_ENABLED=0")
	if f.cgo {
		cmd.Env = append(os.Environ(), "CGO_ENABLED=1")
	}
	if out, err := cmd.CombinedOutput(); err != nil {
		t.Fatalf("%v: %v\n%s", cmd, err, out)
	}
	return b
}

// start starts the program under an action, to go through places. It also returns where
// a coverage build writes.
func (b built) start(t *testing.T, action string, places []place, more ...string) (p *testproc.Process, coverage string) {
	t.Helper()
	coverage = t.TempDir()
	c := testproc.Cmd{Executable: b.program, Args: []string{action}, OrdinaryUser: !b.root, Env: []string{"GOCOVERDIR=" + coverage}}
	for _, p := range places {
		c.Args = append(c.Args, p.name)
	}
	for _, arg := range more {
		if strings.Contains(arg, "=") {
			c.Env = append(c.Env, arg)
		} else {
			c.Args = append(c.Args, arg)
		}
	}
	return c.Start(t), coverage
}

func (b built) run(t *testing.T, action string, places []place, more ...string) *testproc.Result {
	t.Helper()
	p, coverage := b.start(t, action, places, more...)
	r := p.Wait()
	if written, err := os.ReadDir(coverage); r.Exit == 0 && b.name == "cover" && (err != nil || len(written) == 0) {
		t.Errorf("no coverage was written: %v\n%s", err, r.Stderr)
	}
	return r
}

func TestPlaces(t *testing.T) {
	for _, f := range flavours {
		t.Run(f.name, func(t *testing.T) {
			t.Parallel()
			b := f.build(t)
			for name, test := range map[string]func(*testing.T, built){
				"abort": testAbort, "log-and-abort": testLogAndAbort, "exec": testExec,
			} {
				t.Run(name, func(t *testing.T) {
					t.Parallel()
					test(t, b)
				})
			}
			for _, action := range []string{"log-and-deny", "log-and-allow", "learn"} {
				t.Run(action, func(t *testing.T) {
					t.Parallel()
					b.checkGoesOn(t, action, b.places(), "free")
				})
			}
		})
	}
}

// Without a handler the kernel kills; nothing is said.
func testAbort(t *testing.T, b built) {
	for _, p := range b.places() {
		r := b.run(t, "abort", []place{p}).ExpectSignal(t, syscall.SIGSYS)
		if r.Stdout != "" || r.Stderr != "" {
			t.Errorf("%s: %q, %q", p.name, r.Stdout, r.Stderr)
		}
	}
}

// With one, the process ends with a whole report. Where no goroutine can run it is of
// registers, after two seconds: with one P, if the call keeps it; and when the world is
// about to stop, and waits for the thread that waits for its report.
func testLogAndAbort(t *testing.T, b built) {
	type death struct {
		place
		*testproc.Process
	}
	var slow []death
	start := func(p place, more ...string) {
		process, _ := b.start(t, "log-and-abort", []place{p}, more...)
		slow = append(slow, death{p, process})
	}
	quick := b.places()
	for _, p := range b.places() {
		switch p.name {
		case "memory", "finalizer":
			start(p)
			quick = slices.DeleteFunc(quick, func(q place) bool { return q.name == p.name })
		case "raw":
			start(p, "GOMAXPROCS=1")
		}
	}
	for _, p := range quick {
		b.checkQuickDeath(t, p)
		if p.name == "syscall" || p.name == "thread of c" {
			b.checkQuickDeath(t, p, "GOMAXPROCS=1")
		}
	}
	for _, d := range slow {
		d.checkDeath(t, d.Wait().ExpectExit(t, 2), true)
	}
}

// checkQuickDeath wants a report in words. On a machine so busy that a goroutine does
// not run for two seconds it can be one of registers; not always.
func (b built) checkQuickDeath(t *testing.T, p place, more ...string) {
	t.Helper()
	var r *testproc.Result
	for range 3 {
		r = b.run(t, "log-and-abort", []place{p}, more...).ExpectExit(t, 2)
		if !strings.Contains(r.Stderr, "\n  raw:  ") {
			break
		}
	}
	p.checkDeath(t, r, false)
}

// A child of os/exec violates before its execve. It has no handler: what kills takes
// the child, what answers it has the parent's table.
func testExec(t *testing.T, b built) {
	for _, action := range []string{"abort", "log-and-abort"} {
		said := b.said(t, b.run(t, action, execPlaces).ExpectExit(t, 0))
		if answers := said.Answers["exec"]; len(said.Violations) != 0 || len(answers) != 1 || answers["signal: bad system call"] != 10 {
			t.Errorf("%s: %v, %v", action, answers, said.Violations)
		}
	}
	for _, action := range []string{"log-and-deny", "log-and-allow", "learn"} {
		b.checkGoesOn(t, action, execPlaces)
	}
}
