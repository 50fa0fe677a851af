// SPDX-License-Identifier: MIT

package vet

import (
	"fmt"
	"path/filepath"
	"slices"
	"strings"

	"golang.org/x/tools/go/ssa"

	"github.com/syscall-sandbox/sandbox"
	"github.com/syscall-sandbox/sandbox/cmd/sandboxvet/internal/flow"
	"github.com/syscall-sandbox/sandbox/seccomp"
)

// path is the way to a call, outermost first: where each call is made, and by whom.
func (v *Vetter) path(l reached) (lines []string) {
	lines = append(lines, v.line(l.Site, l.in.Fn))
	for s := l.last; s != nil; s = s.prev {
		line := v.line(s.edge.Site, s.edge.From.Fn)
		if s.edge.Kind != flow.Calls {
			line += " (another goroutine from here)"
		}
		lines = append(lines, line)
	}
	slices.Reverse(lines)
	return lines
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
