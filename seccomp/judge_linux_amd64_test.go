// SPDX-License-Identifier: MIT

package seccomp_test

import (
	"math/rand/v2"
	"slices"
	"testing"

	"github.com/syscall-sandbox/sandbox/internal/abi"
	"github.com/syscall-sandbox/sandbox/internal/judge"
	"github.com/syscall-sandbox/sandbox/internal/testproc"
	"github.com/syscall-sandbox/sandbox/seccomp"
)

// The kernel answers every row of every table as the table says.
func TestTablesKernel(t *testing.T) {
	testproc.Require(t, testproc.KillProcess)
	for _, tab := range readTables(t) {
		t.Run(tab.name, func(t *testing.T) {
			rows := tab.rows
			isCompat := func(r row) bool { return r.call.Arch == abi.AuditArchI386 }
			if slices.ContainsFunc(rows, isCompat) {
				t.Run("i386", func(t *testing.T) {
					judge.RequireCompat(t)
					askKernel(t, tab.filter, slices.DeleteFunc(slices.Clone(rows), func(r row) bool { return !isCompat(r) }))
				})
			}
			askKernel(t, tab.filter, slices.DeleteFunc(slices.Clone(rows), isCompat))
		})
	}
}

func askKernel(t *testing.T, f seccomp.Filter, rows []row) {
	t.Helper()
	rows = slices.DeleteFunc(rows, func(r row) bool { return judge.Exempt(r.call) })
	p, err := f.Compile()
	if err != nil {
		t.Fatal(err)
	}
	calls := make([]seccomp.Call, len(rows))
	for i, r := range rows {
		calls[i] = r.call
	}
	for i, ret := range judge.Answers(t, p, calls) {
		if ret != rows[i].want.Value() {
			t.Errorf("%s: %v: the kernel says %#x, want %v", rows[i].where, calls[i], ret, rows[i].want)
		}
	}
}

// generated is how many random filters of each kind the kernel judges.
const generated = 150

// Random filters on numbers, over the whole sweep.
func TestRandomFiltersKernel(t *testing.T) {
	testproc.Require(t, testproc.KillProcess)
	calls := slices.DeleteFunc(sweep(), judge.Exempt)
	for seed := range uint64(generated) {
		f := randomFilter(rand.New(rand.NewPCG(seed, 1)))
		p, err := f.Compile()
		if err != nil {
			t.Fatal(err)
		}
		decide := decider(f)
		for i, ret := range judge.Answers(t, p, calls) {
			if want := decide(calls[i]); ret != want.Value() {
				t.Fatalf("seed %d: %v: the kernel says %#x, want %v\n%v", seed, calls[i], ret, want, p)
			}
		}
	}
}
