// SPDX-License-Identifier: MIT

package main

import (
	"bytes"
	"os"
	"strings"
	"testing"

	"golang.org/x/sys/unix"

	"github.com/syscall-sandbox/sandbox/internal/testproc"
)

// The test binary is the child too.
func TestMain(m *testing.M) {
	if len(os.Args) == 3 && os.Args[1] == childArg {
		main()
		os.Exit(0)
	}
	os.Exit(m.Run())
}

// Every way to make a call is measured, and every call was answered as it should be: batch
// looks at each answer.
func TestRun(t *testing.T) {
	testproc.Require(t, syncWakeUp)
	var out bytes.Buffer
	if err := run([]string{"-rounds", "3", "-calls", "20"}, &out); err != nil {
		t.Fatal(err)
	}
	want := 0
	for _, s := range setups("") {
		want += len(s.operations())
	}
	if n := strings.Count(out.String(), " round trip ") + strings.Count(out.String(), " open ") + strings.Count(out.String(), " open, own ") + strings.Count(out.String(), " open, fixed "); n != want || want < 10 {
		t.Errorf("%d rows, not %d\n%s", n, want, &out)
	}
}

// A call that is answered otherwise is no time to report.
func TestIncoherent(t *testing.T) {
	none, err := unix.BytePtrFromString("/no/such/file")
	if err != nil {
		t.Fatal(err)
	}
	if ns, err := batch(job{"direct", 1}, none); err == nil {
		t.Errorf("%v ns for a file that is not there", ns)
	}
	if ns, err := batch(job{"nothing", 1}, none); err == nil {
		t.Errorf("%v ns for no operation", ns)
	}
	p, err := startProcess(setup{Procs: 1, File: "/no/such/file"})
	if err != nil {
		t.Fatal(err)
	}
	if ns, err := p.ask(job{"open", 1}); err == nil {
		t.Errorf("%v ns for a file that the listener has not", ns)
	}
	if err := p.end(); err != nil {
		t.Error(err)
	}
}

var syncWakeUp = testproc.Feature{Name: "SECCOMP_USER_NOTIF_FD_SYNC_WAKE_UP", Since: testproc.Version{Major: 6, Minor: 6}}
