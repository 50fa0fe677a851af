// SPDX-License-Identifier: MIT

package measure

import (
	"bytes"
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"strings"

	"golang.org/x/net/bpf"

	"github.com/syscall-sandbox/sandbox/bench/policy"
	"github.com/syscall-sandbox/sandbox/internal/abi"
)

// Kernel are times taken in a child process. A negative time means that the policy has no
// such call.
type Kernel struct {
	InstallUS float64 `json:"install_us"`
	CachedNS  float64 `json:"cached_ns"`
	ArgsNS    float64 `json:"args_ns"`
	DeniedNS  float64 `json:"denied_ns"`
}

// ChildArg as the only argument makes the benchmark's program the child.
const ChildArg = "-measuring-child"

// A job is what a child does: install Install, Installs times, each on a thread of
// its own, or install Calls once and time rounds of each group.
type job struct {
	Program  []bpf.RawInstruction
	Installs int
	Groups   []group
}

type group struct {
	Calls   []policy.Call
	Refused bool // all must be; otherwise none may be
}

// refused stands for every RET but ALLOW while calls are timed: no call returns it.
const refused = 4094

// InKernel measures a program that answers as its policy does.
func InKernel(prog []bpf.RawInstruction, p *policy.Policy) (Kernel, error) {
	installs, err := inChild(job{Program: answering(prog, abi.RetAllow), Installs: 101})
	if err != nil {
		return Kernel{}, err
	}
	k, err := Calls(answering(prog, abi.RetErrno|refused), p)
	k.InstallUS = installs[0] / 1000
	return k, err
}

// Calls times the calls of a policy under a program; an empty one is no filter.
func Calls(prog []bpf.RawInstruction, p *policy.Policy) (Kernel, error) {
	k := Kernel{CachedNS: -1, ArgsNS: -1, DeniedNS: -1}
	var groups []group
	var places []*float64
	add := func(place *float64, refused bool, calls []policy.Call) {
		if len(calls) > 0 {
			groups, places = append(groups, group{calls, refused}), append(places, place)
		}
	}
	add(&k.CachedNS, false, first(p, plain, false))
	add(&k.ArgsNS, false, first(p, checked, true))
	if len(prog) > 0 { // without a filter these calls would be executed
		add(&k.DeniedNS, true, spread(p.Denied()))
	}
	times, err := inChild(job{Program: prog, Groups: groups})
	if err != nil {
		return k, err
	}
	for i, place := range places {
		*place = times[i]
	}
	return k, nil
}

// answering returns the program with every RET but exactly ALLOW replaced; its
// control flow stays.
func answering(prog []bpf.RawInstruction, ret uint32) []bpf.RawInstruction {
	out := make([]bpf.RawInstruction, len(prog))
	for i, in := range prog {
		if in.Op == 0x06 && in.K != abi.RetAllow { // BPF_RET | BPF_K
			in.K = ret
		}
		out[i] = in
	}
	return out
}

// Calls that change nothing and return at once, by what they are good for.
var (
	plain   = []uint32{110, 39, 186, 102, 104, 107, 108} // getppid, getpid, gettid, getuid, getgid, geteuid, getegid
	checked = []uint32{202, 72, 28, 157, 10}             // futex, fcntl, madvise, prctl, mprotect

	// harmless arguments: FUTEX_WAKE_PRIVATE of nothing, F_GETFD of no file, MADV_DONTNEED
	// of no bytes, PR_GET_DUMPABLE, mprotect of no bytes.
	harmless = map[uint32][abi.NumArgs]uint64{
		202: {0, 129, 1}, 72: {^uint64(0), 1}, 28: {0, 0, 4}, 157: {3}, 10: {},
	}
)

// first returns the first of the numbers that the policy allows, with or without
// looking at arguments.
func first(p *policy.Policy, numbers []uint32, checked bool) []policy.Call {
	for _, nr := range numbers {
		c := policy.Native(nr, harmless[nr])
		for _, r := range p.Rules {
			if r.Nr == nr && r.Checked() == checked && p.Eval(c) == policy.Allow {
				return []policy.Call{c}
			}
		}
	}
	return nil
}

// spread returns eight calls at equal distances.
func spread(calls []policy.Call) []policy.Call {
	const n = 8
	var out []policy.Call
	for i := range min(n, len(calls)) {
		out = append(out, calls[i*len(calls)/n])
	}
	return out
}

func inChild(j job) ([]float64, error) {
	exe, err := os.Executable()
	if err != nil {
		return nil, err
	}
	in, err := json.Marshal(j)
	if err != nil {
		return nil, err
	}
	cmd := exec.Command(exe, ChildArg)
	// Without preemption by signal and without a collection, a thread in the timed
	// loop makes no call but the timed one.
	cmd.Env = append(os.Environ(), "GODEBUG=asyncpreemptoff=1", "GOGC=off")
	var stdout, stderr bytes.Buffer
	cmd.Stdin, cmd.Stdout, cmd.Stderr = bytes.NewReader(in), &stdout, &stderr
	if err := cmd.Run(); err != nil {
		return nil, fmt.Errorf("measuring child: %w: %s", err, strings.TrimSpace(stderr.String()))
	}
	var times []float64
	if err := json.Unmarshal(stdout.Bytes(), &times); err != nil {
		return nil, fmt.Errorf("measuring child: %w", err)
	}
	return times, nil
}
