// SPDX-License-Identifier: MIT

package buildtest

import (
	"bytes"
	"go/ast"
	"go/build"
	"go/parser"
	"go/printer"
	"go/token"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
)

// The source of the runtime, read for what it can call: constants in assembly, and in Go
// the first argument of linux.Syscall6.

// A site is a place in the runtime's source that makes a call.
type site struct {
	nr          uint32
	pkg, fn     string // the function that makes it
	where, text string // file and function for people, and how it is called
}

// A source is some packages for linux/amd64.
type source struct {
	sites   []site
	numbers map[string]uint32 // by constant's name; those of each assembly file are its own
	files   []goFile
	unread  []site // whose number cannot be read
}

type goFile struct {
	pkg, name string
	ast       *ast.File
}

// readSource reads packages below GOROOT/src.
func readSource(src string, packages ...string) (*source, error) {
	s := &source{numbers: make(map[string]uint32)}
	linux := build.Default
	linux.GOOS, linux.GOARCH, linux.CgoEnabled = "linux", "amd64", true
	for _, pkg := range packages {
		entries, err := os.ReadDir(filepath.Join(src, pkg))
		if err != nil {
			return nil, err
		}
		for _, e := range entries {
			name := e.Name()
			if e.IsDir() || strings.HasSuffix(name, "_test.go") {
				continue
			}
			match, err := linux.MatchFile(filepath.Join(src, pkg), name)
			if err == nil && match {
				err = s.read(filepath.Join(src, pkg, name), pkg)
			}
			if err != nil {
				return nil, err
			}
		}
	}
	for _, f := range s.files {
		f.functions(func(fn *ast.FuncDecl) { s.direct(f, fn) })
	}
	return s, nil
}

func (s *source) read(path, pkg string) error {
	text, err := os.ReadFile(path)
	if err != nil {
		return err
	}
	name := pkg + "/" + filepath.Base(path)
	switch filepath.Ext(path) {
	case ".s":
		s.assembly(pkg, name, string(text))
	case ".go":
		f, err := parser.ParseFile(token.NewFileSet(), path, text, parser.SkipObjectResolution)
		if err != nil {
			return err
		}
		s.files = append(s.files, goFile{pkg, name, f})
		s.constants(f)
	}
	return nil
}

var (
	define  = regexp.MustCompile(`^#define\s+(SYS_\w+)\s+(\d+)`)
	text    = regexp.MustCompile(`^TEXT\s+[\w/]*·(\w+)`)
	move    = regexp.MustCompile(`\bMOV[LQ]\s+\$(SYS_\w+),\s*AX\b`)
	syscall = regexp.MustCompile(`^\s*(SYSCALL|INT\s+\$0x80)\b`)
)

// assembly: a number goes to AX, and SYSCALL follows in the same function.
func (s *source) assembly(pkg, file, code string) {
	numbers := make(map[string]uint32)
	var fn string
	loaded := 0 // by this function, and not yet used
	for line := range strings.Lines(code) {
		line, _, _ = strings.Cut(line, "//")
		if m := define.FindStringSubmatch(line); m != nil {
			nr, _ := strconv.ParseUint(m[2], 10, 32)
			numbers[m[1]] = uint32(nr)
		}
		if m := text.FindStringSubmatch(line); m != nil {
			fn, loaded = m[1], 0
		}
		if m := move.FindStringSubmatch(line); m != nil {
			at := site{pkg: pkg, fn: fn, where: file + " " + fn, text: "assembly"}
			var known bool
			if at.nr, known = numbers[m[1]]; known {
				s.sites = append(s.sites, at)
				loaded++
			}
		}
		if syscall.MatchString(line) {
			if loaded--; loaded < 0 && fn != "Syscall6" {
				s.unread = append(s.unread, site{where: file + " " + fn, text: strings.TrimSpace(line)})
			}
		}
	}
}

// constants collects SYS_NAME = number.
func (s *source) constants(f *ast.File) {
	ast.Inspect(f, func(n ast.Node) bool {
		spec, ok := n.(*ast.ValueSpec)
		if !ok || len(spec.Values) != len(spec.Names) {
			return true
		}
		for i, name := range spec.Names {
			if lit, ok := spec.Values[i].(*ast.BasicLit); ok && strings.HasPrefix(name.Name, "SYS_") {
				if nr, err := strconv.ParseUint(lit.Value, 0, 32); err == nil {
					s.numbers[name.Name] = uint32(nr)
				}
			}
		}
		return true
	})
}

func (f goFile) functions(do func(*ast.FuncDecl)) {
	for _, d := range f.ast.Decls {
		if fn, ok := d.(*ast.FuncDecl); ok && fn.Body != nil {
			do(fn)
		}
	}
}

// direct finds the calls of Syscall6 in a function.
func (s *source) direct(f goFile, fn *ast.FuncDecl) {
	ast.Inspect(fn.Body, func(n ast.Node) bool {
		call, ok := n.(*ast.CallExpr)
		if !ok || !slices.Contains([]string{"Syscall6", "RawSyscall6", "RawSyscall", "Syscall"}, lastName(call.Fun)) {
			return true
		}
		at := site{pkg: f.pkg, fn: fn.Name.Name, where: f.name + " " + fn.Name.Name, text: code(call)}
		var known bool
		if at.nr, known = s.numbers[lastName(call.Args[0])]; known {
			s.sites = append(s.sites, at)
		} else {
			s.unread = append(s.unread, at)
		}
		return true
	})
}

// callers are the places that use a function of a package: each is what it looks like.
func (s *source) callers(pkg, fn string) (found []site) {
	for _, f := range s.files {
		f.functions(func(in *ast.FuncDecl) {
			ast.Inspect(in.Body, func(n ast.Node) bool {
				call, ok := n.(*ast.CallExpr)
				if ok && f.uses(call, pkg, fn) {
					found = append(found, site{pkg: f.pkg, fn: in.Name.Name, where: f.name + " " + in.Name.Name, text: code(call)})
				}
				return true
			})
		})
	}
	return found
}

// uses reports whether a call is one of the function, or has it as an argument.
func (f goFile) uses(call *ast.CallExpr, pkg, fn string) bool {
	return slices.ContainsFunc(append(slices.Clone(call.Args), call.Fun), func(e ast.Expr) bool {
		switch e := e.(type) {
		case *ast.Ident:
			return f.pkg == pkg && e.Name == fn
		case *ast.SelectorExpr:
			x, ok := e.X.(*ast.Ident)
			return ok && f.pkg != pkg && x.Name == pkg[strings.LastIndex(pkg, "/")+1:] && e.Sel.Name == fn
		}
		return false
	})
}

// lastName is that of an identifier, qualified or not.
func lastName(e ast.Expr) string {
	switch e := e.(type) {
	case *ast.Ident:
		return e.Name
	case *ast.SelectorExpr:
		return e.Sel.Name
	}
	return ""
}

// code is an expression in one line.
func code(e ast.Expr) string {
	var b bytes.Buffer
	if err := printer.Fprint(&b, token.NewFileSet(), e); err != nil {
		return err.Error()
	}
	return strings.Join(strings.Fields(b.String()), " ")
}
