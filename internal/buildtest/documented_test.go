// SPDX-License-Identifier: MIT

package buildtest

import (
	"go/ast"
	"go/parser"
	"go/token"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

// libraries are the packages that programs import, with the least number of their exported
// names: a test that finds fewer has not looked.
var libraries = map[string]int{".": 150, "seccomp": 100, "learn": 40, "export": 20, "sandboxtest": 7}

// plain are names that the comment of their type, or the interface that they are of, says
// enough about.
var plain = []string{
	"errors.go: Error", "errors.go: Reason", "export/export.go: String", "reasons.go: Name", "thread.go: TID", "violation.go: Line", "violation.go: PC",
	"learn/compare.go: Rule", "learn/recording.go: Count", "learn/recording.go: File", "learn/recording.go: Func", "learn/recording.go: Line",
	"learn/recording.go: Runs", "learn/recording.go: Syscall",
}

// Every package of the library and every exported name in it is documented: types, fields,
// functions, methods, constants and variables.
func TestDocumented(t *testing.T) {
	for dir, least := range libraries {
		files, err := filepath.Glob(filepath.Join("../..", dir, "*.go"))
		if err != nil {
			t.Fatal(err)
		}
		names, said := 0, false
		for _, file := range files {
			if strings.HasSuffix(file, "_test.go") {
				continue
			}
			fset := token.NewFileSet()
			f, err := parser.ParseFile(fset, file, nil, parser.ParseComments)
			if err != nil {
				t.Fatal(err)
			}
			said = said || f.Doc != nil
			for _, d := range undocumented(f, &names) {
				at := filepath.ToSlash(filepath.Join(dir, filepath.Base(file))) + ": " + d.Name
				if !slices.Contains(plain, at) {
					t.Errorf("%v: %s has no comment", fset.Position(d.Pos()), d.Name)
				}
			}
		}
		if names < least || !said {
			t.Errorf("%s: %d exported names were found; does the package have a comment: %v", dir, names, said)
		}
	}
}

// undocumented returns the exported names of a file that have no comment, and counts all.
func undocumented(f *ast.File, names *int) (missing []*ast.Ident) {
	has := func(id *ast.Ident, comments ...*ast.CommentGroup) {
		if !id.IsExported() {
			return
		}
		*names++
		for _, c := range comments {
			if strings.TrimSpace(c.Text()) != "" {
				return
			}
		}
		missing = append(missing, id)
	}
	for _, decl := range f.Decls {
		switch d := decl.(type) {
		case *ast.FuncDecl:
			if d.Recv == nil || receiverExported(d) {
				has(d.Name, d.Doc)
			}
		case *ast.GenDecl:
			for _, spec := range d.Specs {
				switch s := spec.(type) {
				case *ast.TypeSpec:
					has(s.Name, s.Doc, d.Doc)
					if st, ok := s.Type.(*ast.StructType); ok && s.Name.IsExported() {
						for _, field := range st.Fields.List {
							for _, id := range field.Names {
								has(id, field.Doc, field.Comment, s.Doc, structDoc(d, field))
							}
						}
					}
				case *ast.ValueSpec:
					for _, id := range s.Names {
						has(id, s.Doc, s.Comment, d.Doc)
					}
				}
			}
		}
	}
	return missing
}

// structDoc is the comment of a struct on one line, whose fields it speaks of.
func structDoc(d *ast.GenDecl, field *ast.Field) *ast.CommentGroup {
	if d.Lparen == token.NoPos && len(field.Names) > 1 {
		return d.Doc
	}
	return nil
}

func receiverExported(d *ast.FuncDecl) bool {
	typ := d.Recv.List[0].Type
	if star, ok := typ.(*ast.StarExpr); ok {
		typ = star.X
	}
	id, ok := typ.(*ast.Ident)
	return ok && id.IsExported()
}
