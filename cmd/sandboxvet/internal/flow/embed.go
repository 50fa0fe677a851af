// SPDX-License-Identifier: MIT

package flow

import (
	"go/ast"
	"go/token"
	"os"
	"path/filepath"
	"strings"

	"golang.org/x/tools/go/ssa"
)

// Embedded is the file that a go:embed directive puts into a package variable, a string or a
// slice of bytes.
func (e *Engine) Embedded(g *ssa.Global) (text string, ok bool) {
	pkg := e.program.Packages[g.Pkg.Pkg.Path()]
	if pkg == nil || e.stores[g] != nil && (e.stores[g].escapes || len(e.stores[g].list) > 0) {
		return "", false
	}
	for _, file := range pkg.Syntax {
		for _, decl := range file.Decls {
			if d, isVar := decl.(*ast.GenDecl); isVar && d.Tok == token.VAR {
				if name := embedded(d, g.Name()); name != "" {
					dir := filepath.Dir(e.program.SSA.Fset.Position(file.Pos()).Filename)
					data, err := os.ReadFile(filepath.Join(dir, name))
					return string(data), err == nil
				}
			}
		}
	}
	return "", false
}

// embedded is the one file that a declaration embeds into a variable.
func embedded(d *ast.GenDecl, variable string) string {
	for _, spec := range d.Specs {
		v, ok := spec.(*ast.ValueSpec)
		if !ok || len(v.Names) != 1 || v.Names[0].Name != variable {
			continue
		}
		for _, group := range []*ast.CommentGroup{d.Doc, v.Doc} {
			if group == nil {
				continue
			}
			for _, c := range group.List {
				if name, ok := strings.CutPrefix(c.Text, "//go:embed "); ok {
					return strings.Trim(strings.TrimSpace(name), "\"`")
				}
			}
		}
	}
	return ""
}
