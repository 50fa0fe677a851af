// SPDX-License-Identifier: MIT

package main

import (
	"fmt"
	"strings"
	"testing"

	"github.com/syscall-sandbox/sandbox/seccomp"
)

// The edges of the tree say what the disassembly does: "jeq x ? yes : no".
func TestEdges(t *testing.T) {
	s, err := load("net")
	if err != nil {
		t.Fatal(err)
	}
	f, err := s.filter("thread")
	if err != nil {
		t.Fatal(err)
	}
	p, err := f.Compile()
	if err != nil {
		t.Fatal(err)
	}
	jumps := 0
	for i, line := range disassembly(p) {
		_, targets, ok := strings.Cut(line, " ? ")
		if !ok {
			continue
		}
		jumps++
		e := edges(i, p.Instructions()[i])
		if len(e) != 2 || e[0].label != "yes" || e[1].label != "no" || fmt.Sprintf("%d : %d", e[0].to, e[1].to) != targets {
			t.Errorf("%s: %v", line, e)
		}
	}
	if jumps == 0 {
		t.Error("no jumps")
	}
}

// The path of a call is marked from the first block to its answer, and no other answer is.
func TestDotPath(t *testing.T) {
	s, err := load("net")
	if err != nil {
		t.Fatal(err)
	}
	f, err := s.filter("thread")
	if err != nil {
		t.Fatal(err)
	}
	p, err := f.Compile()
	if err != nil {
		t.Fatal(err)
	}
	call, err := seccomp.ParseCall("read")
	if err != nil {
		t.Fatal(err)
	}
	path := make(map[int]bool)
	for _, i := range p.Explain(call).Path {
		path[i] = true
	}
	var gold []string
	for line := range strings.Lines(dot(p, path)) {
		if strings.Contains(line, "fillcolor=gold") && strings.Contains(line, "ret  ") {
			gold = append(gold, line)
		}
	}
	if len(gold) != 1 || !strings.Contains(gold[0], "ret  allow") {
		t.Errorf("%q", gold)
	}
}
