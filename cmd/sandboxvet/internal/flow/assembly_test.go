// SPDX-License-Identifier: MIT

package flow

import (
	"os"
	"strings"
	"testing"

	"golang.org/x/tools/go/packages"
)

// TestAssemblyOfStandardLibrary reads all assembly of the standard library: what of it
// enters the kernel must be the runtime's or in the tables.
func TestAssemblyOfStandardLibrary(t *testing.T) {
	cfg := &packages.Config{Mode: packages.NeedName | packages.NeedFiles, Env: append(os.Environ(), "GOOS=linux", "GOARCH=amd64", "CGO_ENABLED=0")}
	list, err := packages.Load(cfg, "std")
	if err != nil {
		t.Fatal(err)
	}
	found := make(map[string]bool)
	for _, pkg := range list {
		for _, file := range pkg.OtherFiles {
			if !strings.HasSuffix(file, ".s") || ofRuntime(pkg.PkgPath) {
				continue
			}
			text, err := os.ReadFile(file)
			if err != nil {
				t.Fatal(err)
			}
			for _, name := range entering(string(comments.ReplaceAll(text, nil))) {
				found[pkg.PkgPath+"."+name] = true
			}
		}
	}
	for name := range found {
		_, isTrap := traps[name]
		_, isTable := runtimeCalls[name]
		if !isTrap && !isTable {
			t.Errorf("%s enters the kernel and is in no table", name)
		}
	}
	for _, name := range []string{"syscall.rawVforkSyscall", "internal/runtime/syscall/linux.Syscall6"} {
		if !found[name] {
			t.Errorf("the search did not find %s, which is there", name)
		}
	}
}

// entering are the functions of a file that enter the kernel themselves.
func entering(text string) (names []string) {
	for _, part := range strings.Split(text, "TEXT")[1:] {
		name, _, _ := strings.Cut(strings.TrimSpace(part), "(")
		if enters.MatchString(part) {
			names = append(names, strings.TrimSuffix(strings.TrimPrefix(name, "·"), "<ABIInternal>"))
		}
	}
	return names
}

func TestLeaves(t *testing.T) {
	for text, want := range map[string]bool{
		"TEXT ·f(SB), NOSPLIT, $0\n\tSYSCALL\n\tRET\n":                               true,
		"TEXT ·f(SB), NOSPLIT, $0\n\tBYTE $0x0f; BYTE $0x05\n":                       true,
		"TEXT ·f(SB), NOSPLIT, $0\n\tJMP syscall·Syscall(SB)\n":                      true,
		"TEXT ·f(SB), NOSPLIT, $0\n\tCALL ·inGo(SB)\n":                               true,
		"TEXT ·f(SB), NOSPLIT, $0\n\tCALL runtime·memmove(SB)\n":                     false,
		"TEXT ·f(SB), NOSPLIT, $0\n\tCALL ·g(SB)\nTEXT ·g(SB), NOSPLIT, $0\n\tRET\n": false,
		"TEXT ·f(SB), NOSPLIT, $0\n\tCALL part<>(SB)\n\tADDQ AX, BX\n\tJMP again\n":  false,
	} {
		if got := leaves(text); got != want {
			t.Errorf("%q: %t", text, got)
		}
	}
}
