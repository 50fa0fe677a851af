// SPDX-License-Identifier: MIT

package main

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"runtime"

	"github.com/syscall-sandbox/sandbox"
	"github.com/syscall-sandbox/sandbox/seccomp"
)

// action is under what all filters here refuse.
const action = sandbox.ActionInvokeSignalHandler

// A job asks a child for one batch of a call.
type job struct {
	Call  string
	Spoil bool // on the thread whose filter has a condition on the call
	N     int
}

type reply struct {
	NS    float64
	Error string
}

// child serves jobs from standard input until its end. It puts the policy on a thread as
// any program does: on top of the policy of the process. On threads beside it
// goes the same filter with one call spoiled for the cache.
func child(policy string, ballast bool) error {
	calls, err := hotCalls()
	if err != nil {
		return err
	}
	if ballast {
		if err := putBallast(); err != nil {
			return err
		}
	}
	lanes := bareLanes()
	if policy != "" {
		if lanes, err = policyLanes(policy); err != nil {
			return err
		}
	}
	in, out := json.NewDecoder(os.Stdin), json.NewEncoder(os.Stdout)
	for {
		var j job
		if err := in.Decode(&j); err != nil {
			if errors.Is(err, io.EOF) {
				return nil
			}
			return err
		}
		name := ""
		if j.Spoil {
			name = j.Call
		}
		lane, ok := lanes[name]
		if !ok {
			return fmt.Errorf("policy %q does not permit %s", policy, j.Call)
		}
		lane.jobs <- func() (float64, error) { return calls[j.Call].run(j.N) }
		if err := out.Encode(<-lane.replies); err != nil {
			return err
		}
	}
}

// A lane is a thread that makes calls.
type lane struct {
	jobs    chan func() (float64, error)
	replies chan reply
}

func newLane() lane { return lane{make(chan func() (float64, error)), make(chan reply)} }

func (l lane) serve() {
	for j := range l.jobs {
		ns, err := j()
		r := reply{NS: ns}
		if err != nil {
			r.Error = err.Error()
		}
		l.replies <- r
	}
}

// bareLanes are as many as with a policy, so that the processes are alike.
func bareLanes() map[string]lane {
	lanes := make(map[string]lane)
	for _, name := range append([]string{""}, names...) {
		l := newLane()
		lanes[name] = l
		go func() {
			runtime.LockOSThread()
			l.serve()
		}()
	}
	return lanes
}

// policyLanes are "", the thread with the policy, and one for each call that it permits,
// whose filter is spoiled for that call.
func policyLanes(policy string) (map[string]lane, error) {
	p, err := sandbox.ParsePolicy(policy)
	if err != nil {
		return nil, err
	}
	if err := sandbox.SetupSyscallSandbox(sandbox.Config{Action: action}); err != nil {
		return nil, err
	}
	lanes := map[string]lane{"": newLane()}
	if err := sandbox.Go(p, "policy", lanes[""].serve); err != nil {
		return nil, err
	}
	for _, name := range names {
		prog, err := spoiled(p, name)
		if err != nil {
			return nil, err
		}
		if prog == nil {
			continue
		}
		if lanes[name], err = filteredLane(prog); err != nil {
			return nil, err
		}
	}
	return lanes, nil
}

func filteredLane(prog *seccomp.Program) (lane, error) {
	l, ready := newLane(), make(chan error)
	go func() {
		err := seccomp.SetFilter(prog, 0) // locks the goroutine to its thread
		ready <- err
		if err == nil {
			l.serve()
		}
	}()
	return l, <-ready
}

// predict says whether a policy permits a call, and whether the cache is to answer it.
func predict(p sandbox.SyscallSandboxPolicy, name string) (permitted, cached bool, err error) {
	f, err := p.Filter(sandbox.ScopeThread, action)
	if err != nil {
		return false, false, err
	}
	prog, err := f.Compile()
	if err != nil {
		return false, false, err
	}
	c, ok := seccomp.CallOf(name)
	if !ok {
		return false, false, fmt.Errorf("there is no call %q", name)
	}
	d := prog.Explain(c)
	return d.Action.Permits(), d.Cached, nil
}

// spoiled is a policy's program with a condition on the call that holds for every call
// made here, and keeps the number out of the cache; nil where the policy does not
// permit the call.
func spoiled(p sandbox.SyscallSandboxPolicy, name string) (*seccomp.Program, error) {
	permitted, _, err := predict(p, name)
	if err != nil || !permitted {
		return nil, err
	}
	f, err := p.Filter(sandbox.ScopeThread, action)
	if err != nil {
		return nil, err
	}
	for i := range f.Rules {
		if r := &f.Rules[i]; r.Call == name {
			r.When = append(r.When, seccomp.Arg32(1).Not(1))
		}
	}
	prog, err := f.Compile()
	if err != nil {
		return nil, err
	}
	if c, _ := seccomp.CallOf(name); prog.Explain(c).Cached {
		return nil, fmt.Errorf("policy %q is not spoiled for %s", p, name)
	}
	return prog, nil
}

// A process is a child as its parent sees it.
type process struct {
	cmd *exec.Cmd
	in  io.WriteCloser
	enc *json.Encoder
	dec *json.Decoder
}

func startChild(policy string, ballast bool) (*process, error) {
	self, err := os.Executable()
	if err != nil {
		return nil, err
	}
	cmd := exec.Command(self, childArg, policy, fmt.Sprint(ballast))
	cmd.Stderr = os.Stderr
	// Nothing but the call in the loop, and under the race detector no wait at the end.
	cmd.Env = append(os.Environ(), "GOGC=off", "GODEBUG=asyncpreemptoff=1", "GORACE=atexit_sleep_ms=0")
	in, err := cmd.StdinPipe()
	if err != nil {
		return nil, err
	}
	out, err := cmd.StdoutPipe()
	if err != nil {
		return nil, err
	}
	return &process{cmd, in, json.NewEncoder(in), json.NewDecoder(out)}, cmd.Start()
}

// ask has the child do a job and returns the time of one call in nanoseconds.
func (p *process) ask(j job) (float64, error) {
	if err := p.enc.Encode(j); err != nil {
		return 0, errors.Join(err, p.end())
	}
	var r reply
	if err := p.dec.Decode(&r); err != nil {
		return 0, errors.Join(err, p.end())
	}
	if r.Error != "" {
		return 0, errors.New(r.Error)
	}
	return r.NS, nil
}

// end lets the child end.
func (p *process) end() error {
	p.in.Close()
	return p.cmd.Wait()
}
