// SPDX-License-Identifier: MIT

package main

import (
	"fmt"
	"strings"

	"github.com/jedib0t/go-pretty/v6/table"
)

// printTable prints a line per lap: memory that is resident, and what it was in the first lap of the same process.
func (s *soak) printTable() {
	t := table.NewWriter()
	t.SetOutputMirror(s.out)
	t.SetStyle(table.StyleLight)
	t.AppendHeader(table.Row{"lap", "syncing", "memory", "threads", "files", "reorganising", "depth", "height", "memory", "serving: memory", "ended by"})
	for i, l := range s.laps {
		t.AppendRow(table.Row{
			i + 1, l.syncing, mib(l.synced.rss), len(l.synced.roles) + l.synced.others, l.synced.open(),
			l.reorganising, l.depth, l.height, l.reorganised, l.served, strings.Join(l.ends, ", "),
		})
	}
	t.Render()
}

func (g growth) String() string {
	return fmt.Sprintf("%s (%+.1f %%)", mib(g.now.rss), 100*(float64(g.now.rss)/float64(g.first.rss)-1))
}

func mib(bytes int64) string { return fmt.Sprintf("%.1f MiB", float64(bytes)/(1<<20)) }
