// SPDX-License-Identifier: MIT

package main

import (
	"bytes"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
)

// The kernel itself reads the archive in each run; this is for who changes the writer.
func TestCPIO(t *testing.T) {
	var b bytes.Buffer
	c := &cpioWriter{w: &b}
	c.dir("d", 7)
	c.file("d/f", 7, []byte("text"))
	if err := c.close(); err != nil {
		t.Fatal(err)
	}
	const zero = "00000000"
	want := "070701" + "00000001" + "000041ED" + "00000007" + "00000007" + "00000002" + zero + zero + strings.Repeat(zero, 4) + "00000002" + zero + "d\x00" +
		"070701" + "00000002" + "000081A4" + "00000007" + "00000007" + "00000001" + zero + "00000004" + strings.Repeat(zero, 4) + "00000004" + zero + "d/f\x00\x00\x00" + "text" +
		"070701" + "00000003" + zero + zero + zero + "00000001" + zero + zero + strings.Repeat(zero, 4) + "0000000B" + zero + cpioEnd + "\x00" + "\x00\x00\x00"
	if b.String() != want {
		t.Errorf("wrote %q\nwant  %q", b.String(), want)
	}
}

// good is what a guest writes that has nothing to complain of, with the line ends of a terminal.
const good = "@@ kernel 5.10.0-46-amd64\r\n@@ fact action cache no\r\n" +
	"\r\n@@ start 0 seccomp\r\n=== RUN   TestA\r\n\x16--- PASS: TestA (0.01s)\r\n" +
	"partial\x16    --- SKIP: TestB/sub (0.00s)\r\n    b_test.go:1: SKIP-KERNEL actions needs 5.11, have 5.10.0\r\n" +
	"\r\n@@ end 1.5s ok\r\n"

func TestReport(t *testing.T) {
	r := readReport("bullseye", []byte(good))
	r.check("5.10")
	if len(r.problems) != 0 || *r.results["seccomp"] != (result{pass: 1, skip: 1}) || r.kernel != "5.10.0-46-amd64" {
		t.Errorf("%+v", r)
	}
	var b strings.Builder
	printTable(&b, []string{"seccomp", "learn"}, []*report{r})
	for _, want := range []string{"| action cache | no |", "| `seccomp` | 1 passed, 1 skipped |", "| `learn` | not run |", "1 x SKIP-KERNEL actions needs 5.11"} {
		if !strings.Contains(b.String(), want) {
			t.Errorf("no %q in\n%s", want, b.String())
		}
	}
}

// Each change to a good run is a problem that names itself.
func TestProblems(t *testing.T) {
	for want, change := range map[string][2]string{
		"seccomp as user 0: TestA failed":                 {"PASS", "FAIL"},
		"1 tests were skipped, 0 of them":                 {"SKIP-KERNEL", "not today"},
		`ended with "exit status 2"`:                      {"1.5s ok", "1.5s exit status 2"},
		`action cache: "yes", should be "no"`:             {"cache no", "cache yes"},
		`action cache: "", should be "no"`:                {"fact", "other"},
		`the kernel is 5.1.0-46-amd64, not 5.10`:          {"5.10.0-46", "5.1.0-46"},
		`action cache: "no", should be "yes"`:             {"5.10.0-46", "6.1.0-50"},
		`seccomp as user 65534: TestA failed`:             {"start 0 seccomp\r\n", "start 65534 seccomp\r\n--- FAIL: TestA (1s)\r\n"},
		`seccomp as user 0 did not end`:                   {"@@ end", "@@ "},
		`learn as user 0 did not end`:                     {"@@ start 0 seccomp", "@@ start 0 learn\r\n@@ start 0 seccomp"},
		"seccomp as user 0 ended with \"signal: killed\"": {"1.5s ok", "1.5s signal: killed"},
	} {
		text := strings.Replace(good, change[0], change[1], 1)
		r := readReport("bullseye", []byte(text))
		r.check("5.10")
		if !slices.ContainsFunc(r.problems, func(p string) bool { return strings.Contains(p, want) }) {
			t.Errorf("%q for %q: problems %q, want %q", change[1], change[0], r.problems, want)
		}
		if problems(&strings.Builder{}, []*report{r}) == nil {
			t.Errorf("%q for %q is no error", change[1], change[0])
		}
	}
}

func TestWhatRuns(t *testing.T) {
	for imports, want := range map[string]bool{
		"[example.com/m/internal/testproc testing] []": true,
		"[] [example.com/m/sandboxtest]":               true,
		"[testing] [strings]":                          false,
	} {
		if meetsKernel(imports) != want {
			t.Errorf("meetsKernel(%q) = %v", imports, !want)
		}
	}
	for pkg, want := range map[string]bool{"seccomp": false, "internal/buildtest": true, "internal/cmd/y": true, "internal/cmdline": false} {
		if left := reasonWithout(pkg) != ""; left != want {
			t.Errorf("%q is left out: %v", pkg, left)
		}
	}
	if unified("/usr/bin/id") != "bin/id" || unified("/lib64/ld.so") != "lib64/ld.so" {
		t.Error("unified")
	}
	libs := libraryPath.FindAllString("/bin/sh:\n\tlinux-vdso.so.1 (0x1)\n\tlibc.so.6 => /lib/x/libc.so.6 (0x2)\n\t/lib64/ld-linux-x86-64.so.2 (0x3)\n", -1)
	if !slices.Equal(libs, []string{"/lib/x/libc.so.6", "/lib64/ld-linux-x86-64.so.2"}) {
		t.Errorf("libraries %q", libs)
	}
}

// What is left out names packages and tests that there are, with a reason.
func TestLeftOut(t *testing.T) {
	for dir, why := range without {
		if _, err := os.Stat(filepath.Join("../../..", dir)); err != nil || why == "" {
			t.Errorf("%s: %q, %v", dir, why, err)
		}
	}
	for dir, s := range skipTests {
		files, err := filepath.Glob(filepath.Join("../../..", dir, "*_test.go"))
		if err != nil || s.why == "" {
			t.Errorf("%s: %q, %v", dir, s.why, err)
		}
		var all []byte
		for _, file := range files {
			text, err := os.ReadFile(file)
			if err != nil {
				t.Fatal(err)
			}
			all = append(all, text...)
		}
		for name := range strings.SplitSeq(s.names, "|") {
			if !regexp.MustCompile(`(?m)^func ` + name + `\(`).Match(all) {
				t.Errorf("%s has no test %s", dir, name)
			}
		}
	}
}
