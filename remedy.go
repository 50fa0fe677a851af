// SPDX-License-Identifier: MIT

package sandbox

import (
	"cmp"
	"fmt"
	"math"
	"slices"
	"strconv"
	"strings"

	"github.com/syscall-sandbox/sandbox/internal/abi"
	"github.com/syscall-sandbox/sandbox/internal/gobase"
	"github.com/syscall-sandbox/sandbox/internal/sysargs"
	"github.com/syscall-sandbox/sandbox/internal/sysno"
	"github.com/syscall-sandbox/sandbox/seccomp"
)

// What to change so that a refused call is permitted, as people are told it.

// A refusedCall is a call that is refused where the chain is in force.
type refusedCall struct {
	seccomp.Call
	chain    chain
	refusing []layer // layers of the chain, those that refuse it
	known    bool    // its arguments, which a line of the audit log and an error do not have
}

// remedyFor says what permits call where c is in force. With an empty chain, when only
// the call is known and not even its arguments, it names what has the call. It is
// empty if no policy of the chain refuses the call.
func remedyFor(call seccomp.Call, c chain) string {
	return refusedCall{call, c, c.refusing(call), len(c.layers) > 0}.remedy()
}

func (r refusedCall) remedy() string {
	if why := neverPermitted(r.Call); why != "" {
		return "nothing permits it: " + why
	}
	if len(r.chain.layers) > 0 && len(r.refusing) == 0 {
		return ""
	}
	change, consequence := r.change()
	consequence += fallback(r.Call) + r.builtins()
	if len(r.chain.layers) == 0 {
		return change + " permits it" + consequence
	}
	return "allow it in " + placeOf(r.chain, r.refusing, change) + consequence
}

// neverPermitted says why no builder can allow a call, or returns "".
func neverPermitted(call seccomp.Call) string {
	switch {
	case call.Arch != abi.AuditArchX86_64:
		return "calls of another architecture, such as those by int 0x80, end the process under every policy"
	case int32(call.Nr) >= abi.X32Bit:
		return "calls of the x32 ABI end the process under every policy"
	case call.Name() == "":
		return "this version of the library does not know the number, and answers ENOSYS as an older kernel would"
	case call.Nr == sysno.RtSigaction && uint32(call.Args[0]) == abi.SIGSYS:
		return "the handler of SIGSYS reports violations and stays in its place"
	case call.Nr == sysno.RtSigqueueinfo || call.Nr == sysno.RtTgsigqueueinfo:
		return "it can forge the signal that reports a violation; kill and tgkill send signals too"
	case call.Nr == sysno.PidfdSendSignal && call.Args[2] != 0:
		return "with a siginfo it can forge the signal that reports a violation"
	}
	return ""
}

// refusing are the layers of the chain whose filters do not permit the call, outermost
// first.
func (c chain) refusing(call seccomp.Call) (refusing []layer) {
	for _, l := range c.layers {
		if !l.answer(call).Permits() {
			refusing = append(refusing, l)
		}
	}
	return refusing
}

// answer is what the layer's filter says to one call, without making the whole filter;
// one that is refused without an errno is killed here, whatever the action of the
// sandbox makes of it.
func (l layer) answer(call seccomp.Call) seccomp.Action {
	f := seccomp.Filter{Unknown: seccomp.Errno(abi.ENOSYS)}
	if l.policy.permitted(l.scope).has(call.Nr) {
		f.Default = seccomp.Allow
	} else {
		f.Rules = l.policy.conditional(call.Nr, l.scope)
		if !l.policy.namesErrno(call.Nr) {
			f.Rules = append(f.Rules, l.policy.softened(call.Nr, l.scope)...)
		}
		if errno, ok := l.policy.answer(call.Nr); ok {
			f.Rules = append(f.Rules, errno)
		}
	}
	action, _ := f.ForPID(processID()).Decide(call)
	return action
}

// change is the builder's method that permits the call in all these layers, and what
// it opens or what else would do.
func (r refusedCall) change() (method, consequence string) {
	if method := r.process(); method != "" {
		return method, "; with it any program can be executed, under the same filters"
	}
	if r.Nr == sysno.Seccomp && slices.ContainsFunc(r.refusing, func(l layer) bool { return l.policy.sealed() }) {
		consequence = "; then it is sealed no longer"
	}
	switch by := r.groups(); {
	case len(by) == 0 || !by[0].narrow && slices.ContainsFunc(r.refusing, func(l layer) bool { return l.hasMostOf(by[0].group) }):
		return r.only(), consequence
	case by[0].narrow && !r.known:
		others := ""
		for _, f := range by[1:] {
			others += f.method() + " or "
		}
		return by[0].method(), "; or " + others + r.only() + ": the arguments decide, which are not known here" + consequence
	case len(by[0].calls) == 1 && (!by[0].narrow || by[0].group == &groupProcessPolicies): // no other would be narrower
		return by[0].method(), consequence
	default:
		return by[0].method(), "; or only " + r.only() + consequence
	}
}

