// SPDX-License-Identifier: MIT

package flow

import (
	"go/ast"
	"maps"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"

	"golang.org/x/tools/go/packages"
	"golang.org/x/tools/go/ssa"
)

// A function without a body is assembly, or another package's under a second name.

// findLinknames reads the go:linkname directives of all packages: e.linked has the function
// that stands behind a name.
func (e *Engine) findLinknames() {
	for _, path := range slices.Sorted(maps.Keys(e.program.Packages)) {
		for _, file := range e.program.Packages[path].Syntax {
			for _, group := range file.Comments {
				for _, c := range group.List {
					e.linkname(path, c)
				}
			}
		}
	}
}

func (e *Engine) linkname(path string, c *ast.Comment) {
	fields := strings.Fields(c.Text)
	if len(fields) != 3 || fields[0] != "//go:linkname" {
		return
	}
	local, remote := path+"."+fields[1], fields[2]
	if local == remote {
		return // it only allows others to link to it
	}
	e.linked[local] = remote
	if _, ok := e.linked[remote]; !ok {
		e.linked[remote] = local
	}
}

// body is the function with a body that stands for fn: itself, or what a linkname says.
// why is set when there is none in Go.
func (e *Engine) body(fn *ssa.Function) (target *ssa.Function, why string) {
	if len(fn.Blocks) > 0 {
		return fn, ""
	}
	name := FullName(fn)
	seen := map[string]bool{name: true}
	for remote := e.linked[name]; remote != "" && !seen[remote]; remote = e.linked[remote] {
		seen[remote] = true
		path, local, ok := splitName(remote)
		if remote == "runtime.cgocall" {
			return nil, "C"
		}
		if !ok || ofRuntime(path) {
			return nil, ""
		}
		if f := e.function(path, local); f != nil && len(f.Blocks) > 0 {
			return f, ""
		}
	}
	return nil, e.assembly(fn)
}

func (e *Engine) function(path, name string) *ssa.Function {
	pkg := e.program.Packages[path]
	if pkg == nil {
		return nil
	}
	if p := e.program.SSA.Package(pkg.Types); p != nil {
		return p.Func(name)
	}
	return nil
}

// splitName splits an import path and a name.
func splitName(full string) (path, name string, ok bool) {
	dot := strings.LastIndexByte(full, '.')
	if slash := strings.LastIndexByte(full, '/'); dot <= slash {
		return "", "", false
	}
	return full[:dot], full[dot+1:], true
}

// assembly says what is wrong with a function in assembly; "" if its package's assembly
// neither makes system calls nor calls other code. The standard library's is known: what
// of it makes calls is in the tables, which a test compares with its sources.
func (e *Engine) assembly(fn *ssa.Function) string {
	path := PackagePath(fn)
	pkg := e.program.Packages[path]
	if pkg == nil || pkg.Module == nil || path == SandboxPath {
		return ""
	}
	if why, ok := e.assembled[path]; ok {
		return why
	}
	why := "no body"
	for _, file := range pkg.OtherFiles {
		if strings.HasSuffix(file, ".s") {
			why = ""
		}
	}
	for _, file := range pkg.OtherFiles {
		if text, err := os.ReadFile(file); strings.HasSuffix(file, ".s") && (err != nil || leaves(string(comments.ReplaceAll(text, nil)))) {
			why = "assembly that makes system calls or calls Go: " + filepath.Base(file)
			break
		}
	}
	if len(pkg.CompiledGoFiles) > 0 && usesC(pkg) {
		why = "C"
	}
	e.assembled[path] = why
	return why
}

var (
	comments = regexp.MustCompile(`//.*|(?s:/\*.*?\*/)`)
	// The instructions that enter the kernel.
	enters = regexp.MustCompile(`\b(SYSCALL|SYSENTER|INT\s+\$(0x80|128))\b|\bBYTE\s+\$0x0[fF]\s*;\s*BYTE\s+\$0x05\b|\b(WORD|LONG)\s+\$0x0*50[fF]\b`)
	// A call of a function or a jump to one, and a function's beginning.
	transfer = regexp.MustCompile(`\b(?:CALL|JMP)\s+([^\s(,]*)\(SB\)`)
	begins   = regexp.MustCompile(`\bTEXT\s+([^\s(,]*)\(SB\)`)
)

// leaves reports whether assembly does more than compute: whether it enters the kernel, or
// calls what is neither in the same file nor the runtime's (memmove).
func leaves(text string) bool {
	if enters.MatchString(text) {
		return true
	}
	here := make(map[string]bool)
	for _, m := range begins.FindAllStringSubmatch(text, -1) {
		here[m[1]] = true
	}
	for _, m := range transfer.FindAllStringSubmatch(text, -1) {
		if !here[m[1]] && !strings.HasPrefix(m[1], "runtime·") && !strings.HasSuffix(m[1], "<>") {
			return true
		}
	}
	return false
}

func usesC(pkg *packages.Package) bool {
	for _, f := range pkg.Syntax {
		for _, i := range f.Imports {
			if i.Path.Value == `"C"` || i.Path.Value == `"runtime/cgo"` {
				return true
			}
		}
	}
	return false
}
