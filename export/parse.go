// SPDX-License-Identifier: MIT

package export

import (
	"encoding/json"
	"errors"
	"fmt"
	"math"
	"slices"

	"github.com/syscall-sandbox/sandbox/internal/abi"
	"github.com/syscall-sandbox/sandbox/internal/sysno"
	"github.com/syscall-sandbox/sandbox/seccomp"
)

// ParseOCI reads the seccomp part of an OCI runtime specification, as runc and libseccomp
// 2.5 understand it on x86-64: names that do not exist there are skipped, a rule without
// conditions makes those with conditions of the same call void, several conditions on one
// argument are alternatives. The losses list what is skipped or void.
//
// Numbers that this library does not know get what runc gives them: ENOSYS where the
// default is an errno, else the default. Errors: text that is no profile, another architecture,
// and overlapping rules of one call with different actions, of which libseccomp chooses one.
func ParseOCI(text []byte) (seccomp.Filter, []Loss, error) {
	var p profile
	if err := json.Unmarshal(text, &p); err != nil {
		return seccomp.Filter{}, nil, fmt.Errorf("export: no OCI profile: %w", err)
	}
	if len(p.Architectures) > 0 && !slices.Contains(p.Architectures, archX86_64) {
		return seccomp.Filter{}, nil, fmt.Errorf("export: the profile is for %v, not for %s", p.Architectures, archX86_64)
	}
	return p.filter()
}

// filter reads a profile whose entries all count.
func (p profile) filter() (f seccomp.Filter, losses []Loss, err error) {
	if f.Default, err = actionIn(p.DefaultAction, p.DefaultErrnoRet); err != nil {
		return f, nil, err
	}
	f.Unknown = f.Default
	if f.Default.Value()&abi.RetActionFull == abi.RetErrno {
		f.Unknown = seccomp.Errno(abi.ENOSYS)
	}
	var errs []error
	byCall := make(map[string][]seccomp.Rule)
	for _, s := range p.Syscalls {
		rules, err := s.rules()
		errs = append(errs, err)
		for _, name := range s.Names {
			if _, known := sysno.Number(name); !known {
				losses = append(losses, Loss{Call: name, What: "linux/amd64 has no such call, or this library does not know it: skipped"})
				continue
			}
			for _, r := range rules {
				r.Call = name
				byCall[name] = append(byCall[name], r)
			}
		}
	}
	for _, name := range sysno.All() {
		rules, void, err := settle(byCall[name], f.Default)
		if void > 0 {
			losses = append(losses, Loss{Call: name, What: fmt.Sprintf("%d entries that change nothing", void)})
		}
		errs = append(errs, err)
		f.Rules = append(f.Rules, rules...)
	}
	return f, losses, errors.Join(errs...)
}

// settle makes of the entries for one call rules in whose order the first that matches
// answers.
func settle(rules []seccomp.Rule, def seccomp.Action) (settled []seccomp.Rule, void int, err error) {
	n := len(rules)
	rules = slices.DeleteFunc(rules, func(r seccomp.Rule) bool { return r.Action == def })
	if i := slices.IndexFunc(rules, func(r seccomp.Rule) bool { return len(r.When) == 0 }); i >= 0 {
		for _, r := range rules {
			if len(r.When) == 0 && r.Action != rules[i].Action {
				return nil, 0, fmt.Errorf("export: %s has two answers: %s and %s", r.Call, rules[i].Action, r.Action)
			}
		}
		return rules[i : i+1], n - 1, nil
	}
	for i, r := range rules {
		if err := overlaps(rules[:i], r); err != nil {
			return nil, 0, err
		}
	}
	settled = reached(rules)
	return settled, n - len(settled), nil
}

// overlaps is an error if an earlier rule has another answer to calls that r matches.
func overlaps(earlier []seccomp.Rule, r seccomp.Rule) error {
	cubes, err := product(r.When)
	if err != nil {
		return err
	}
	for _, e := range earlier {
		others, err := product(e.When)
		if err != nil {
			return err
		}
		for _, o := range others {
			if e.Action != r.Action && len(subtract(cubes, o)) != len(cubes) {
				return fmt.Errorf("export: %s: rules with the answers %s and %s overlap", r.Call, e.Action, r.Action)
			}
		}
	}
	return nil
}