// process is what permits a call that makes a process, where a policy permits none: to
// execute a program, and the call too.
func (r refusedCall) process() string {
	some := func(is func(l layer) bool) bool { return len(r.refusing) == 0 || slices.ContainsFunc(r.refusing, is) }
	switch {
	case !makesProcess(r.Call) || !some(func(l layer) bool { return !l.policy.makesProcesses() }):
		return ""
	case r.Nr == sysno.Execve || r.Nr == sysno.Execveat:
		return fmt.Sprintf("Allow(%q)", r.Name())
	case some(func(l layer) bool { return !l.policy.p.rules.allowed.has(r.Nr) }):
		return `AllowProcessStartOrDeath().Allow("execve")`
	}
	return `Allow("execve")`
}

// makesProcess reports whether the call makes a process or executes a program; what
// clone makes with CLONE_THREAD is a thread.
func makesProcess(call seccomp.Call) bool {
	return createsProcess(call.Nr) && !(call.Nr == sysno.Clone && call.Args[0]&cloneThread != 0)
}

// only is what permits this call and no other: on conditions where the policies ask
// about its arguments, or the library does.
func (r refusedCall) only() string {
	masks, chosen := r.asked(), chosenOf(r.Nr)
	switch {
	case masks == [6]uint64{} && !makesProcess(r.Call) && conditioned(r.Nr):
		masks = chosen
	case chosen != [6]uint64{}: // what only goes with a choice, as the flags of F_SETFL, says nothing about another
		for i := range masks {
			masks[i] &= chosen[i]
		}
	}
	conds := ""
	for i, arg := range r.Args {
		switch {
		case masks[i] == 0 || !r.known:
		case masks[i] > math.MaxUint32:
			conds += fmt.Sprintf(", seccomp.Arg64(%d).Is(%s)", i, number(arg))
		case int32(arg) < 0 && int32(arg) >= -abi.MaxErrno: // a descriptor such as AT_FDCWD
			conds += fmt.Sprintf(", seccomp.Arg32(%d).Is(seccomp.Int(%d))", i, int32(arg))
		default:
			conds += fmt.Sprintf(", seccomp.Arg32(%d).Is(%s)", i, number(uint64(uint32(arg))))
		}
	}
	if conds == "" {
		return fmt.Sprintf("Allow(%q)", r.Name())
	}
	return fmt.Sprintf("AllowIf(%q%s)", r.Name(), conds)
}

// chosenOf are the bits of the arguments that choose what a call does.
func chosenOf(nr uint32) (masks [6]uint64) {
	for i := range masks {
		masks[i] = sysargs.Chosen(nr, i)
	}
	return masks
}

// asked are the bits of the arguments that the policies ask about: the call is permitted
// for others.
func (r refusedCall) asked() (masks [6]uint64) {
	for _, l := range r.refusing {
		for _, rule := range l.policy.p.rules.conds {
			if rule.nr != r.Nr {
				continue
			}
			for _, cond := range rule.when {
				if i, is64, ok := argumentOf(cond); ok && is64 {
					masks[i] = math.MaxUint64
				} else if ok {
					masks[i] |= math.MaxUint32
				}
			}
		}
	}
	return masks
}

// conditioned reports whether the library has conditions of its own for a call: in a group
// for node code, in the runtime's share or in what puts on the next policy.
func conditioned(nr uint32) bool {
	return slices.ContainsFunc(nodeGroups[:], func(g *group) bool { return g.narrows(nr) }) ||
		slices.ContainsFunc(runtimeRulesOf(nr, ScopeProcess), func(r seccomp.Rule) bool { return r.When != nil }) ||
		slices.ContainsFunc(nextPolicy[:], func(r conditionRule) bool { return r.nr == nr })
}

// argumentOf reads which argument a condition is about from its text, which is the
// form that stays: "arg0:32 == 0x2".
func argumentOf(c seccomp.Cond) (i int, wide, ok bool) {
	name, _, _ := strings.Cut(c.String(), " ")
	digit, narrow := strings.CutSuffix(strings.TrimPrefix(name, "arg"), ":32")
	i, err := strconv.Atoi(digit)
	return i, !narrow, err == nil && i >= 0 && i < abi.NumArgs
}

