// SPDX-License-Identifier: MIT

package main

import (
	"context"
	"fmt"
	"io"
	"strings"

	"github.com/goccy/go-graphviz"
	"github.com/spf13/cobra"
	"golang.org/x/net/bpf"

	"github.com/syscall-sandbox/sandbox/seccomp"
)

// printAsm prints the disassembly; ">" marks the path.
func printAsm(cmd *cobra.Command, p *seccomp.Program, path map[int]bool) {
	for i, line := range disassembly(p) {
		mark := " "
		if path[i] {
			mark = ">"
		}
		cmd.Println(mark, line)
	}
	cmd.Printf("%d instructions, %d as the kernel counts them\n", p.Len(), p.Converted())
}

func disassembly(p *seccomp.Program) []string {
	return strings.Split(strings.TrimRight(p.String(), "\n"), "\n")
}

// A block is a run of instructions that only the first of can be jumped to.
type block struct {
	first, last int
	next        []edge
}

type edge struct {
	to    int // the first instruction of a block
	label string
}

// blocks cuts the program at jumps and their targets.
func blocks(code []bpf.RawInstruction) (all []block) {
	starts := map[int]bool{0: true}
	for i, in := range code {
		for _, e := range edges(i, in) {
			if e.label != "" || len(edges(i, in)) == 1 && e.to != i+1 {
				starts[e.to] = true
			}
		}
	}
	first := 0
	for i, in := range code {
		next := edges(i, in)
		if len(next) == 1 && next[0].to == i+1 && !starts[i+1] {
			continue
		}
		all = append(all, block{first, i, next})
		first = i + 1
	}
	return all
}

// edges are where control goes after an instruction.
func edges(i int, raw bpf.RawInstruction) []edge {
	switch in := raw.Disassemble().(type) {
	case bpf.RetConstant, bpf.RetA:
		return nil
	case bpf.Jump:
		return []edge{{to: i + 1 + int(in.Skip)}}
	case bpf.JumpIf:
		return []edge{{i + 1 + int(in.SkipTrue), "yes"}, {i + 1 + int(in.SkipFalse), "no"}}
	default:
		return []edge{{to: i + 1}}
	}
}

// dot is the program as a graph for Graphviz, with the blocks and edges of a path marked.
func dot(p *seccomp.Program, path map[int]bool) string {
	lines := disassembly(p)
	var b strings.Builder
	b.WriteString("digraph program {\n\tnode [shape=box, fontname=monospace, fontsize=10]\n\tedge [fontname=monospace, fontsize=9]\n")
	for _, bl := range blocks(p.Instructions()) {
		var label strings.Builder
		for i := bl.first; i <= bl.last; i++ {
			label.WriteString(escape(strings.TrimSpace(lines[i])) + `\l`)
		}
		mark := ""
		if path[bl.first] {
			mark = ", style=filled, fillcolor=gold"
		}
		fmt.Fprintf(&b, "\tn%d [label=\"%s\"%s]\n", bl.first, label.String(), mark)
		for _, e := range bl.next {
			mark := ""
			if path[bl.last] && path[e.to] {
				mark = ", color=red, penwidth=2"
			}
			fmt.Fprintf(&b, "\tn%d -> n%d [label=\"%s\"%s]\n", bl.first, e.to, e.label, mark)
		}
	}
	b.WriteString("}\n")
	return b.String()
}

func escape(s string) string {
	return strings.NewReplacer(`\`, `\\`, `"`, `\"`).Replace(s)
}

// svg draws a graph.
func svg(ctx context.Context, to io.Writer, dot string) error {
	g, err := graphviz.New(ctx)
	if err != nil {
		return err
	}
	defer g.Close()
	graph, err := graphviz.ParseBytes([]byte(dot))
	if err != nil {
		return err
	}
	defer graph.Close()
	return g.Render(ctx, graph, graphviz.SVG, to)
}
