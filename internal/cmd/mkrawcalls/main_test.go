// SPDX-License-Identifier: MIT

package main

import (
	"bytes"
	"os"
	"path/filepath"
	"slices"
	"testing"

	"github.com/syscall-sandbox/sandbox/internal/sysno"
)

// The committed table is what the generator writes for this Go release.
func TestGenerated(t *testing.T) {
	want, err := generate()
	if err != nil {
		t.Fatal(err)
	}
	got, err := os.ReadFile(filepath.Join("..", "..", "..", "seccomp", "zrawcalls.go"))
	if err != nil {
		t.Fatal(err)
	}
	if !bytes.Equal(got, want) {
		t.Errorf("seccomp/zrawcalls.go is not what this Go release gives: run go generate ./seccomp\n%s", want)
	}
}

const source = `package syscall

const sys_SETGID = SYS_SETGID
const _SYS_clone3 = 435

var fcntl64Syscall uintptr = SYS_FCNTL

func socket() { RawSyscall(SYS_SOCKET, 0, 0, 0) }
func wrapper(trap uintptr) { RawSyscall(trap, 0, 0, 0) }
func caller() { wrapper(SYS_GETPID) }
func open() { Syscall(SYS_OPEN, 0, 0, 0) }
func all() { AllThreadsSyscall(sys_SETGID, 0, 0, 0) }
func forkAndExecInChild1() {
	rawVforkSyscall(_SYS_clone3, 0, 0, 0)
	if sys.UidMappings != nil || other {
		RawSyscall6(SYS_OPENAT, 0, 0, 0, 0, 0, 0)
	}
	func() { RawSyscall(fcntl64Syscall, 0, 0, 0) }()
}
`

const assembly = `#define SYS_read		0
TEXT runtime·read(SB),NOSPLIT,$0-28
	MOVL	$SYS_read, AX
`

func scanFiles(t *testing.T, name string, files map[string]string) ([]place, error) {
	t.Helper()
	dir := t.TempDir()
	for file, text := range files {
		if err := os.WriteFile(filepath.Join(dir, file), []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	return scan(dir, name)
}

func TestScan(t *testing.T) {
	got, err := scanFiles(t, "syscall", map[string]string{
		"a.go": source, "asm_linux_amd64.s": assembly,
		"a_test.go": "package syscall; func f() { RawSyscall(SYS_GETPID, 0, 0, 0) }", "a_darwin.go": "package syscall; func f() { RawSyscall(SYS_GETPID, 0, 0, 0) }",
	})
	want := []place{
		{sysno.Read, "syscall/asm_linux_amd64.s", "read", false},
		{sysno.Socket, "syscall/a.go", "socket", false},
		{sysno.Getpid, "syscall/a.go", "caller", false},
		{sysno.Setgid, "syscall/a.go", "all", false},
		{sysno.Clone3, "syscall/a.go", "forkAndExecInChild1", false},
		{sysno.Fcntl, "syscall/a.go", "forkAndExecInChild1", true},
	}
	if err != nil || !slices.Equal(got, want) {
		t.Errorf("%v, %v\nwant %v", got, err, want)
	}
}

// What cannot be read must not be passed over.
func TestUnknownNumbers(t *testing.T) {
	for what, files := range map[string]map[string]string{
		"a variable":           {"a.go": "package p; var n = f(1, 2); func g() { RawSyscall(n, 0, 0, 0) }"},
		"an undefined name":    {"a.go": "package p; func g() { RawSyscall(SYS_NONE, 0, 0, 0) }"},
		"an undefined macro":   {"a.s": "TEXT ·f(SB)\n\tMOVL $SYS_read, AX\n"},
		"no Go":                {"a.go": "package p; func {"},
		"a number that is big": {"a.s": "#define SYS_read 99999999999\n"},
	} {
		if got, err := scanFiles(t, "p", files); err == nil {
			t.Errorf("%s: %v", what, got)
		}
	}
}

func TestChoose(t *testing.T) {
	got := choose([]place{{2, "a", "f", true}, {1, "b", "g", false}, {2, "c", "h", false}, {2, "d", "i", false}})
	if want := []place{{1, "b", "g", false}, {2, "c", "h", false}}; !slices.Equal(got, want) {
		t.Errorf("%v, want %v", got, want)
	}
}

// An exception for a function that is gone is an error.
func TestStaleException(t *testing.T) {
	if got, err := reached(nil); err == nil {
		t.Errorf("%v", got)
	}
}
