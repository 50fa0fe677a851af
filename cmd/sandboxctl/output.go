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
	if onTerminal() {
		style.Color.Header = text.Colors{text.Bold}
		if width, _, err := term.GetSize(int(os.Stdout.Fd())); err == nil {
			style.Size.WidthMax = width
		}
	} else {
		text.DisableColors()
	}
	t.SetStyle(style)
	return t
}

func (t printer) render() string {
	if t.markdown {
		return t.RenderMarkdown()
	}
	return strings.TrimRight(t.Render(), " ")
}
