// SPDX-License-Identifier: MIT

package main

import (
	"bufio"
	"bytes"
	"fmt"
	"go/ast"
	"go/build"
	"go/parser"
	"go/token"
	"maps"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"

	"github.com/syscall-sandbox/sandbox/internal/sysno"
)

// rawFuncs make a system call, whose number is their first argument, without telling the
// scheduler. AllThreadsSyscall makes it on every thread, with all goroutines stopped.
var rawFuncs = map[string]bool{
	"RawSyscall": true, "RawSyscall6": true, "RawSyscallNoError": true, "rawSyscallNoError": true,
	"rawVforkSyscall": true, "AllThreadsSyscall": true, "AllThreadsSyscall6": true,
}

// runtimeFuncs do so in the runtime and below it.
var runtimeFuncs = map[string]bool{"Syscall6": true}

// target is what the sources are read for. Without cgo, which adds no raw call of Go's own.
var target = build.Context{GOOS: "linux", GOARCH: "amd64", Compiler: "gc", ReleaseTags: build.Default.ReleaseTags}

// A scanner reads one package.
type scanner struct {
	name   string // of the directory, for places
	funcs  map[string]bool
	consts map[string]ast.Expr
	files  map[string]*ast.File
	order  []string
	found  []place
}

// scan returns the raw calls of the package in dir.
func scan(dir, name string) ([]place, error) {
	s := &scanner{name: name, funcs: rawFuncs, consts: map[string]ast.Expr{}, files: map[string]*ast.File{}}
	if strings.Contains(name, "runtime") {
		s.funcs = runtimeFuncs
	}
	entries, err := os.ReadDir(dir)
	if err != nil {
		return nil, err
	}
	for _, e := range entries {
		if err := s.read(dir, e.Name()); err != nil {
			return nil, err
		}
	}
	// Once for the package's own wrappers, once more for those who call them.
	s.funcs = maps.Clone(s.funcs)
	inAssembly := slices.Clone(s.found)
	for range 2 {
		s.found = slices.Clone(inAssembly)
		for _, file := range s.order {
			if err := s.calls(file); err != nil {
				return nil, err
			}
		}
	}
	return s.found, nil
}

// read parses a file that the compiler would take.
func (s *scanner) read(dir, file string) error {
	ext := filepath.Ext(file)
	if strings.HasSuffix(file, "_test.go") || ext != ".go" && ext != ".s" {
		return nil
	}
	if match, err := target.MatchFile(dir, file); err != nil || !match {
		return err
	}
	path := filepath.Join(dir, file)
	if ext == ".s" {
		return s.assembly(path, file)
	}
	f, err := parser.ParseFile(token.NewFileSet(), path, nil, parser.SkipObjectResolution)
	if err != nil {
		return err
	}
	s.files[file] = f
	s.order = append(s.order, file)
	for _, d := range f.Decls {
		s.constants(d)
	}
	return nil
}

// constants notes what names stand for: constants, and variables that hold a number.
func (s *scanner) constants(d ast.Decl) {
	gen, ok := d.(*ast.GenDecl)
	if !ok {
		return
	}
	for _, spec := range gen.Specs {
		if v, ok := spec.(*ast.ValueSpec); ok && len(v.Names) == len(v.Values) {
			for i, name := range v.Names {
				s.consts[name.Name] = v.Values[i]
			}
		}
	}
}

// calls finds the raw calls of a file.
func (s *scanner) calls(file string) error {
	for _, d := range s.files[file].Decls {
		fn, ok := d.(*ast.FuncDecl)
		if !ok || fn.Body == nil {
			continue
		}
		var err error
		ast.Inspect(fn.Body, func(n ast.Node) bool {
			if branch, ok := n.(*ast.IfStmt); ok && mentions(branch.Cond, "UidMappings", "GidMappings") {
				return false // a child in a user namespace of its own: CompileInProcess says so
			}
			call, ok := n.(*ast.CallExpr)
			if !ok || !s.funcs[lastName(call.Fun)] || len(call.Args) == 0 || err != nil {
				return err == nil
			}
			if isParameter(fn, call.Args[0]) {
				if !tellsScheduler[fn.Name.Name] && len(fn.Type.Params.List) > 0 && isFirst(fn, call.Args[0]) {
					s.funcs[fn.Name.Name] = true
				}
				return true // a wrapper, which is found where it is called
			}
			nr, ok := s.number(call.Args[0], 0)
			if !ok {
				err = fmt.Errorf("%s/%s: %s: cannot tell the number of a call", s.name, file, fn.Name.Name)
				return false
			}
			s.found = append(s.found, place{nr: nr, file: s.name + "/" + file, fn: fn.Name.Name, forked: forks(fn.Name.Name, nr)})
			return true
		})
		if err != nil {
			return err
		}
	}
	return nil
}

