// SPDX-License-Identifier: MIT

// Command mksyscalls writes the portable tables of package sysno from the
// version of golang.org/x/sys that go.mod names: the numbers and names of
// linux/amd64's system calls, and Linux's errno names.
//
// Beside the tables it writes a test that compares all of them with the
// constants of x/sys/unix as the compiler sees them.
//
// It reads x/sys from the module cache, needs no network, and writes the same
// bytes on every machine. It is run by go generate in internal/sysno.
package main

import (
	"bytes"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"go/ast"
	"go/format"
	"go/parser"
	"go/token"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
)

const input = "golang.org/x/sys"

func main() {
	out := flag.String("o", "zsysno.go", "file to write")
	test := flag.String("test", "zsysno_linux_amd64_test.go", "test to write")
	flag.Parse()
	if err := run(*out, *test); err != nil {
		fmt.Fprintln(os.Stderr, "mksyscalls:", err)
		os.Exit(1)
	}
}

func run(out, test string) error {
	mod, err := findModule()
	if err != nil {
		return err
	}
	tables, check, err := generate(mod)
	if err != nil {
		return err
	}
	return errors.Join(os.WriteFile(out, tables, 0o644), os.WriteFile(test, check, 0o644))
}

type module struct {
	Version string
	Dir     string
}

// findModule asks the go command where the module is that this build uses.
func findModule() (module, error) {
	cmd := exec.Command("go", "list", "-m", "-json", input)
	cmd.Stderr = os.Stderr
	data, err := cmd.Output()
	if err != nil {
		return module{}, fmt.Errorf("go list -m %s: %w", input, err)
	}
	var m module
	if err := json.Unmarshal(data, &m); err != nil {
		return module{}, fmt.Errorf("go list -m %s: %w", input, err)
	}
	if m.Dir == "" {
		return module{}, fmt.Errorf("%s %s is not in the module cache: run go mod download", input, m.Version)
	}
	return m, nil
}

// generate returns the formatted source of package sysno's tables and of their test.
func generate(m module) (tables, test []byte, err error) {
	unixDir := filepath.Join(m.Dir, "unix")
	calls, err := readConsts("SYS_", filepath.Join(unixDir, "zsysnum_linux_amd64.go"))
	if err != nil {
		return nil, nil, err
	}
	errnos, err := readConsts("E",
		filepath.Join(unixDir, "zerrors_linux.go"), filepath.Join(unixDir, "zerrors_linux_amd64.go"))
	if err != nil {
		return nil, nil, err
	}
	errnos = slices.DeleteFunc(errnos, func(c constant) bool { return isAlias(c.name) })
	if err := errors.Join(unique("system call", calls), unique("errno", errnos)); err != nil {
		return nil, nil, err
	}
	if test, err = format.Source(renderTest(m.Version, calls, errnos)); err != nil {
		return nil, nil, err
	}
	tables, err = format.Source(render(m.Version, calls, errnos))
	return tables, test, err
}

// isAlias names the errno constants that are a second name of a number.
func isAlias(name string) bool {
	switch name {
	case "EWOULDBLOCK", "EDEADLOCK", "ENOTSUP", "EFSBADCRC", "EFSCORRUPTED":
		return true
	}
	return false
}

// A constant is one of x/sys.
type constant struct {
	name  string
	value uint64
}

// call returns the name of the system call that a SYS_ constant is the number of.
func (c constant) call() string {
	return strings.ToLower(strings.TrimPrefix(c.name, "SYS_"))
}

// readConsts returns the integer constants of files whose name starts with
// prefix, in the order of their values. A value may be wrapped in one conversion:
// x/sys writes SYS_READ = 0 and EPERM = syscall.Errno(0x1).
func readConsts(prefix string, files ...string) ([]constant, error) {
	var list []constant
	for _, name := range files {
		file, err := parser.ParseFile(token.NewFileSet(), name, nil, parser.SkipObjectResolution)
		if err != nil {
			return nil, err
		}
		ast.Inspect(file, func(n ast.Node) bool {
			spec, ok := n.(*ast.ValueSpec)
			if !ok || len(spec.Names) != 1 || len(spec.Values) != 1 {
				return true
			}
			c := constant{name: spec.Names[0].Name}
			if c.value, ok = literal(spec.Values[0], prefix == "E"); ok && strings.HasPrefix(c.name, prefix) {
				list = append(list, c)
			}
			return true
		})
	}
	if len(list) == 0 {
		return nil, fmt.Errorf("no %s constants in %v", prefix, files)
	}
	slices.SortFunc(list, func(a, b constant) int {
		if a.value != b.value {
			return int(a.value) - int(b.value)
		}
		return strings.Compare(a.name, b.name)
	})
	return list, nil
}

