// SPDX-License-Identifier: MIT

package main

import (
	"bytes"
	"os"
	"strings"
	"testing"

	"github.com/syscall-sandbox/sandbox"
	"github.com/syscall-sandbox/sandbox/internal/testproc"
)

// The test binary is the child too.
func TestMain(m *testing.M) {
	if len(os.Args) == 4 && os.Args[1] == childArg {
		main()
		os.Exit(0)
	}
	os.Exit(m.Run())
}

// A policy that permits all hot calls and one that refuses some.
func TestRun(t *testing.T) {
	testproc.Require(t, testproc.ActionCache)
	for policy, refused := range map[string]int{"tor-control": 0, "validation-script-check": 3} {
		var out bytes.Buffer
		if err := run([]string{"-only", policy, "-rounds", "9"}, &out); err != nil {
			t.Fatalf("%v\n%s", err, &out)
		}
		if n := strings.Count(out.String(), "refused"); n != refused {
			t.Errorf("%s: %d calls are refused\n%s", policy, n, &out)
		}
		if n := strings.Count(out.String(), " cache\n"); n != len(names)-refused {
			t.Errorf("%s: %d calls are answered from the cache\n%s", policy, n, &out)
		}
	}
	if run([]string{"-only", "no such policy"}, new(bytes.Buffer)) == nil {
		t.Error("nothing is measured and nobody says so")
	}
}

// A call that is not answered from the cache is seen: here by asking for the spoiled one
// where the other is meant.
func TestMissIsSeen(t *testing.T) {
	testproc.Require(t, testproc.ActionCache)
	bare, err := startChild("", false)
	if err != nil {
		t.Fatal(err)
	}
	heavy, err := startChild(sandbox.PolicyNet.String(), true)
	if err != nil {
		t.Fatal(err)
	}
	r := row{policy: "net", call: "read", permitted: true, predicted: true}
	for range 9 {
		for of, to := range map[*process]*[]float64{bare: &r.bare, heavy: &r.heavyHit} {
			ns, err := of.ask(job{Call: r.call, Spoil: true, N: few})
			if err != nil {
				t.Fatal(err)
			}
			*to = append(*to, ns)
		}
	}
	r.heavyMiss = r.heavyHit
	if r.verdict() != "filter" || judge(new(bytes.Buffer), []row{r}) == nil {
		t.Errorf("%s: %+v", r.verdict(), r)
	}
	for _, p := range []*process{bare, heavy} {
		if err := p.end(); err != nil {
			t.Error(err)
		}
	}
}

// A run without a difference proves nothing, and says so.
func TestNoDifference(t *testing.T) {
	same := []float64{100, 110}
	r := row{policy: "net", call: "read", permitted: true, predicted: true, bare: same, hit: same, miss: same, heavyHit: same, heavyMiss: same}
	var out bytes.Buffer
	if err := judge(&out, []row{r}); err == nil || !strings.Contains(err.Error(), "proves nothing") || r.verdict() != "?" {
		t.Errorf("%v, %s", err, r.verdict())
	}
}
