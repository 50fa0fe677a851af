// SPDX-License-Identifier: MIT

package main

import (
	"errors"
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"maps"
	"slices"
	"strings"
)

// A block is statements that run together. Each test binary has written of it.
type block struct {
	file                       string
	line, column, to, toColumn int
	statements                 int
}

// readProfile adds the blocks of a profile, and whether they have run.
func readProfile(blocks map[block]bool, text, module string) error {
	for line := range strings.Lines(text) {
		if strings.HasPrefix(line, "mode: ") {
			continue
		}
		file, rest, _ := strings.Cut(strings.TrimPrefix(line, module), ":")
		b, count := block{file: file}, 0
		if _, err := fmt.Sscanf(rest, "%d.%d,%d.%d %d %d", &b.line, &b.column, &b.to, &b.toColumn, &b.statements, &count); err != nil {
			return fmt.Errorf("line %q: %w", line, err)
		}
		blocks[b] = blocks[b] || count > 0
	}
	return nil
}

// readExempt reads the names that do not count: the first word of each line, whose others
// say why.
func readExempt(text string) map[string]string {
	names := map[string]string{}
	for line := range strings.Lines(text) {
		if name, why, _ := strings.Cut(strings.TrimSpace(line), " "); name != "" && name != "#" {
			names[name] = strings.TrimSpace(why)
		}
	}
	return names
}

// A count is of statements.
type count struct{ run, all, exempt int }

func (c *count) percent() float64 {
	if c.all == 0 {
		return 100
	}
	return 100 * float64(c.run) / float64(c.all)
}

// A summary is what the profiles say in all.
type summary struct {
	packages, functions map[string]*count
	exempt              map[string]string
	used                map[string]bool // exempt names of which something was not run
}

func sum(blocks map[block]bool, exempt map[string]string, read func(string) ([]byte, error)) (*summary, error) {
	s := &summary{map[string]*count{}, map[string]*count{}, exempt, map[string]bool{}}
	files := map[string][]function{}
	for b, ran := range blocks {
		if _, ok := files[b.file]; !ok {
			text, err := read(b.file)
			if err != nil {
				return nil, err
			}
			if files[b.file], err = functionsOf(b.file, text); err != nil {
				return nil, err
			}
		}
		s.add(b, ran, b.file+":"+nameAt(files[b.file], b.line))
	}
	return s, nil
}

func (s *summary) add(b block, ran bool, function string) {
	pkg, fn := at(s.packages, packageOf(b.file)), at(s.functions, function)
	for _, name := range []string{packageOf(b.file), b.file, function} {
		if _, ok := s.exempt[name]; ok {
			pkg.exempt += b.statements
			s.used[name] = s.used[name] || !ran
			return
		}
	}
	for _, c := range []*count{pkg, fn} {
		c.all += b.statements
		if ran {
			c.run += b.statements
		}
	}
}

// unused complains of exempt names that need not be: there is no such thing, or all of it has run.
func (s *summary) unused() (err error) {
	for _, name := range sorted(s.exempt) {
		switch {
		case s.exempt[name] == "":
			err = errors.Join(err, fmt.Errorf("%s is exempt without a reason", name))
		case !s.used[name]:
			err = errors.Join(err, fmt.Errorf("%s is exempt, and nothing of it was left out", name))
		}
	}
	return err
}

// A function is where one stands in a file.
type function struct {
	name     string
	from, to int // lines
}

// functionsOf finds the functions of a file: Name, or Type.Name of methods, and variables,
// whose values may hold functions.
func functionsOf(file string, text []byte) (all []function, err error) {
	fset := token.NewFileSet()
	f, err := parser.ParseFile(fset, file, text, parser.SkipObjectResolution)
	if err != nil {
		return nil, err
	}
	add := func(name string, n ast.Node) {
		all = append(all, function{name, fset.Position(n.Pos()).Line, fset.Position(n.End()).Line})
	}
	for _, decl := range f.Decls {
		switch d := decl.(type) {
		case *ast.FuncDecl:
			name := d.Name.Name
			if d.Recv != nil {
				name = receiver(d.Recv.List[0].Type) + "." + name
			}
			add(name, d)
		case *ast.GenDecl:
			for _, spec := range d.Specs {
				if v, ok := spec.(*ast.ValueSpec); ok {
					add(v.Names[0].Name, v)
				}
			}
		}
	}
	return all, nil
}

func receiver(typ ast.Expr) string {
	switch t := typ.(type) {
	case *ast.StarExpr:
		return receiver(t.X)
	case *ast.IndexExpr:
		return receiver(t.X)
	case *ast.Ident:
		return t.Name
	}
	return ""
}

// nameAt is the function or variable that a line is in.
func nameAt(all []function, line int) string {
	for _, f := range all {
		if f.from <= line && line <= f.to {
			return f.name
		}
	}
	return ""
}

func at(m map[string]*count, name string) *count {
	if m[name] == nil {
		m[name] = &count{}
	}
	return m[name]
}

func sorted[V any](m map[string]V) []string { return slices.Sorted(maps.Keys(m)) }