// reached leaves out the rules of a call that answer nothing, because others do.
func reached(rules []seccomp.Rule) []seccomp.Rule {
	for {
		_, err := seccomp.Filter{Rules: rules}.Compile()
		joined, ok := err.(interface{ Unwrap() []error })
		if !ok {
			return rules
		}
		void := make(map[int]bool)
		for _, err := range joined.Unwrap() {
			var mistake *seccomp.RuleError
			if errors.As(err, &mistake) {
				void[mistake.Index] = true
			}
		}
		if len(void) == 0 {
			return rules
		}
		left := rules[:0:0]
		for i, r := range rules {
			if !void[i] {
				left = append(left, r)
			}
		}
		rules = left
	}
}

// rules are those of an entry, without the call's name.
func (s syscall) rules() ([]seccomp.Rule, error) {
	action, err := actionIn(s.Action, s.ErrnoRet)
	if err != nil {
		return nil, err
	}
	var when []seccomp.Cond
	seen, alternatives := make(map[uint]bool), false
	for _, a := range s.Args {
		c, err := a.cond()
		if err != nil {
			return nil, fmt.Errorf("export: %v: %w", s.Names, err)
		}
		alternatives = alternatives || seen[a.Index]
		seen[a.Index] = true
		when = append(when, c)
	}
	if !alternatives {
		return []seccomp.Rule{{When: when, Action: action, Reason: s.Comment}}, nil
	}
	var rules []seccomp.Rule
	for _, c := range when {
		rules = append(rules, seccomp.Rule{When: []seccomp.Cond{c}, Action: action, Reason: s.Comment})
	}
	return rules, nil
}

func (a arg) cond() (seccomp.Cond, error) {
	if a.Index > 5 {
		return seccomp.Cond{}, fmt.Errorf("a call has arguments 0 to 5, not %d", a.Index)
	}
	whole := seccomp.Arg64(int(a.Index))
	switch a.Op {
	case opEqual:
		return whole.Is(a.Value), nil
	case "SCMP_CMP_NE":
		return whole.Not(a.Value), nil
	case "SCMP_CMP_LT":
		return whole.Less(a.Value), nil
	case "SCMP_CMP_LE":
		return whole.LessOrEqual(a.Value), nil
	case "SCMP_CMP_GE":
		return whole.GreaterOrEqual(a.Value), nil
	case "SCMP_CMP_GT":
		return whole.Greater(a.Value), nil
	case opMasked:
		return a.masked(), nil
	}
	return seccomp.Cond{}, fmt.Errorf("unknown comparison %q", a.Op)
}

// masked reads a comparison of the lower half as one of an int.
func (a arg) masked() seccomp.Cond {
	mask, value := a.Value, a.ValueTwo&a.Value
	switch half := seccomp.Arg32(int(a.Index)); {
	case mask == math.MaxUint32:
		return half.Is(value)
	case mask < math.MaxUint32:
		return half.Masked(mask, value)
	}
	return seccomp.Arg64(int(a.Index)).Masked(mask, value)
}

// actionIn is the inverse of actionOut. Without a number ERRNO and TRACE have EPERM.
func actionIn(name string, data *uint) (seccomp.Action, error) {
	number := uint(abi.EPERM)
	if data != nil {
		number = *data
	}
	if number > math.MaxUint16 {
		return 0, fmt.Errorf("export: errnoRet %d is more than the kernel takes", number)
	}
	switch name {
	case "SCMP_ACT_ERRNO":
		return seccomp.Errno(uint16(number)), nil
	case "SCMP_ACT_TRACE":
		return seccomp.Trace(uint16(number)), nil
	case "SCMP_ACT_TRAP":
		return seccomp.Trap(0), nil
	}
	for _, w := range actionWords {
		if w.name == name {
			return w.action, nil
		}
	}
	return 0, fmt.Errorf("export: unknown action %q", name)
}
