// SPDX-License-Identifier: MIT

// Package vet finds the places where a program puts policies on, what can run under each,
// and what of that the policy refuses.
package vet

import (
	"cmp"
	"fmt"
	"slices"
	"strings"

	"golang.org/x/tools/go/ssa"

	"github.com/syscall-sandbox/sandbox"
	"github.com/syscall-sandbox/sandbox/cmd/sandboxvet/internal/flow"
	"github.com/syscall-sandbox/sandbox/cmd/sandboxvet/internal/load"
	"github.com/syscall-sandbox/sandbox/cmd/sandboxvet/internal/policies"
	"github.com/syscall-sandbox/sandbox/internal/sysargs"
	"github.com/syscall-sandbox/sandbox/internal/sysno"
)

// A Report is what was found about one program.
type Report struct {
	Program string `json:"program"`
	Roles   []Role `json:"roles"`
	Ignored int    `json:"ignored"`
	// Useless are the comments that ignore nothing, or give no reason.
	Useless []string `json:"useless,omitempty"`
}

// A Role is code that runs under a policy.
type Role struct {
	Call     string    `json:"call"` // that puts the policy on
	Where    string    `json:"where"`
	Name     string    `json:"name,omitempty"` // of the thread; its format if it is made by fmt.Sprintf
	Policies []string  `json:"policies"`       // that may be put on there, usually one
	Calls    []Call    `json:"calls"`          // all that are reachable
	Findings []Finding `json:"findings,omitempty"`
	Escapes  []string  `json:"escapes,omitempty"`
	Unknown  []string  `json:"unknown,omitempty"`
	Unused   []string  `json:"unused,omitempty"`

	Values []policies.Alternative `json:"-"`
	Scope  sandbox.Scope          `json:"-"`

	// Strange is how many of the policies that may be put on are not known, and not ignored.
	Strange  int `json:"unknownPolicies,omitempty"`
	Pardoned int `json:"ignoredPolicies,omitempty"`
}

// A Call is a system call that is reachable.
type Call struct {
	Syscall string   `json:"syscall"`
	Text    string   `json:"text"` // with the arguments that are known
	Path    []string `json:"path"` // the shortest: file:line and function

	Nr   uint32    `json:"-"`
	Args knownArgs `json:"-"`

	way     reached
	ignored string
	earlier bool
}

// A Finding is a reachable call that a policy does not simply permit.
type Finding struct {
	Kind    string   `json:"kind"` // Refused, Partly, Answered
	Policy  string   `json:"policy"`
	Call    Call     `json:"call"`
	When    []string `json:"when,omitempty"`    // conditions under which the policy is one that refuses it: file:line and true or false
	Example string   `json:"example,omitempty"` // a call that is refused
	Remedy  string   `json:"remedy,omitempty"`
	Others  []string `json:"others,omitempty"`  // the same call with other arguments
	Ignored string   `json:"ignored,omitempty"` // the reason that the source gives
}

// Kinds of findings. Only the first fails a check.
const (
	Refused  = "refused"
	Earlier  = "refused if goroutines that libraries started before still run"
	Partly   = "refused for some arguments"
	Answered = "answered by an errno"
)

// Failures counts what makes a check fail: what is refused and not ignored, and policies
// that are not known and not ignored.
func (r *Report) Failures() (n int) {
	for _, role := range r.Roles {
		n += role.Strange
		for _, f := range role.Findings {
			if f.Kind == Refused && f.Ignored == "" {
				n++
			}
		}
	}
	return n
}

// A Vetter holds programs that were loaded together.
type Vetter struct {
	program *load.Program
	engine  *flow.Engine
	maker   *policies.Maker
	ignores ignores
	dir     string      // paths are told from here
	modules [][2]string // directories of modules, and what they are called

	roots []*flow.State   // of the program at hand
	own   map[string]bool // packages of its module
}

// New prepares the analysis of the programs.
func New(p *load.Program, dir string) *Vetter {
	e := flow.New(p, p.Mains)
	return &Vetter{program: p, engine: e, maker: &policies.Maker{Engine: e}, ignores: findIgnores(p), dir: dir, modules: p.Modules()}
}

// site is a place where a policy is put on, in all contexts that put on the same one.
type site struct {
	flow.Site
	states []*flow.State
}

// Report explores one program and compares every role with its policies.
func (v *Vetter) Report(main *ssa.Package) *Report {
	v.roots, v.own = v.engine.Explore(main), v.program.Own(main)
	r := &Report{Program: main.Pkg.Path()}
	everything := newWalk(true)
	for _, root := range v.roots {
		everything.begin(root, nil)
	}
	everything.run()
	for _, s := range v.sites(everything) {
		role := v.role(s, everything)
		r.Ignored += role.Pardoned
		for _, f := range role.Findings {
			if f.Ignored != "" {
				r.Ignored++
			}
		}
		r.Roles = append(r.Roles, role)
	}
	r.Useless = v.useless(main)
	return r
}

// sites are all places where policies are put on, in the order of the source.
func (v *Vetter) sites(w *walk) (list []*site) {
	byKey := make(map[string]*site)
	for s := range w.seen {
		for _, one := range s.Sites {
			key := fmt.Sprint(v.engine.Where(one.Instr), one.Name, one.Policy.Key())
			if byKey[key] == nil {
				byKey[key] = &site{Site: one}
				byKey[key].Roles = nil
			}
			byKey[key].Roles = append(byKey[key].Roles, one.Roles...)
			byKey[key].states = append(byKey[key].states, s)
		}
	}
	keys := make([]string, 0, len(byKey))
	for key := range byKey {
		keys = append(keys, key)
	}
	slices.Sort(keys)
	for _, key := range keys {
		s := byKey[key]
		flow.SortStates(s.states)
		flow.SortStates(s.Roles)
		list = append(list, s)
	}
	return list
}

