// SPDX-License-Identifier: MIT

package sandbox

import (
	"cmp"
	"fmt"
	"slices"
	"strconv"
	"strings"

	"github.com/syscall-sandbox/sandbox/internal/abi"
	"github.com/syscall-sandbox/sandbox/internal/gobase"
	"github.com/syscall-sandbox/sandbox/internal/sysno"
	"github.com/syscall-sandbox/sandbox/seccomp"
)

// What to change so that a refused call is permitted, as people are told it.

// remedyFor says what permits call where c is in force. With an empty chain, when only
// the call is known and not even its arguments, it names what has the call. It is
// empty if no policy of the chain refuses the call.
func remedyFor(call seccomp.Call, c chain) string {
	if why := neverPermitted(call); why != "" {
		return "nothing permits it: " + why
	}
	refusing := c.refusing(call)
	change, consequence := change(call, refusing)
	if len(c.layers) == 0 {
		return change + " permits it" + consequence + fallback(call) + builtinsFor(call, c)
	}
	if len(refusing) == 0 {
		return ""
	}
	return fmt.Sprintf("allow it in %s%s%s%s", placeOf(c, refusing, change), consequence, fallback(call), builtinsFor(call, c))
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
		if errno, ok := l.policy.answers()[call.Nr]; ok {
			f.Rules = append(f.Rules, errno)
		}
	}
	action, _ := f.ForPID(processID()).Decide(call)
	return action
}

// change is the builder's method that permits the call in all these layers, and what
// it opens.
func change(call seccomp.Call, refusing []layer) (method, consequence string) {
	name := call.Name()
	if makesProcess(call) && (len(refusing) == 0 || slices.ContainsFunc(refusing, func(l layer) bool { return !l.policy.makesProcesses() })) {
		if call.Nr != sysno.Execveat {
			name = "execve"
		}
		return fmt.Sprintf("Allow(%q)", name), "; with it any program can be executed, under the same filters"
	}
	if when := conditionsFor(call, refusing); when != "" {
		return fmt.Sprintf("AllowIf(%q, %s)", name, when), ""
	}
	method = fmt.Sprintf("Allow(%q)", name)
	if g := groupOf(call.Nr); g != nil && !slices.ContainsFunc(refusing, func(l layer) bool { return l.hasMostOf(g) }) {
		return fmt.Sprintf("Allow%s()", g.name), "; or only " + method
	}
	return method, ""
}

// makesProcess reports whether the call makes a process or executes a program; what
// clone makes with CLONE_THREAD is a thread.
func makesProcess(call seccomp.Call) bool {
	return createsProcess(call.Nr) && !(call.Nr == sysno.Clone && call.Args[0]&cloneThread != 0)
}

// conditionsFor are conditions that this call meets, on the arguments that the
// policies ask about: it is permitted for others. It is empty if they ask about none.
func conditionsFor(call seccomp.Call, refusing []layer) string {
	var asked, wide [6]bool
	for _, l := range refusing {
		for _, r := range l.policy.p.rules.conds {
			if r.nr != call.Nr {
				continue
			}
			for _, cond := range r.when {
				if i, is64, ok := argumentOf(cond); ok {
					asked[i], wide[i] = true, wide[i] || is64
				}
			}
		}
	}
	var conds []string
	for i, arg := range call.Args {
		switch {
		case !asked[i]:
		case wide[i]:
			conds = append(conds, fmt.Sprintf("seccomp.Arg64(%d).Is(%s)", i, number(arg)))
		case int32(arg) < 0 && int32(arg) >= -abi.MaxErrno: // a descriptor such as AT_FDCWD
			conds = append(conds, fmt.Sprintf("seccomp.Arg32(%d).Is(seccomp.Int(%d))", i, int32(arg)))
		default:
			conds = append(conds, fmt.Sprintf("seccomp.Arg32(%d).Is(%s)", i, number(uint64(uint32(arg)))))
		}
	}
	return strings.Join(conds, ", ")
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

func groupOf(nr uint32) *group {
	for _, g := range groups {
		if slices.ContainsFunc(g.calls, func(c groupCall) bool { return c.nr == nr }) {
			return g
		}
	}
	return nil
}

// hasMostOf reports whether the policy's own rules allow more than half of a group:
// then the one call is missing, not the group.
func (l layer) hasMostOf(g *group) bool {
	n := 0
	for _, c := range g.calls {
		if l.policy.p.rules.allowed.has(c.nr) {
			n++
		}
	}
	return 2*n > len(g.calls)
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

// builtinsFor names the narrowest built-in policies that permit the call, two at most.
func builtinsFor(call seccomp.Call, c chain) string {
	var fit []SyscallSandboxPolicy
	for _, p := range Policies() {
		// Those of the first phase permit nothing that no other does.
		if strings.HasPrefix(p.String(), "initialization") || slices.Contains(c.names, p.String()) {
			continue
		}
		if (layer{p, ScopeThread}).answer(call).Permits() {
			fit = append(fit, p)
		}
	}
	if len(fit) == 0 {
		if len(c.layers) == 0 {
			return "; no built-in policy permits it"
		}
		return ""
	}
	slices.SortStableFunc(fit, func(a, b SyscallSandboxPolicy) int { return cmp.Compare(a.breadth(), b.breadth()) })
	var names []string
	for _, p := range fit[:min(len(fit), 2)] {
		names = append(names, strconv.Quote(p.String()))
	}
	if len(names) == 1 {
		return "; built in, only " + names[0] + " permits it"
	}
	return "; built in, " + names[0] + " and " + names[1] + " permit it"
}

// breadth is how many calls a policy permits; that it is sealed makes none the better.
func (p SyscallSandboxPolicy) breadth() (n int) {
	set := p.permitted(ScopeThread)
	set.remove(sysno.Seccomp)
	for range set.all {
		n++
	}
	return n
}
