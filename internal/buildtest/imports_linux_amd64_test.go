// SPDX-License-Identifier: MIT

package buildtest

import (
	"encoding/json"
	"go/parser"
	"go/token"
	"os"
	"os/exec"
	"slices"
	"strings"
	"testing"
)

const module = "github.com/syscall-sandbox/sandbox"

// A goPackage is what go list says of one.
type goPackage struct {
	ImportPath string
	Standard   bool
	Imports    []string
	GoFiles    []string
	Dir        string
}

func list(t *testing.T, target string, args ...string) []goPackage {
	t.Helper()
	cmd := exec.Command("go", append([]string{"list", "-json=ImportPath,Standard,Imports,GoFiles,Dir"}, args...)...)
	goos, goarch, _ := strings.Cut(target, "/")
	cmd.Env = append(os.Environ(), "CGO_ENABLED=0", "GOOS="+goos, "GOARCH="+goarch)
	out, err := cmd.Output()
	if err != nil {
		t.Fatalf("%v: %v", cmd, err)
	}
	var packages []goPackage
	for d := json.NewDecoder(strings.NewReader(string(out))); d.More(); {
		var p goPackage
		if err := d.Decode(&p); err != nil {
			t.Fatal(err)
		}
		packages = append(packages, p)
	}
	return packages
}

var targets = []string{"linux/amd64", "linux/arm64", "darwin/arm64", "windows/amd64"}

// layers are the packages of the library from the lowest up: each may import only
// what stands before it. bpfgen and bpfsim never see each other: one judges the
// other.
var layers = []string{"internal/abi", "internal/sysno", "internal/sysargs", "internal/gobase", "internal/bpfgen", "internal/bpfsim", "seccomp", "learn", ""}

func TestImportsGoDown(t *testing.T) {
	level := make(map[string]int)
	for i, l := range layers {
		level[strings.TrimSuffix(module+"/"+l, "/")] = i
	}
	for _, target := range targets {
		for _, p := range list(t, target, "-deps", module) {
			own, ok := level[p.ImportPath]
			if !ok {
				if strings.HasPrefix(p.ImportPath, module) {
					t.Errorf("%s: %s is in no layer", target, p.ImportPath)
				}
				continue
			}
			for _, dep := range p.Imports {
				if l, ok := level[dep]; ok && l >= own {
					t.Errorf("%s: %s imports %s", target, p.ImportPath, dep)
				}
				if strings.HasSuffix(p.ImportPath, "/bpfsim") && strings.HasSuffix(dep, "/bpfgen") {
					t.Errorf("%s: the judge imports the compiler", target)
				}
			}
		}
	}
}

// The library uses nothing but the standard library, x/sys and x/net/bpf; no
// logging of its own, no processes, no cgo. Values that log themselves need log/slog,
// which brings log along.
func TestDependencies(t *testing.T) {
	for _, target := range targets {
		for _, p := range list(t, target, "-deps", module) {
			switch {
			case p.Standard || strings.HasPrefix(p.ImportPath, module):
			case p.ImportPath == "golang.org/x/sys/unix", p.ImportPath == "golang.org/x/net/bpf":
			default:
				t.Errorf("%s: depends on %s", target, p.ImportPath)
			}
			switch p.ImportPath {
			case "os/exec", "runtime/cgo", "os/signal":
				t.Errorf("%s: depends on %s", target, p.ImportPath)
			}
			if strings.HasPrefix(p.ImportPath, module) && slices.Contains(p.Imports, "log") {
				t.Errorf("%s: %s logs", target, p.ImportPath)
			}
		}
	}
}

// x/sys/unix, unsafe, syscall and os are used only in files for linux, but for types of the
// API: *os.File and syscall.Conn are the same everywhere.
func TestKernelIsTouchedInLinuxFilesOnly(t *testing.T) {
	api := map[string][]string{"sandbox.go": {`"os"`}, "request.go": {`"os"`}, "listener.go": {`"os"`, `"syscall"`}}
	kernel := []string{`"golang.org/x/sys/unix"`, `"os"`, `"syscall"`, `"unsafe"`}
	for _, p := range list(t, "linux/amd64", module, module+"/seccomp", module+"/learn") {
		for _, file := range p.GoFiles {
			source, err := parser.ParseFile(token.NewFileSet(), p.Dir+"/"+file, nil, parser.ImportsOnly)
			if err != nil {
				t.Fatal(err)
			}
			for _, i := range source.Imports {
				if slices.Contains(kernel, i.Path.Value) && !strings.HasSuffix(file, "_linux_amd64.go") && !slices.Contains(api[file], i.Path.Value) {
					t.Errorf("%s/%s imports %s", p.ImportPath, file, i.Path.Value)
				}
			}
		}
	}
	for _, p := range list(t, "linux/amd64", "-deps", module) {
		if strings.HasPrefix(p.ImportPath, module+"/internal/") {
			for _, dep := range p.Imports {
				if dep == "os" || dep == "golang.org/x/sys/unix" || dep == "unsafe" {
					t.Errorf("%s imports %s", p.ImportPath, dep)
				}
			}
		}
	}
}

// The root module requires two modules.
func TestTwoRequirements(t *testing.T) {
	cmd := exec.Command("go", "mod", "edit", "-json")
	cmd.Dir = "../.."
	var mod struct {
		Require []struct {
			Path     string
			Indirect bool
		}
	}
	if text, err := cmd.Output(); err != nil || json.Unmarshal(text, &mod) != nil {
		t.Fatal(err)
	}
	if len(mod.Require) != 2 || mod.Require[0].Path != "golang.org/x/net" || mod.Require[1].Path != "golang.org/x/sys" {
		t.Errorf("%v", mod.Require)
	}
}
