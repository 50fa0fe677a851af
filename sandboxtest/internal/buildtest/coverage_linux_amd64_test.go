// SPDX-License-Identifier: MIT

package buildtest

import (
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

// A program that is built with -cover looks for GOCOVERDIR when it ends, and creates a
// file there: where the policy of the process permits no files it says so and ends as it
// would have. Such a program can write its counters to a file that is open already.
func TestCoveredProgram(t *testing.T) {
	program := filepath.Join(t.TempDir(), "covered")
	build := exec.Command("go", "build", "-cover", "-covermode=atomic", "-coverpkg=./covered", "-o", program, "./covered")
	build.Env = append(os.Environ(), "CGO_ENABLED=0")
	if out, err := build.CombinedOutput(); err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	run := func(want int, dir string, args ...string) string {
		cmd := exec.Command(program, args...)
		cmd.Env = append(os.Environ(), "GOCOVERDIR="+dir)
		out, err := cmd.CombinedOutput()
		if code := cmd.ProcessState.ExitCode(); code != want || !strings.Contains(string(out), "under the policy\n") {
			t.Errorf("with GOCOVERDIR=%s it ends by %v\n%s", dir, err, out)
		}
		return string(out)
	}
	if out := run(0, t.TempDir()); !strings.Contains(out, "operation not permitted); no coverage data written") {
		t.Errorf("%s", out)
	}
	dir := t.TempDir()
	run(0, "", dir)
	meta, err := filepath.Glob(filepath.Join(dir, "covmeta.*"))
	if err != nil || len(meta) != 1 {
		t.Fatalf("the description of what is covered: %v, %v", meta, err)
	}
	// The name says what the counters belong to, which process wrote them, and when.
	name := strings.Replace(meta[0], "covmeta.", "covcounters.", 1) + ".1.1"
	if err := os.Rename(filepath.Join(dir, "counters"), name); err != nil {
		t.Fatal(err)
	}
	out, err := exec.Command("go", "tool", "covdata", "percent", "-i="+dir).CombinedOutput()
	if err != nil || !strings.Contains(string(out), "buildtest/covered") || strings.Contains(string(out), " 0.0%") {
		t.Errorf("%v\n%s", err, out)
	}
}
