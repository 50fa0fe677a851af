// SPDX-License-Identifier: MIT

package main

import (
	"bytes"
	"regexp"
	"strings"
	"testing"
	"time"
)

// One round of everything says what it is asked for. That the nodes did their work under the
// filters of their mode is checked by the run itself.
func TestRun(t *testing.T) {
	var out bytes.Buffer
	if err := run([]string{"-rounds", "1", "-requests", "300", "-connections", "4"}, &out); err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{
		`(?m)^sync ratio process/off = \d+\.\d{3}$`, `(?m)^sync ratio on/off = \d+\.\d{3}$`,
		`(?m)^rpc ratio process/off = \d+\.\d{3}$`, `(?m)^rpc ratio on/off = \d+\.\d{3}$`,
		`sync: 14131 blocks in each mode, 1 rounds`,
	} {
		if !regexp.MustCompile(want).MatchString(out.String()) {
			t.Errorf("nothing like %s in\n%s", want, &out)
		}
	}
}

// A node in another mode than it should be in has measured nothing.
func TestWrongMode(t *testing.T) {
	dir := t.TempDir()
	b := &bench{dir: dir, bin: dir + "/btcnode"}
	if _, err := inNodeModule("build", "-o", b.bin, "."); err != nil {
		t.Fatal(err)
	}
	for m := range modes {
		n, err := start(b.bin, dir+"/data", modes[m].flags)
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { n.kill() })
		c, err := n.dial()
		if err == nil {
			_, err = c.blockCount() // the roles that answer have started
		}
		if err != nil {
			t.Fatal(err)
		}
		c.close()
		for other := range modes {
			if err := n.checkFilters(other); (err == nil) != (other == m) {
				t.Errorf("%s: taken for %s: %v", modes[m].name, modes[other].name, err)
			}
		}
		if err := n.stop(); err != nil {
			t.Error(err)
		}
	}
}

func TestParse(t *testing.T) {
	for _, wrong := range []string{"-only all", "-rounds 0", "-connections 0", "-requests 79"} {
		if _, err := parse(strings.Fields(wrong)); err == nil {
			t.Errorf("%s is taken", wrong)
		}
	}
	if o, err := parse([]string{"-only", "rpc"}); err != nil || o.rounds%len(orders) != 0 {
		t.Errorf("%+v: %v", o, err)
	}
}

func seconds(n int) figures { return figures{things: 100, time: time.Duration(n) * time.Second} }

// In the second round all was slower; the ratio does not see it.
func TestRatios(t *testing.T) {
	offs, ons := []figures{seconds(1), seconds(2), seconds(1)}, []figures{seconds(2), seconds(4), seconds(1)}
	if got, want := spread(ratios(ons, offs, figures.rate)), "0.500 (0.500-1.000)"; got != want {
		t.Errorf("%s, not %s", got, want)
	}
}
