// SPDX-License-Identifier: MIT

package learn

import (
	"go/ast"
	"go/parser"
	"go/token"
	"slices"
	"strings"
	"testing"
	"unicode"
)

func TestGoSourceMistakes(t *testing.T) {
	for _, pkg := range []string{"", "_", "a-b", "func", "1a", "a\n"} {
		if _, err := new(Recording).GoSource(pkg); err == nil {
			t.Errorf("%q is taken as a package", pkg)
		}
	}
	for _, name := range []string{"", "a\nb", "a\"b", strings.Repeat("x", 49)} {
		r := &Recording{Phases: []Phase{{Policies: []string{name}}}}
		if _, err := r.GoSource("p"); err == nil {
			t.Errorf("%q is taken as a policy", name)
		}
	}
}

// Names come from policies and are made unique; what a recording says cannot leave
// its comment or string.
func TestGoSourceNames(t *testing.T) {
	r := &Recording{Program: "\x1b[31mx\nvar Evil1 = 1", Go: "go */ \u2028 var Evil2 = 2", Phases: []Phase{
		{Policies: []string{"net"}}, {Policies: []string{"a", "net"}}, {Policies: []string{"a\nvar Evil3 = 3", "net-Open.connection 7"}},
		{Policies: []string{"*/ var Evil4 = 4; //"}}, {Policies: []string{"--"}}, {Policies: []string{"Net"}}, {Policies: []string{"net learned2"}},
	}}
	source, err := r.GoSource("p")
	if err != nil {
		t.Fatal(err)
	}
	file, err := parser.ParseFile(token.NewFileSet(), "", source, parser.ParseComments)
	if err != nil {
		t.Fatal(err)
	}
	if i := strings.IndexFunc(string(source), func(r rune) bool { return !unicode.IsPrint(r) && r != '\n' && r != '\t' }); i >= 0 {
		t.Errorf("%q does not print", source[i:i+1])
	}
	var names []string
	for _, d := range file.Decls {
		if v, ok := d.(*ast.GenDecl).Specs[0].(*ast.ValueSpec); ok {
			names = append(names, v.Names[0].Name)
		}
	}
	want := []string{"PolicyVarEvil44Learned", "PolicyLearned", "PolicyNetLearned", "PolicyNetLearned2", "PolicyNetOpenConnection7Learned", "PolicyNetLearned3", "PolicyNetLearned2Learned"}
	slices.Sort(names)
	slices.Sort(want)
	if !slices.Equal(names, want) {
		t.Errorf("%q, want %q", names, want)
	}
}

// A file without conditions does not import package seccomp, one without phases
// imports nothing: it must compile.
func TestGoSourceImports(t *testing.T) {
	net := func(calls ...Call) *Recording {
		return &Recording{Phases: []Phase{{Policies: []string{"net"}, Calls: calls}}}
	}
	for _, test := range []struct {
		r    *Recording
		want int
	}{{&Recording{}, 0}, {net(), 1}, {net(Call{Syscall: "close"}), 1}, {net(Call{Syscall: "fcntl", Args: Args{1: 3}}), 2}} {
		source, err := test.r.GoSource("p")
		if err != nil {
			t.Fatal(err)
		}
		file, err := parser.ParseFile(token.NewFileSet(), "", source, parser.ImportsOnly)
		if err != nil || len(file.Imports) != test.want {
			t.Errorf("%v: %d imports, want %d:\n%s", err, len(file.Imports), test.want, source)
		}
	}
}
