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
	case bpf.JumpIf, bpf.JumpIfX:
		// Not the fields of in: Disassemble turns a condition round where that saves a jump.
		return []edge{{i + 1 + int(raw.Jt), "yes"}, {i + 1 + int(raw.Jf), "no"}}
	default:
		return []edge{{to: i + 1}}
	}
}

// dot is the program as a tree for Graphviz, with the blocks and edges of a path marked.
// Every edge to a block that only answers gets an answer of its own: a program has few of
// them, and edges from everywhere to those few could not be followed.
func dot(p *seccomp.Program, path map[int]bool) string {
	lines := disassembly(p)
	all := blocks(p.Instructions())
	answers := make(map[int]bool)
	for _, bl := range all[1:] {
		answers[bl.first] = bl.first == bl.last && len(bl.next) == 0
	}
	var b strings.Builder
	b.WriteString("digraph program {\n\trankdir=LR\n\tranksep=0.4\n\tnodesep=0.08\n\tnode [shape=box, style=filled, fillcolor=white, fixedsize=true, fontname=monospace, fontsize=10]\n\tedge [fontname=monospace, fontsize=9, arrowsize=0.6]\n")
	for _, bl := range all {
		if answers[bl.first] {
			continue
		}
		node(&b, fmt.Sprintf("n%d", bl.first), lines[bl.first:bl.last+1], path[bl.first])
		for _, e := range bl.next {
			to, mark := fmt.Sprintf("n%d", e.to), ""
			on := path[bl.last] && path[e.to]
			if answers[e.to] {
				to = fmt.Sprintf("n%d_%d_%s", e.to, bl.last, e.label)
				node(&b, to, lines[e.to:e.to+1], on)
			}
			if on {
				mark = ", color=red, penwidth=2"
			}
			fmt.Fprintf(&b, "\tn%d -> %s [label=\"%s\"%s]\n", bl.first, to, e.label, mark)
		}
	}
	b.WriteString("}\n")
	return b.String()
}

// node writes a block, as large as its text: Graphviz cannot measure the font that will
// draw it.
func node(b *strings.Builder, name string, lines []string, on bool) {
	const char, line, margin = 6.2 / 72, 13.0 / 72, 0.16 // inches, at 10 points
	var label strings.Builder
	longest := 0
	for _, text := range lines {
		text, _, _ = strings.Cut(strings.TrimSpace(text), " ? ") // the edges say where it goes
		longest = max(longest, len(text))
		label.WriteString(escape(text) + `\l`)
	}
	colour := ""
	switch {
	case on:
		colour = ", fillcolor=gold"
	case strings.Contains(lines[0], "ret  allow"):
		colour = ", fillcolor=palegreen"
	case strings.Contains(lines[0], "ret  "):
		colour = ", fillcolor=mistyrose"
	}
	fmt.Fprintf(b, "\t%s [label=\"%s\", width=%.2f, height=%.2f%s]\n", name, label.String(), char*float64(longest)+margin, line*float64(len(lines))+margin/2, colour)
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