// role works out what runs under the policy of a site.
func (v *Vetter) role(s *site, everything *walk) Role {
	role := Role{
		Call:  "sandbox." + s.Call[strings.LastIndexByte(s.Call, '.')+1:],
		Where: v.where(s.Instr), Name: s.Name, Scope: sandbox.ScopeThread,
	}
	if s.ofProcess() {
		role.Scope = sandbox.ScopeProcess
	}
	if s.Call == flow.CallGo && len(s.Roles) == 0 {
		role.Unknown = append(role.Unknown, "the function that runs, at "+role.Where)
	}
	v.policiesOf(s, &role)
	v.describe(v.walked(s, everything, nil), &role)
	v.ignoring(s, everything, &role)
	v.compare(&role)
	return role
}

func (s *site) ofProcess() bool { return s.Call == flow.CallSetup || s.Call == flow.CallProcess }

// walked is what runs under the policy of a site, without what is cut.
func (v *Vetter) walked(s *site, everything *walk, cut func(ssa.Instruction) bool) *walk {
	w := newWalk(s.ofProcess())
	w.cut = cut
	if s.Call == flow.CallGo {
		for _, root := range s.Roles {
			w.begin(root, nil)
		}
	} else {
		for _, state := range s.states {
			w.after(state, s.Instr)
		}
	}
	w.run()
	if w.whole {
		v.started(w, everything)
	}
	return w
}

// started adds the goroutines that were started before a policy of the process: those that
// the program itself starts, which may run for long, and those of libraries.
func (v *Vetter) started(w, everything *walk) {
	for _, w.earlier = range []bool{false, true} {
		for _, e := range everything.escapes {
			if w.cut != nil && w.cut(e.Site) {
				continue
			}
			if w.earlier || v.own[flow.PackagePath(e.From.Fn)] {
				w.begin(e.To, e)
			}
		}
		w.run()
	}
}

// policiesOf works out which policies may be put on at a site.
func (v *Vetter) policiesOf(s *site, role *Role) {
	if s.Policy == nil {
		role.Unknown = append(role.Unknown, "policy not known at "+role.Where)
		role.Strange++
		return
	}
	items := s.Policy.Items
	if len(items) == 0 && s.Call == flow.CallSetup {
		role.Values, role.Policies = []policies.Alternative{{Policy: sandbox.PolicyInitialization}}, []string{sandbox.PolicyInitialization.String()}
	}
	if len(items) == 0 && s.Call != flow.CallSetup {
		role.Unknown = append(role.Unknown, "policy not known at "+role.Where+": the zero policy")
		role.Strange++
	}
	for _, item := range items {
		alternatives, err := v.maker.Of(item)
		for _, a := range alternatives {
			if err = a.Policy.Err(); err != nil {
				break
			}
		}
		if err != nil {
			role.Unknown = append(role.Unknown, v.short(err.Error()))
			if v.ignoresPolicy(s, item) {
				role.Pardoned++
			} else {
				role.Strange++
			}
			continue
		}
		for _, a := range alternatives {
			for i := range a.When {
				a.When[i] = v.short(a.When[i])
			}
			role.Values = append(role.Values, a)
			role.Policies = append(role.Policies, a.Policy.String())
		}
	}
	slices.Sort(role.Policies)
	role.Policies = slices.Compact(role.Policies)
}

// describe notes what is reachable.
func (v *Vetter) describe(w *walk, role *Role) {
	seen := make(map[string]bool)
	for _, l := range w.leaves {
		k := known(l.Leaf)
		key := fmt.Sprint(l.Nr, k.key())
		if seen[key] {
			continue
		}
		seen[key] = true
		name, ok := sysno.Name(l.Nr)
		if !ok {
			name = fmt.Sprintf("syscall %d", l.Nr)
		}
		call := Call{Syscall: name, Text: text(name, l.Nr, k), Nr: l.Nr, Args: k}
		call.way, call.earlier = l, l.earlier
		call.Path = v.path(l)
		role.Calls = append(role.Calls, call)
	}
	slices.SortStableFunc(role.Calls, func(a, b Call) int { return cmp.Or(cmp.Compare(a.Nr, b.Nr), cmp.Compare(a.Text, b.Text)) })
	for _, e := range w.escapes {
		role.Escapes = append(role.Escapes, fmt.Sprintf("%s: %s", v.where(e.Site), name(e.To.Fn)))
	}
	for _, u := range w.unknown {
		role.Unknown = append(role.Unknown, fmt.Sprintf("%s: %s", v.where(u.Site), u.What))
	}
	for _, list := range []*[]string{&role.Escapes, &role.Unknown} {
		slices.Sort(*list)
		*list = slices.Compact(*list)
	}
}

// text is a call as people read it, with the arguments that are known.
func text(name string, nr uint32, k knownArgs) string {
	args := make([]string, 0, 6)
	last := 0
	for i := range k {
		values := make([]string, 0, len(k[i]))
		for _, n := range k[i] {
			values = append(values, sysargs.FormatArg(nr, i, n))
		}
		if len(values) == 0 {
			values = []string{"_"}
		} else {
			last = i + 1
		}
		args = append(args, strings.Join(values, " or "))
	}
	if last == 0 {
		return name
	}
	return name + "(" + strings.Join(args[:min(sysargs.Count(nr), 6)], ", ") + ")"
}
