// SPDX-License-Identifier: MIT

package main

import (
	"bytes"
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/syscall-sandbox/sandbox"
	"github.com/syscall-sandbox/sandbox/cmd/sandboxvet/internal/load"
	"github.com/syscall-sandbox/sandbox/cmd/sandboxvet/internal/vet"
	"github.com/syscall-sandbox/sandbox/internal/testproc"
)

// Whole programs are analysed in a child, so that what it costs can be told.

// An analysis is what the child found, and what that took.
type analysis struct {
	Programs map[string][]judged // by the last element of their import path
	CPU      time.Duration       // of all its threads, and of the go command
	Memory   int64               // the most that was resident, in bytes
}

// A judged role is one with what its JSON leaves out.
type judged struct {
	vet.Role
	Scope  sandbox.Scope
	Known  []known // one for each of Calls
	Source string  // what -gen writes
}

type known struct {
	Nr   uint32
	Args [6][]uint64
}

// analyse analyses programs in a child.
func analyse(t *testing.T, o load.Options) *analysis {
	t.Helper()
	dir, err := filepath.Abs(o.Dir)
	must(t, err)
	o.Dir = dir
	text, err := json.Marshal(o)
	must(t, err)
	r := testproc.Cmd{Name: "analyst", Stdin: bytes.NewReader(text), Timeout: 10 * time.Minute}.Run(t).ExpectExit(t, 0)
	var a analysis
	must(t, json.Unmarshal([]byte(r.Stdout), &a))
	t.Logf("%v: %.1f s of processor time, %d MiB", o.Patterns, a.CPU.Seconds(), a.Memory>>20)
	return &a
}

// analyst is the child.
func analyst() {
	var o load.Options
	orFail(json.NewDecoder(os.Stdin).Decode(&o))
	list, err := reports(o)
	orFail(err)
	a := analysis{Programs: make(map[string][]judged)}
	for _, r := range list {
		roles := []judged{}
		for _, role := range r.Roles {
			j := judged{Role: role, Scope: role.Scope, Source: role.Source()}
			for _, c := range role.Calls {
				j.Known = append(j.Known, known{c.Nr, c.Args})
			}
			roles = append(roles, j)
		}
		a.Programs[filepath.Base(r.Program)] = roles
	}
	a.CPU, a.Memory = spent()
	orFail(json.NewEncoder(os.Stdout).Encode(a))
}

func orFail(err error) {
	if err != nil {
		testproc.Fail("%v", err)
	}
}

// spent is what this process has taken. VmHWM begins anew at execve(2), unlike ru_maxrss of
// getrusage(2).
func spent() (cpu time.Duration, memory int64) {
	for _, who := range []int{syscall.RUSAGE_SELF, syscall.RUSAGE_CHILDREN} {
		var u syscall.Rusage
		orFail(syscall.Getrusage(who, &u))
		cpu += time.Duration(u.Utime.Nano() + u.Stime.Nano())
	}
	text, err := os.ReadFile("/proc/self/status")
	orFail(err)
	_, rest, _ := strings.Cut(string(text), "VmHWM:")
	var kib int64
	_, err = fmt.Sscan(rest, &kib)
	orFail(err)
	return cpu, kib << 10
}

// affordable fails the test if an analysis took more than 60 seconds of two processors, or
// 4 GiB.
func (a *analysis) affordable(t *testing.T) {
	t.Helper()
	if !raceEnabled && (a.CPU > 2*60*time.Second || a.Memory > 4<<30) {
		t.Errorf("%v of processor time, %d MiB", a.CPU, a.Memory>>20)
	}
}

// goCommand runs the go command in a module.
func goCommand(t *testing.T, module string, args ...string) string {
	t.Helper()
	cmd := exec.Command("go", args...)
	cmd.Dir, cmd.Env = module, append(os.Environ(), "CGO_ENABLED=0")
	var stderr bytes.Buffer
	cmd.Stderr = &stderr
	out, err := cmd.Output()
	if err != nil {
		t.Fatalf("go %s: %v\n%s", args, err, stderr.String())
	}
	return string(out)
}