// literal evaluates an integer literal. With errno set it must be the operand
// of a syscall.Errno conversion, which tells errno constants from the many
// others that begin with an E.
func literal(e ast.Expr, errno bool) (uint64, bool) {
	if errno {
		call, ok := e.(*ast.CallExpr)
		if !ok || len(call.Args) != 1 {
			return 0, false
		}
		if sel, ok := call.Fun.(*ast.SelectorExpr); !ok || sel.Sel.Name != "Errno" {
			return 0, false
		}
		e = call.Args[0]
	}
	lit, ok := e.(*ast.BasicLit)
	if !ok || lit.Kind != token.INT {
		return 0, false
	}
	v, err := strconv.ParseUint(lit.Value, 0, 16)
	return v, err == nil
}

// unique reports numbers with two names: the tables could hold only one.
func unique(what string, list []constant) error {
	var errs []error
	for i := 1; i < len(list); i++ {
		if list[i].value == list[i-1].value {
			errs = append(errs, fmt.Errorf("%s %d has two names, %s and %s", what, list[i].value, list[i-1].name, list[i].name))
		}
	}
	return errors.Join(errs...)
}

func render(version string, calls, errnos []constant) []byte {
	var b bytes.Buffer
	header(&b, version)
	fmt.Fprintf(&b, "// Max is the highest number in the table.\nconst Max = %d\n\n", calls[len(calls)-1].value)
	fmt.Fprintf(&b, "// The system calls of linux/amd64. A constant's name is the call's name with\n")
	fmt.Fprintf(&b, "// its underscores removed and each part capitalised: rt_sigreturn is RtSigreturn.\n")
	fmt.Fprintf(&b, "const (\n")
	for _, c := range calls {
		fmt.Fprintf(&b, "%s = %d\n", camelCase(c.call()), c.value)
	}
	fmt.Fprintf(&b, ")\n\n// names holds the name of each number; a number without a call has none.\n")
	fmt.Fprintf(&b, "var names = [Max + 1]string{\n")
	for _, c := range calls {
		fmt.Fprintf(&b, "%d: %q,\n", c.value, c.call())
	}
	fmt.Fprintf(&b, "}\n\n// number is the inverse of names. The compiler makes of such a switch a search by\n")
	fmt.Fprintf(&b, "// length and value, which needs no table to be built when a program starts.\n")
	fmt.Fprintf(&b, "func number(name string) (uint32, bool) {\nswitch name {\n")
	for _, c := range calls {
		fmt.Fprintf(&b, "case %q:\nreturn %d, true\n", c.call(), c.value)
	}
	fmt.Fprintf(&b, "}\nreturn 0, false\n")
	fmt.Fprintf(&b, "}\n\n// errnos holds the name of each errno of Linux.\n")
	fmt.Fprintf(&b, "var errnos = [%d]string{\n", errnos[len(errnos)-1].value+1)
	for _, c := range errnos {
		fmt.Fprintf(&b, "%d: %q,\n", c.value, c.name)
	}
	fmt.Fprintf(&b, "}\n")
	return b.Bytes()
}

// header begins a generated file.
func header(b *bytes.Buffer, version string) {
	fmt.Fprintf(b, "// SPDX-License-Identifier: MIT\n\n")
	fmt.Fprintf(b, "// Code generated by internal/cmd/mksyscalls; DO NOT EDIT.\n// Input: %s %s\n\n", input, version)
	fmt.Fprintf(b, "package sysno\n\n")
}

// renderTest writes tables of x/sys/unix's own constants, for the test in
// sysno_linux_amd64_test.go: what the compiler makes of them, not what this
// command has read.
func renderTest(version string, calls, errnos []constant) []byte {
	var b bytes.Buffer
	header(&b, version)
	fmt.Fprintf(&b, "import \"golang.org/x/sys/unix\"\n\n")
	fmt.Fprintf(&b, "var unixCalls = []struct {\nname string\nunix, sysno uint32\n}{\n")
	for _, c := range calls {
		fmt.Fprintf(&b, "{%q, unix.%s, %s},\n", c.call(), c.name, camelCase(c.call()))
	}
	fmt.Fprintf(&b, "}\n\nvar unixErrnos = []struct {\nname string\nerrno unix.Errno\n}{\n")
	for _, c := range errnos {
		fmt.Fprintf(&b, "{%q, unix.%s},\n", c.name, c.name)
	}
	fmt.Fprintf(&b, "}\n")
	return b.Bytes()
}

func camelCase(name string) string {
	var b strings.Builder
	for part := range strings.SplitSeq(name, "_") {
		if part != "" {
			b.WriteString(strings.ToUpper(part[:1]) + part[1:])
		}
	}
	return b.String()
}