// number is decimal where people count and hexadecimal where they look at bits.
func number(v uint64) string {
	if v < 256 {
		return strconv.FormatUint(v, 10)
	}
	return fmt.Sprintf("%#x", v)
}

// placeOf says where to make the change: in every policy that refuses the call, the
// outer first.
func placeOf(c chain, refusing []layer, change string) string {
	var names []string
	for _, l := range refusing {
		names = append(names, strconv.Quote(l.policy.String()))
	}
	if len(names) > 1 {
		last := len(names) - 1
		return fmt.Sprintf("policies %s and %s, for the later can only narrow the earlier: %s in each",
			strings.Join(names[:last], ", "), names[last], change)
	}
	only := refusing[0].policy
	builder := "b"
	if variable := builtinVariable(only); variable != "" {
		builder = variable + ".Builder()"
	}
	scope := ""
	if only == c.layers[0].policy && len(c.layers) > 1 {
		scope = ", the outermost"
	}
	return fmt.Sprintf("policy %s%s: NewPolicy(%s, %s.%s)", names[0], scope, names[0], builder, change)
}

// builtinVariable is the name of a built-in policy's variable, or "" if p is none,
// whatever its name.
func builtinVariable(p SyscallSandboxPolicy) string {
	if !slices.Contains(Policies(), p) {
		return ""
	}
	variable := "Policy"
	for word := range strings.SplitSeq(p.String(), "-") {
		switch word {
		case "dns", "http":
			word = strings.ToUpper(word)
		default:
			word = strings.ToUpper(word[:1]) + word[1:]
		}
		variable += word
	}
	return variable
}

// fallback says where the refusal is one that callers expect.
func fallback(call seccomp.Call) string {
	for a := range gobase.Answers() {
		if a.Nr == call.Nr && a.Errno != abi.EPERM {
			return "; or leave it: " + a.Why
		}
	}
	return ""
}

// builtins names the narrowest built-in policies that permit the call, two at most: those
// for start-up only where no other does, the union of all where nothing is in force.
func (r refusedCall) builtins() string {
	by := slices.DeleteFunc(Policies(), func(p SyscallSandboxPolicy) bool {
		return p == PolicyInitialization && len(r.chain.layers) > 0 || slices.Contains(r.chain.names, p.String()) || !r.permittedBy(p)
	})
	startUp := func(p SyscallSandboxPolicy) bool { return strings.HasPrefix(p.String(), "initialization") }
	if steady := slices.DeleteFunc(slices.Clone(by), startUp); len(steady) > 0 {
		by = steady
	}
	switch {
	case len(by) == 0 && len(r.chain.layers) > 0:
		return ""
	case len(by) == 0:
		return "; no built-in policy permits it"
	}
	refuses := func(p SyscallSandboxPolicy) int {
		return len(chain{layers: []layer{{p, ScopeThread}}}.refusing(r.Call))
	}
	slices.SortStableFunc(by, func(a, b SyscallSandboxPolicy) int {
		return cmp.Or(cmp.Compare(refuses(a), refuses(b)), cmp.Compare(a.breadth(), b.breadth()))
	})
	by = by[:min(len(by), 2)]
	some := ""
	if !r.known && slices.ContainsFunc(by, func(p SyscallSandboxPolicy) bool { return !p.permitted(ScopeThread).has(r.Nr) }) {
		some = " with some arguments"
	}
	if len(by) == 1 {
		return fmt.Sprintf("; built in, %q permits it%s", by[0], some)
	}
	return fmt.Sprintf("; built in, %q and %q permit it%s", by[0], by[1], some)
}

// permittedBy reports whether a policy permits the call; if its arguments are not known,
// with some of them.
func (r refusedCall) permittedBy(p SyscallSandboxPolicy) bool {
	if !r.known && !makesProcess(r.Call) {
		return p.permitted(ScopeThread).union(p.partly(ScopeThread)).has(r.Nr)
	}
	return layer{p, ScopeThread}.answer(r.Call).Permits()
}

// breadth is how many calls a policy permits; that it is sealed makes none the better.
func (p SyscallSandboxPolicy) breadth() (n int) {
	set := p.permitted(ScopeThread).union(p.partly(ScopeThread))
	set.remove(sysno.Seccomp)
	for range set.all {
		n++
	}
	return n
}
