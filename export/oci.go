// SPDX-License-Identifier: MIT

package export

import (
	"bytes"
	"encoding/json"
	"fmt"
	"math"
	"slices"

	"github.com/syscall-sandbox/sandbox/internal/abi"
	"github.com/syscall-sandbox/sandbox/internal/sysno"
	"github.com/syscall-sandbox/sandbox/seccomp"
)

// profile is linux.seccomp of the OCI runtime specification (config-linux.md, "Seccomp").
// Docker's and Kubernetes' profiles are the same; comment is Docker's, the others skip it.
type profile struct {
	DefaultAction   string    `json:"defaultAction"`
	DefaultErrnoRet *uint     `json:"defaultErrnoRet,omitempty"`
	Architectures   []string  `json:"architectures,omitempty"`
	Flags           []string  `json:"flags,omitempty"`
	Syscalls        []syscall `json:"syscalls"`
}

type syscall struct {
	Comment  string   `json:"comment,omitempty"`
	Names    []string `json:"names"`
	Action   string   `json:"action"`
	ErrnoRet *uint    `json:"errnoRet,omitempty"`
	Args     []arg    `json:"args,omitempty"`
}

type arg struct {
	Index    uint   `json:"index"`
	Value    uint64 `json:"value"`
	ValueTwo uint64 `json:"valueTwo,omitempty"`
	Op       string `json:"op"`
}

const (
	archX86_64 = "SCMP_ARCH_X86_64"
	opEqual    = "SCMP_CMP_EQ"
	opMasked   = "SCMP_CMP_MASKED_EQ" // valueTwo == argument & value
)

// OCI writes a filter as the seccomp part of an OCI runtime specification, which is also
// the format of Docker's --security-opt seccomp= and of the files that a Kubernetes
// localhostProfile names. The parts that a launched Go program needs are listed apart.
//
// Losses: numbers that this library does not know get the default, except from runc,
// which answers those above the largest in the profile with ENOSYS; data of Trap, silently.
// Errors: a wider loss without AllowWider, mistakes in the filter, and UserNotif, for
// which the format wants a socket.
func OCI(f seccomp.Filter, o Options) ([]byte, []Loss, error) {
	if _, err := f.Compile(); err != nil {
		return nil, nil, err
	}
	p := profile{Architectures: []string{archX86_64}}
	var err error
	if p.DefaultAction, p.DefaultErrnoRet, err = actionOut(f.Default); err != nil {
		return nil, nil, err
	}
	var losses []Loss
	if f.Unknown != f.Default {
		losses = append(losses, Loss{What: fmt.Sprintf("numbers that this library does not know get %s, not %s; runc answers those above the largest it finds here with ENOSYS", f.Default, f.Unknown), Wider: f.Default.Permits() && !f.Unknown.Permits()})
	}
	entries, more, err := entriesOf(f)
	if err != nil {
		return nil, nil, err
	}
	if losses, err = o.judge("OCI", append(losses, more...)); err != nil {
		return nil, losses, err
	}
	if p.Syscalls, err = grouped(entries); err != nil {
		return nil, nil, err
	}
	p.Syscalls = append(p.Syscalls, newest(f.Default, p)...)
	text, err := indented(p)
	return text, losses, err
}

// entriesOf turns every call's rules into cubes; what cannot be is a loss, by which the
// call is permitted whatever its arguments or refused, as the rules would at the most.
func entriesOf(f seccomp.Filter) (entries []answered, losses []Loss, err error) {
	names, rules := calls(f)
	for _, name := range names {
		rules[name], losses = withoutRest(rules[name], f.Default, losses)
		cubes, err := cubesOf(rules[name], f.Default)
		if err != nil {
			widest := slices.IndexFunc(rules[name], func(r seccomp.Rule) bool { return r.Action.Permits() })
			losses = append(losses, Loss{Call: name, What: err.Error() + "; it is without conditions", Wider: widest >= 0 || f.Default.Permits()})
			if widest >= 0 {
				cubes = []answered{{rule: rules[name][widest]}}
			}
		}
		entries = append(entries, cubes...)
	}
	return entries, losses, nil
}

