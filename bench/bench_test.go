// SPDX-License-Identifier: MIT

package main

import (
	"bytes"
	"encoding/json"
	"fmt"
	"os"
	"strings"
	"testing"

	"github.com/syscall-sandbox/sandbox/bench/measure"
	"github.com/syscall-sandbox/sandbox/bench/peer"
	"github.com/syscall-sandbox/sandbox/bench/policies"
	"github.com/syscall-sandbox/sandbox/bench/policy"
)

// TestMain serves as the measuring child, which the benchmark starts from its own program.
func TestMain(m *testing.M) {
	if len(os.Args) == 2 && os.Args[1] == measure.ChildArg {
		if err := measure.Child(); err != nil {
			fmt.Fprintln(os.Stderr, err)
			os.Exit(1)
		}
		os.Exit(0)
	}
	os.Exit(m.Run())
}

func TestTable(t *testing.T) {
	var out, progress bytes.Buffer
	if err := run([]string{"policies/net.json"}, &out, &progress); err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{"sandbox", "linear", "elastic", "no filter", "compile us", "elastic: x32:"} {
		if !strings.Contains(out.String(), want) {
			t.Errorf("no %q in\n%s", want, &out)
		}
	}
}

func TestJSON(t *testing.T) {
	var out, progress bytes.Buffer
	if err := run([]string{"-json", "-static", "-random", "1"}, &out, &progress); err != nil {
		t.Fatal(err)
	}
	var report Report
	if err := json.Unmarshal(out.Bytes(), &report); err != nil {
		t.Fatal(err)
	}
	seen := make(map[string]bool)
	for _, row := range report.Rows {
		seen[row.Policy] = true
		if row.Peer == "sandbox" && row.Verdict != right && row.Verdict != cannot {
			t.Errorf("%s: %s: %s", row.Policy, row.Verdict, row.Reason)
		}
		if row.Policy == "args" && row.Peer == "elastic" && row.Verdict != wrong {
			t.Errorf("elastic on args is called %s", row.Verdict)
		}
	}
	if len(seen) != 2+15+2 {
		t.Errorf("%d policies", len(seen))
	}
}

func TestUsage(t *testing.T) {
	for _, args := range [][]string{{"-peer", "x"}, {"-only", "no such policy"}, {"no such file"}, {"-nonsense"}} {
		var out, progress bytes.Buffer
		if err := run(args, &out, &progress); err == nil {
			t.Errorf("%q is taken", args)
		}
	}
}

func BenchmarkCompile(b *testing.B) {
	for _, p := range []*policy.Policy{policy.MustParse(policies.Net), policy.MustParse(policies.Args)} {
		for _, each := range peer.InProcess() {
			compile, err := each.Prepare(p)
			if err != nil {
				continue // the table says "cannot"
			}
			b.Run(p.Name+"/"+each.Name, func(b *testing.B) {
				b.ReportAllocs()
				for b.Loop() {
					if _, err := compile(); err != nil {
						b.Fatal(err)
					}
				}
			})
		}
	}
}
