// SPDX-License-Identifier: MIT

// Package load reads a program with all that it is linked with, the standard library
// included, as SSA for linux/amd64.
package load

import (
	"cmp"
	"errors"
	"fmt"
	"os"
	"slices"
	"strings"

	"golang.org/x/tools/go/packages"
	"golang.org/x/tools/go/ssa"
	"golang.org/x/tools/go/ssa/ssautil"
)

// Options say what to read.
type Options struct {
	Dir      string            // where patterns begin; "": here
	Patterns []string          // as for go build
	Tags     []string          // build tags
	CGO      bool              // read the files that need a C compiler
	Overlay  map[string][]byte // files that are read instead of those on disk
}

// A Program is what was read.
type Program struct {
	SSA      *ssa.Program
	Mains    []*ssa.Package // those of the patterns, in their order
	Packages map[string]*packages.Package
}

// Load reads the programs of the patterns. It is an error if one does not type-check, or
// if none is package main.
func Load(o Options) (*Program, error) {
	cfg := &packages.Config{Mode: packages.LoadAllSyntax | packages.NeedModule, Dir: o.Dir, Env: environment(o.CGO), Overlay: o.Overlay}
	if len(o.Tags) > 0 {
		cfg.BuildFlags = []string{"-tags=" + strings.Join(o.Tags, ",")}
	}
	initial, err := packages.Load(cfg, o.Patterns...)
	if err != nil {
		return nil, err
	}
	p := &Program{Packages: make(map[string]*packages.Package)}
	var errs []error
	packages.Visit(initial, nil, func(pkg *packages.Package) {
		p.Packages[pkg.PkgPath] = pkg
		for _, e := range pkg.Errors {
			errs = append(errs, fmt.Errorf("%s: %w", pkg.PkgPath, e))
		}
	})
	if len(errs) > 0 {
		return nil, errors.Join(errs...)
	}
	var roots []*ssa.Package
	p.SSA, roots = ssautil.AllPackages(initial, ssa.InstantiateGenerics)
	p.SSA.Build()
	for _, pkg := range roots {
		if pkg != nil && pkg.Pkg.Name() == "main" && pkg.Func("main") != nil {
			p.Mains = append(p.Mains, pkg)
		}
	}
	if len(p.Mains) == 0 {
		return nil, errors.New("no package main among " + strings.Join(o.Patterns, " "))
	}
	return p, nil
}

// environment is the caller's, but for the system that policies are for.
func environment(cgo bool) []string {
	env := append(os.Environ(), "GOOS=linux", "GOARCH=amd64", "CGO_ENABLED=0")
	if cgo {
		env = append(env, "CGO_ENABLED=1")
	}
	return env
}

// Own are the packages of the module that a program is in.
func (p *Program) Own(main *ssa.Package) map[string]bool {
	own := map[string]bool{main.Pkg.Path(): true}
	of := p.Packages[main.Pkg.Path()]
	for path, pkg := range p.Packages {
		if of != nil && of.Module != nil && pkg.Module != nil && pkg.Module.Path == of.Module.Path {
			own[path] = true
		}
	}
	return own
}

// Modules are the directories of all modules, longest first, and what each is called.
func (p *Program) Modules() (list [][2]string) {
	seen := make(map[string]bool)
	for _, pkg := range p.Packages {
		m := pkg.Module
		if m == nil || m.Dir == "" || seen[m.Dir] {
			continue
		}
		seen[m.Dir] = true
		name := m.Path
		if m.Version != "" {
			name += "@" + m.Version
		}
		list = append(list, [2]string{m.Dir, name})
	}
	slices.SortFunc(list, func(a, b [2]string) int {
		return cmp.Or(cmp.Compare(len(b[0]), len(a[0])), cmp.Compare(a[0], b[0]))
	})
	return list
}
