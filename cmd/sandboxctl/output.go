// SPDX-License-Identifier: MIT

package main

import (
	"encoding/json"
	"fmt"
	"os"
	"slices"
	"strings"

	"github.com/jedib0t/go-pretty/v6/table"
	"github.com/jedib0t/go-pretty/v6/text"
	"github.com/spf13/cobra"
	"golang.org/x/term"

	"github.com/syscall-sandbox/sandbox/export"
)

// outputFlag adds -o with these formats, of which the first is the default. The value is
// checked when flags are parsed.
func outputFlag(cmd *cobra.Command, formats ...string) *string {
	f := &format{value: formats[0], formats: formats}
	cmd.Flags().VarP(f, "output", "o", strings.Join(formats, ", "))
	must(cmd.RegisterFlagCompletionFunc("output", cobra.FixedCompletions(formats, cobra.ShellCompDirectiveNoFileComp)))
	return &f.value
}

type format struct {
	value   string
	formats []string
}

func (f *format) String() string { return f.value }
func (f *format) Type() string   { return "format" }
func (f *format) Set(s string) error {
	if !slices.Contains(f.formats, s) {
		return fmt.Errorf("it is one of %s", strings.Join(f.formats, ", "))
	}
	f.value = s
	return nil
}

func printJSON(cmd *cobra.Command, v any) error {
	e := json.NewEncoder(cmd.OutOrStdout())
	e.SetEscapeHTML(false)
	e.SetIndent("", "  ")
	return e.Encode(v)
}

// printLosses lists on standard error what a format cannot hold; of many calls that lose
// the same, in one note.
func printLosses(cmd *cobra.Command, losses []export.Loss) {
	calls := make(map[string][]string)
	for _, l := range losses {
		calls[l.What] = append(calls[l.What], l.Call)
	}
	for _, l := range losses {
		names := calls[l.What]
		switch {
		case len(names) < 3:
			cmd.PrintErrln("note:", l)
		case names[0] == l.Call:
			wrapped := trimmed(text.WrapSoft(strings.Join(names, ", "), 90))
			cmd.PrintErrf("note: %d calls: %s\n      %s\n", len(names), l.What, strings.ReplaceAll(wrapped, "\n", "\n      "))
		}
	}
}

// onTerminal reports whether a person looks at standard output.
func onTerminal() bool { return term.IsTerminal(int(os.Stdout.Fd())) }

// printer is a table that is drawn for a terminal, plain in a pipe, or Markdown.
type printer struct {
	table.Writer
	markdown bool
}

func newTable(_ *cobra.Command, output string) printer {
	t := printer{table.NewWriter(), output == "markdown"}
	style := table.StyleLight
	style.Options = table.OptionsNoBordersAndSeparators
	style.Format.Header = text.FormatDefault
	style.Box.PaddingLeft, style.Box.PaddingRight = "", "  "
	if onTerminal() {
		style.Color.Header = text.Colors{text.Bold}
	} else {
		text.DisableColors()
	}
	t.SetStyle(style)
	return t
}

// terminalWidth is how many columns standard output has, 0 where no person looks at it.
func terminalWidth() int {
	width, _, err := term.GetSize(int(os.Stdout.Fd()))
	if err != nil {
		return 0
	}
	return width
}

func (t printer) render() string {
	if t.markdown {
		return t.RenderMarkdown()
	}
	return trimmed(t.Render())
}

// trimmed is text without blanks at the ends of its lines.
func trimmed(s string) string {
	lines := strings.Split(s, "\n")
	for i, line := range lines {
		lines[i] = strings.TrimRight(line, " ")
	}
	return strings.Join(lines, "\n")
}