// forks reports whether a function of package syscall makes a call only where a process
// is started. The clone itself is raw wherever it is.
func forks(fn string, nr uint32) bool {
	return strings.HasPrefix(fn, "forkAndExecInChild") && nr != sysno.Clone && nr != sysno.Clone3
}

// mentions reports whether an expression has a field or variable of one of these names.
func mentions(e ast.Expr, names ...string) (found bool) {
	ast.Inspect(e, func(n ast.Node) bool {
		if x, ok := n.(ast.Expr); ok && slices.Contains(names, lastName(x)) {
			found = true
		}
		return !found
	})
	return found
}

// lastName is the name of a function, without its package.
func lastName(e ast.Expr) string {
	switch e := e.(type) {
	case *ast.Ident:
		return e.Name
	case *ast.SelectorExpr:
		return e.Sel.Name
	}
	return ""
}

// tellsScheduler are wrappers of package syscall that call runtime_entersyscall.
var tellsScheduler = map[string]bool{"Syscall": true, "Syscall6": true}

// isFirst reports whether e is the first parameter of fn.
func isFirst(fn *ast.FuncDecl, e ast.Expr) bool {
	id, ok := e.(*ast.Ident)
	names := fn.Type.Params.List[0].Names
	return ok && len(names) > 0 && names[0].Name == id.Name
}

// isParameter reports whether e is a parameter of fn or a field of one.
func isParameter(fn *ast.FuncDecl, e ast.Expr) bool {
	if sel, ok := e.(*ast.SelectorExpr); ok {
		if e = sel.X; isNumber(sel.Sel.Name) {
			return false
		}
	}
	id, ok := e.(*ast.Ident)
	if !ok {
		return false
	}
	for _, field := range fn.Type.Params.List {
		for _, name := range field.Names {
			if name.Name == id.Name {
				return true
			}
		}
	}
	return id.Name == "args" // runtime/os_linux.go runPerThreadSyscall: of doAllThreadsSyscall
}

func isNumber(name string) bool { return strings.HasPrefix(name, "SYS_") }

// number evaluates the number of a call. What the package itself does not say, the
// kernel's table does.
func (s *scanner) number(e ast.Expr, depth int) (uint32, bool) {
	switch e := e.(type) {
	case *ast.BasicLit:
		n, err := strconv.ParseUint(e.Value, 0, 32)
		return uint32(n), err == nil
	case *ast.SelectorExpr:
		return kernelNumber(e.Sel.Name)
	case *ast.CallExpr: // a conversion
		if len(e.Args) == 1 {
			return s.number(e.Args[0], depth+1)
		}
	case *ast.Ident:
		if value, ok := s.consts[e.Name]; ok && depth < 8 {
			return s.number(value, depth+1)
		}
		return kernelNumber(e.Name)
	}
	return 0, false
}

// kernelNumber is the number that a name such as SYS_OPENAT stands for.
func kernelNumber(name string) (uint32, bool) {
	if !isNumber(name) {
		return 0, false
	}
	return sysno.Number(strings.ToLower(strings.TrimPrefix(name, "SYS_")))
}

var (
	asmText   = regexp.MustCompile(`^TEXT\s+\S*·(\w+)`)
	asmDefine = regexp.MustCompile(`^#define\s+SYS_(\w+)\s+(\d+)`)
	asmCall   = regexp.MustCompile(`\$SYS_(\w+)`)
)

// assembly finds the calls of the runtime's assembly: where a number is loaded.
func (s *scanner) assembly(path, file string) error {
	data, err := os.ReadFile(path)
	if err != nil {
		return err
	}
	numbers, fn := map[string]uint32{}, ""
	lines := bufio.NewScanner(bytes.NewReader(data))
	for lines.Scan() {
		line := lines.Text()
		if m := asmText.FindStringSubmatch(line); m != nil {
			fn = m[1]
		} else if m := asmDefine.FindStringSubmatch(line); m != nil {
			n, err := strconv.ParseUint(m[2], 10, 32)
			if err != nil {
				return err
			}
			numbers[m[1]] = uint32(n)
		} else if m := asmCall.FindStringSubmatch(line); m != nil {
			nr, ok := numbers[m[1]]
			if !ok {
				return fmt.Errorf("%s: %s: SYS_%s is not defined", file, fn, m[1])
			}
			s.found = append(s.found, place{nr: nr, file: s.name + "/" + file, fn: fn})
		}
	}
	return lines.Err()
}
