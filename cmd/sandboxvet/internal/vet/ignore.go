// SPDX-License-Identifier: MIT

package vet

import (
	"fmt"
	"go/ast"
	"go/token"
	"regexp"
	"slices"
	"strings"

	"golang.org/x/tools/go/packages"
	"golang.org/x/tools/go/ssa"

	"github.com/syscall-sandbox/sandbox/cmd/sandboxvet/internal/flow"
	"github.com/syscall-sandbox/sandbox/cmd/sandboxvet/internal/load"
)

// A comment "//sandboxvet:ignore close,read REASON" says that no execution makes these calls
// by way of its line, or of the next line of code if it stands alone: the analysis goes on
// without the calls of that line. So what can be reached by another way is still found. At the
// line where a policy is put on, it is for all that runs under that policy. "read@shutoff" is
// only for places that put on the policy shutoff, "*@shutoff" for all calls there: for a
// goroutine that has ended by then. "policy" is for a policy that is not known.

// ignores are the comments by the file:line that they are for.
type ignores map[string][]*ignore

type ignore struct {
	calls  []string
	reason string
	at     token.Position
	used   bool
}

var ignoreComment = regexp.MustCompile(`^//sandboxvet:ignore(?:\s+(\S+))?(?:\s+(\S.*))?$`)

// findIgnores reads the comments of all packages.
func findIgnores(p *load.Program) ignores {
	found := make(ignores)
	for _, pkg := range p.Packages {
		for _, file := range pkg.Syntax {
			for _, group := range file.Comments {
				for _, c := range group.List {
					if m := ignoreComment.FindStringSubmatch(c.Text); m != nil {
						line := p.SSA.Fset.Position(c.Pos()).Line
						if !codeBefore(p.SSA.Fset, file, c) {
							line = p.SSA.Fset.Position(group.End()).Line + 1
						}
						found.note(m, p.SSA.Fset.Position(c.Pos()), line)
					}
				}
			}
		}
	}
	return found
}

func (i ignores) note(m []string, at token.Position, line int) {
	key := fmt.Sprintf("%s:%d", at.Filename, line)
	i[key] = append(i[key], &ignore{calls: strings.Split(m[1], ","), reason: m[2], at: at})
}

// codeBefore reports whether there is code on the line of a comment.
func codeBefore(files *token.FileSet, file *ast.File, c *ast.Comment) (code bool) {
	line := files.Position(c.Pos()).Line
	ast.Inspect(file, func(n ast.Node) bool {
		if n == nil || code {
			return false
		}
		switch n.(type) {
		case *ast.Comment, *ast.CommentGroup:
			return false
		}
		code = n.Pos() < c.Pos() && (files.Position(n.Pos()).Line == line || files.Position(n.End()).Line == line && n.End() <= c.Pos())
		return !code
	})
	return code
}

// at is the comment that ignores a call on a line under one of the policies; one without a
// reason does not count.
func (i ignores) at(p token.Position, call string, policies []string) *ignore {
	for _, one := range i[fmt.Sprintf("%s:%d", p.Filename, p.Line)] {
		if one.reason != "" && slices.ContainsFunc(one.calls, func(c string) bool { return ignoresCall(c, call, policies) }) {
			return one
		}
	}
	return nil
}

func ignoresCall(what, call string, policies []string) bool {
	name, policy, only := strings.Cut(what, "@")
	if only {
		return (name == call || name == "*") && slices.Contains(policies, policy)
	}
	return name == call
}

// useless are the comments in a program's own packages that ignore nothing, and why.
func (v *Vetter) useless(main *ssa.Package) (list []string) {
	own := v.ownFiles(main)
	for _, comments := range v.ignores {
		for _, one := range comments {
			where := fmt.Sprintf("%s:%d", v.short(one.at.Filename), one.at.Line)
			switch {
			case one.reason == "" && own[one.at.Filename]:
				list = append(list, where+": an ignore without a reason does not count")
			case one.reason != "" && !one.used && own[one.at.Filename]:
				list = append(list, fmt.Sprintf("%s: nothing to ignore: %s", where, strings.Join(one.calls, ",")))
			}
		}
	}
	slices.Sort(list)
	return slices.Compact(list)
}

// cut is for a walk without what comments take out of the way to a call.
func (v *Vetter) cut(call string, policies []string) func(ssa.Instruction) bool {
	return func(site ssa.Instruction) bool {
		one := v.ignores.at(v.engine.Where(site), call, policies)
		if one != nil {
			one.used = true
		}
		return one != nil
	}
}

// ignoring finds out what of a role is reached only by ways that comments take out: for each
// call of which the shortest way has a comment, the role is walked again without them.
func (v *Vetter) ignoring(s *site, everything *walk, role *Role) {
	for i := range role.Calls {
		call := &role.Calls[i]
		if one := v.ignores.at(v.engine.Where(s.Instr), call.Syscall, role.Policies); one != nil {
			one.used, call.ignored = true, one.reason
			continue
		}
		v.ignorePath(s, everything, call, role.Policies)
	}
}

// ignoresPolicy reports whether a comment says that a policy which is not known need not be: at
// the line where it is put on or that makes it.
func (v *Vetter) ignoresPolicy(s *site, item flow.Item) bool {
	at := []token.Position{v.engine.Where(s.Instr)}
	if instr, ok := item.Origin().(ssa.Instruction); ok {
		at = append(at, v.engine.Where(instr))
	}
	for _, p := range at {
		if one := v.ignores.at(p, "policy", nil); one != nil {
			one.used = true
			return true
		}
	}
	return false
}

// ignorePath takes the shortest way that is left; if there is none, the call is ignored.
func (v *Vetter) ignorePath(s *site, everything *walk, call *Call, policies []string) {
	one := v.ignoredOn(call, policies)
	if one == nil {
		return
	}
	one.used = true
	for _, l := range v.walked(s, everything, v.cut(call.Syscall, policies)).leaves {
		if l.Nr == call.Nr && known(l.Leaf).key() == call.Args.key() {
			call.way, call.earlier = l, l.earlier
			call.Path = v.path(l)
			return
		}
	}
	call.ignored = one.reason
}

// ignoredOn is the comment on the way to a call.
func (v *Vetter) ignoredOn(call *Call, policies []string) *ignore {
	if one := v.ignores.at(v.engine.Where(call.way.Site), call.Syscall, policies); one != nil {
		return one
	}
	for s := call.way.last; s != nil; s = s.prev {
		if one := v.ignores.at(v.engine.Where(s.edge.Site), call.Syscall, policies); one != nil {
			return one
		}
	}
	return nil
}

// ownFiles are the files of a program's module that are linked into it.
func (v *Vetter) ownFiles(main *ssa.Package) map[string]bool {
	files := make(map[string]bool)
	packages.Visit([]*packages.Package{v.program.Packages[main.Pkg.Path()]}, nil, func(pkg *packages.Package) {
		if v.own[pkg.PkgPath] {
			for _, f := range pkg.CompiledGoFiles {
				files[f] = true
			}
		}
	})
	return files
}
