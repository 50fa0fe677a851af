// SPDX-License-Identifier: MIT

package vet

import (
	"fmt"
	"go/token"
	"path/filepath"
	"regexp"
	"slices"
	"strings"

	"golang.org/x/tools/go/ssa"

	"github.com/syscall-sandbox/sandbox"
	"github.com/syscall-sandbox/sandbox/cmd/sandboxvet/internal/flow"
	"github.com/syscall-sandbox/sandbox/cmd/sandboxvet/internal/load"
	"github.com/syscall-sandbox/sandbox/seccomp"
)

// path is the way to a call, outermost first: where each call is made, and by whom; and the
// reason to ignore it, if a line of it has one.
func (v *Vetter) path(l reached, call string) (lines []string, ignored string) {
	lines = append(lines, v.line(l.Site, l.in.Fn))
	ignored = v.ignores.at(v.engine.Where(l.Site), call)
	for s := l.last; s != nil; s = s.prev {
		if ignored == "" {
			ignored = v.ignores.at(v.engine.Where(s.edge.Site), call)
		}
		line := v.line(s.edge.Site, s.edge.From.Fn)
		if s.edge.Kind != flow.Calls {
			line += " (another goroutine from here)"
		}
		lines = append(lines, line)
	}
	slices.Reverse(lines)
	return lines, ignored
}

func (v *Vetter) line(site ssa.Instruction, fn *ssa.Function) string {
	return v.where(site) + ": " + name(fn)
}

// where is a position, told from the directory of the program and from Go's own where it
// is in them.
func (v *Vetter) where(site ssa.Instruction) string {
	p := v.engine.Where(site)
	return fmt.Sprintf("%s:%d", v.short(p.Filename), p.Line)
}

func (v *Vetter) short(text string) string {
	text = strings.ReplaceAll(text, v.dir+string(filepath.Separator), "")
	for _, m := range v.modules {
		text = strings.ReplaceAll(text, m[0]+string(filepath.Separator), m[1]+"/")
	}
	if root := v.engine.Root(); root != "" {
		text = strings.ReplaceAll(text, root+"/src/", "$GOROOT/")
	}
	return text
}

// name is a function as people read it.
func name(fn *ssa.Function) string {
	return strings.ReplaceAll(fn.String(), flow.SandboxPath+".", "sandbox.")
}

// remedy is the narrowest group of the builder that permits a call, and the call alone.
func remedy(call string, witness seccomp.Call) string {
	best, size := "", 0
	for _, g := range sandbox.Groups() {
		f := seccomp.Filter{}
		for _, r := range g.Rules {
			if r.Call == call {
				f.Rules = append(f.Rules, r)
			}
		}
		if a, _ := f.Decide(witness); a.Permits() && (best == "" || len(g.Rules) < size) {
			best, size = g.Name, len(g.Rules)
		}
	}
	if best == "" {
		return fmt.Sprintf("Allow(%q); no group has it", call)
	}
	return fmt.Sprintf("Allow%s() or Allow(%q)", best, call)
}

// ignores are the comments that say that a path is not taken, by file:line.
type ignores map[string]ignore

type ignore struct{ call, reason string }

var ignoreComment = regexp.MustCompile(`^//sandboxvet:ignore\s+(\S+)\s+(\S.*)$`)

// findIgnores reads the comments of all packages. Each is for its own line and the next.
func findIgnores(p *load.Program) ignores {
	found := make(ignores)
	for _, pkg := range p.Packages {
		for _, file := range pkg.Syntax {
			for _, group := range file.Comments {
				for _, c := range group.List {
					found.note(c.Text, p.SSA.Fset.Position(c.Pos()))
				}
			}
		}
	}
	return found
}

func (i ignores) note(comment string, at token.Position) {
	m := ignoreComment.FindStringSubmatch(comment)
	if m == nil {
		return
	}
	for line := at.Line; line <= at.Line+1; line++ {
		i[fmt.Sprintf("%s:%d", at.Filename, line)] = ignore{m[1], m[2]}
	}
}

// at is the reason to ignore a call whose path goes through a line.
func (i ignores) at(p token.Position, call string) string {
	if found, ok := i[fmt.Sprintf("%s:%d", p.Filename, p.Line)]; ok && found.call == call {
		return found.reason
	}
	return ""
}