// withoutRest leaves the arguments of a call that no condition permits to the default,
// where that refuses too: another errno for them would take very many comparisons.
func withoutRest(rules []seccomp.Rule, def seccomp.Action, losses []Loss) ([]seccomp.Rule, []Loss) {
	last := len(rules) - 1
	rest := rules[last]
	if last == 0 || len(rest.When) > 0 || rest.Action.Permits() || def.Permits() {
		return rules, losses
	}
	if rest.Action != def {
		losses = append(losses, Loss{Call: rest.Call, What: fmt.Sprintf("gets %s, not %s, for the arguments that are refused", def, rest.Action)})
	}
	return rules[:last], losses
}

// grouped makes one entry of calls that differ by name only, share by share.
func grouped(entries []answered) (out []syscall, err error) {
	type key struct {
		cube
		action seccomp.Action
		share  int
	}
	index := make(map[key]int)
	byShare := make([][]syscall, len(shares))
	for _, e := range entries {
		k := key{e.cube, e.rule.Action, shareOf(e.rule)}
		if at, ok := index[k]; ok {
			names := &byShare[k.share][at].Names
			if !slices.Contains(*names, e.rule.Call) {
				*names = append(*names, e.rule.Call)
			}
			continue
		}
		s := syscall{Names: []string{e.rule.Call}, Args: e.args()}
		if s.Action, s.ErrnoRet, err = actionOut(e.rule.Action); err != nil {
			return nil, err
		}
		index[k] = len(byShare[k.share])
		byShare[k.share] = append(byShare[k.share], s)
	}
	for i, entries := range byShare {
		if len(entries) > 0 {
			entries[0].Comment = shares[i].text
		}
		out = append(out, entries...)
	}
	return out, nil
}

func (c cube) args() (args []arg) {
	for i, m := range c {
		switch m.Mask {
		case 0:
		case math.MaxUint64:
			args = append(args, arg{Index: uint(i), Value: m.Value, Op: opEqual})
		default:
			args = append(args, arg{Index: uint(i), Value: m.Mask, ValueTwo: m.Value, Op: opMasked})
		}
	}
	return args
}

// newest names the newest calls that the table knows with the default's action: runc looks
// for the largest number in a profile that libseccomp knows, and takes those above for
// unknown ones.
func newest(def seccomp.Action, p profile) []syscall {
	if def.Permits() {
		return nil
	}
	var names []string
	for nr, name := range sysno.All() {
		named := func(s syscall) bool { return slices.Contains(s.Names, name) }
		if nr >= pidfdSendSignal && !slices.ContainsFunc(p.Syscalls, named) {
			names = append(names, name)
		}
	}
	return []syscall{{Comment: "refused: the newest calls that were known when this was written", Names: names, Action: p.DefaultAction, ErrnoRet: p.DefaultErrnoRet}}
}

// pidfdSendSignal is the first of the numbers that all architectures share, 5.1's and later.
const pidfdSendSignal = 424

func indented(v any) ([]byte, error) {
	var b bytes.Buffer
	e := json.NewEncoder(&b)
	e.SetEscapeHTML(false)
	e.SetIndent("", "\t")
	err := e.Encode(v)
	return b.Bytes(), err
}

// actionOut is an action in the words of the specification.
func actionOut(a seccomp.Action) (name string, errno *uint, err error) {
	data := uint(a.Value() & abi.RetData)
	switch a.Value() & abi.RetActionFull {
	case abi.RetErrno:
		return "SCMP_ACT_ERRNO", &data, nil
	case abi.RetTrace:
		return "SCMP_ACT_TRACE", &data, nil
	case abi.RetTrap:
		return "SCMP_ACT_TRAP", nil, nil
	}
	for _, w := range actionWords {
		if w.action == a {
			return w.name, nil, nil
		}
	}
	return "", nil, fmt.Errorf("export: OCI has no action %s that needs nothing else", a)
}

var actionWords = [...]struct {
	name   string
	action seccomp.Action
}{
	{"SCMP_ACT_ALLOW", seccomp.Allow},
	{"SCMP_ACT_LOG", seccomp.Log},
	{"SCMP_ACT_KILL_PROCESS", seccomp.KillProcess},
	{"SCMP_ACT_KILL_THREAD", seccomp.UnsafeKillThread},
	{"SCMP_ACT_KILL", seccomp.UnsafeKillThread}, // an older name
}
