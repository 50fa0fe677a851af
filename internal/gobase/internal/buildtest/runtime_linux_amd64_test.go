// SPDX-License-Identifier: MIT

// Package buildtest holds the table of the runtime's share against the source of the
// toolchain that runs the test: a Go version that makes a call which the table does
// not know fails here, whether or not some scenario meets it.
package buildtest

import (
	"flag"
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"testing"

	"github.com/syscall-sandbox/sandbox/internal/gobase"
	"github.com/syscall-sandbox/sandbox/internal/sysno"
)

// elsewhere are calls in the runtime's source that no program's runtime makes under a
// filter, and so are not in the table.
var elsewhere = map[uint32]string{
	sysno.Pipe2:     "nbpipe_pipe2.go nonblockingPipe is for other systems and for tests of the runtime",
	sysno.Mincore:   "os_linux.go sysargs finds the page size so at start-up, where the kernel gave no auxiliary vector",
	sysno.Faccessat: "write_err_android.go: Android's log",
	sysno.Connect:   "write_err_android.go: Android's log",
	sysno.Socket:    "write_err_android.go: Android's log",
	sysno.Uname:     "os_linux.go getKernelVersion, for os_linux32.go, of 32-bit machines",
}

// unread are the places whose number cannot be read from the source.
var unread = map[string]string{
	"runtime/os_linux.go syscall_runtime_doAllThreadsSyscall": "what the program gives to syscall.AllThreadsSyscall",
	"runtime/os_linux.go runPerThreadSyscall":                 "what the program gives to syscall.AllThreadsSyscall",
	"runtime/sys_linux_amd64.s sigreturn__sigaction":          "rt_sigreturn, whose number Go 1.27 gives as bytes of an instruction",
}

// known lists the callers of what the table permits for some arguments only.
const known = "testdata/known.txt"

var update = flag.Bool("update", false, "add to "+known+" what this toolchain's runtime has that is not there; first see that internal/gobase permits it")

func TestRuntimeSource(t *testing.T) {
	s := ofToolchain(t)
	if len(s.sites) < 50 {
		t.Fatalf("only %d places that make calls are found: the source is not read as it is written", len(s.sites))
	}
	if *update {
		addCallers(t, s)
	}
	for _, p := range judge(s, knownCallers(t)) {
		t.Errorf("%s: %s", runtime.Version(), p)
	}
}

// ofToolchain reads package runtime and those that are there for it alone.
func ofToolchain(t *testing.T) *source {
	t.Helper()
	out, err := exec.Command("go", "env", "GOROOT", "GOVERSION").Output()
	if err != nil {
		t.Fatalf("go env: %v", err)
	}
	goroot, version, _ := strings.Cut(strings.TrimSpace(string(out)), "\n")
	if version != runtime.Version() {
		t.Fatalf("the go command is %s, and this program was made by %s", version, runtime.Version())
	}
	src := filepath.Join(goroot, "src")
	packages := []string{"runtime"}
	err = fs.WalkDir(os.DirFS(src), "internal/runtime", func(path string, d fs.DirEntry, err error) error {
		if err == nil && d.IsDir() {
			packages = append(packages, path)
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	s, err := readSource(src, packages...)
	if err != nil {
		t.Fatal(err)
	}
	return s
}

// judge says what the table does not know.
func judge(s *source, known []string) (problems []string) {
	for _, u := range s.unread {
		if unread[u.where] == "" {
			problems = append(problems, fmt.Sprintf("%s makes a call whose number cannot be read: %s; find out which, and write the reason down in unread", u.where, u.text))
		}
	}
	for _, at := range s.sites {
		name, _ := sysno.Name(at.nr)
		_, reason := elsewhere[at.nr]
		switch inTable, _ := permitted(at.nr); {
		case !inTable && !reason:
			problems = append(problems, fmt.Sprintf("%s makes %q (%d), of which internal/gobase knows nothing: add the need with its scope, and a scenario that meets it, or the reason why it is none to elsewhere", at.where, name, at.nr))
		case inTable && reason:
			problems = append(problems, fmt.Sprintf("%q is in internal/gobase and in elsewhere", name))
		}
	}
	for _, line := range callersOfConditional(s) {
		if !slices.Contains(known, line) {
			problems = append(problems, fmt.Sprintf("%s: internal/gobase permits this call for some arguments only: see that it permits these, then run this test with -update", line))
		}
	}
	return problems
}

// permitted reports whether the table has a call, and for some arguments only.
func permitted(nr uint32) (inTable, conditional bool) {
	for n := range gobase.Needs(gobase.Launch) {
		if n.Nr == nr {
			inTable = true
			conditional = conditional || n.When != ""
		}
	}
	return inTable, conditional
}

// wrappers are functions that hand on what they are given: their callers count too.
var wrappers = []string{"mmap"}

func callersOfConditional(s *source) (lines []string) {
	for _, at := range s.sites {
		if _, conditional := permitted(at.nr); !conditional {
			continue
		}
		callers := s.callers(at.pkg, at.fn)
		for _, c := range callers {
			if slices.Contains(wrappers, c.fn) {
				callers = append(callers, s.callers(c.pkg, c.fn)...)
			}
		}
		for _, c := range append(callers, at) {
			lines = append(lines, c.where+": "+c.text)
		}
	}
	slices.Sort(lines)
	return slices.Compact(lines)
}

func knownCallers(t *testing.T) []string {
	t.Helper()
	data, err := os.ReadFile(known)
	if err != nil {
		t.Fatal(err)
	}
	return strings.Split(strings.TrimSuffix(string(data), "\n"), "\n")
}

func addCallers(t *testing.T, s *source) {
	t.Helper()
	lines := append(knownCallers(t), callersOfConditional(s)...)
	slices.Sort(lines)
	text := strings.TrimPrefix(strings.Join(slices.Compact(lines), "\n"), "\n") + "\n"
	if err := os.WriteFile(known, []byte(text), 0o644); err != nil {
		t.Fatal(err)
	}
}

// What a new version might do is found in a source that does it.
func TestPlanted(t *testing.T) {
	s, err := readSource("testdata/planted", "runtime", "linux")
	if err != nil {
		t.Fatal(err)
	}
	problems := judge(s, knownCallers(t))
	for _, want := range []string{
		`runtime/sys_linux_amd64.s seals makes "mseal" (462)`,
		`runtime/sys_linux_amd64.s bare makes a call whose number cannot be read: SYSCALL`,
		`runtime/runtime.go asks makes "statx" (332)`,
		`runtime/runtime.go hidden makes a call whose number cannot be read: linux.Syscall6(nr, 0, 0, 0, 0, 0, 0)`,
		`runtime/runtime.go advises: madvise(nil, 0, _MADV_NEW): internal/gobase permits`,
		`runtime/runtime.go maps: mmap(nil, 1, _PROT_EXEC): internal/gobase permits`,
		`runtime/runtime.go passes: do(madvise): internal/gobase permits`,
		`linux/linux.go Statx makes "statx" (332)`,
	} {
		if !slices.ContainsFunc(problems, func(p string) bool { return strings.HasPrefix(p, want) }) {
			t.Errorf("nothing says %q in\n%s", want, strings.Join(problems, "\n"))
		}
	}
	for _, p := range problems {
		if strings.Contains(p, "gettid") || strings.Contains(p, "other") {
			t.Errorf("what the table knows, or is of another system: %s", p)
		}
	}
}
