// SPDX-License-Identifier: MIT

package main

import (
	_ "embed"
	"html/template"
	"io"
	"slices"
	"strconv"

	svgo "github.com/ajstarks/svgo"

	"github.com/syscall-sandbox/sandbox/seccomp"
)

// A heat map has a column per policy and a row per call that any of them permits.

// A cell is a call under a policy.
type cell struct {
	Share string // "", or whose: it decides the colour
	If    bool   // on conditions
	Hover string
}

type heatRow struct {
	Call  string
	Cells []cell
}

// heatRows has the calls that most policies permit at the top.
func heatRows(policies []overview) (rows []heatRow) {
	index := make(map[string]int)
	for p, o := range policies {
		for _, e := range o.Permitted {
			at, ok := index[e.Call]
			if !ok {
				at = len(rows)
				index[e.Call] = at
				rows = append(rows, heatRow{e.Call, make([]cell, len(policies))})
			}
			rows[at].Cells[p].add(o.Policy, e)
		}
	}
	slices.SortStableFunc(rows, func(a, b heatRow) int {
		if d := b.permitted() - a.permitted(); d != 0 {
			return d
		}
		return number(a.Call) - number(b.Call)
	})
	return rows
}

func (c *cell) add(policy string, e permission) {
	line := e.Reason
	if e.If != "" {
		line = "if " + e.If + ": " + line
	}
	if c.Hover == "" {
		c.Hover = e.Call + " under " + policy
	}
	c.Hover += "\n" + e.Share + ": " + line
	c.If = e.If != "" && (c.If || c.Share == "")
	if c.Share == "" || e.Share == "policy" {
		c.Share = e.Share
	}
}

func (r heatRow) permitted() (n int) {
	for _, c := range r.Cells {
		if c.Share != "" {
			n++
		}
	}
	return n
}

func number(call string) int {
	c, _ := seccomp.CallOf(call)
	return int(c.Nr)
}

//go:embed heatmap.html
var heatMapText string

var heatMapPage = template.Must(template.New("heatmap").Parse(heatMapText))

func heatMapHTML(to io.Writer, policies []overview) error {
	return heatMapPage.Execute(to, struct {
		Policies []overview
		Rows     []heatRow
	}{policies, heatRows(policies)})
}

// Colours of the shares, as in heatmap.html.
var shareColours = map[string]string{"policy": "#1f6feb", "runtime": "#2da44e", "setup": "#8250df", "launcher": "#bf8700"}

const side, left, top = 16, 200, 190

func heatMapSVG(to io.Writer, policies []overview) error {
	w := &errorWriter{w: to}
	rows := heatRows(policies)
	bottom := top + side*len(rows)
	width, height := max(left+side*len(policies)+20, 460), bottom+50
	s := svgo.New(w)
	s.Start(width, height, `font-family="sans-serif" font-size="11"`)
	s.Title("Policies of the syscall sandbox: which call is permitted under which")
	s.Rect(0, 0, width, height, "fill:#fff") // a viewer may be dark, the text is not
	for i, o := range policies {
		x := strconv.Itoa(left + side*i + side - 4)
		s.Text(left+side*i+side-4, top-6, o.Policy, `transform="rotate(-90 `+x+` `+strconv.Itoa(top-6)+`)"`)
	}
	for y, r := range rows {
		s.Text(left-8, top+side*y+side-4, r.Call, `text-anchor="end"`)
		for x, c := range r.Cells {
			drawCell(s, left+side*x, top+side*y, c)
		}
	}
	x := 20
	for _, key := range [...]struct{ share, text string }{{"policy", "the policy"}, {"runtime", "the Go runtime"}, {"setup", "the next policy"}} {
		s.Rect(x, bottom+16, 10, 10, "fill:"+shareColours[key.share])
		s.Text(x+14, bottom+25, key.text)
		x += 108
	}
	s.Text(x, bottom+25, "fainter: on conditions")
	s.End()
	return w.err
}

func drawCell(s *svgo.SVG, x, y int, c cell) {
	if c.Share == "" {
		s.Rect(x, y, side-1, side-1, "fill:#eef1f4")
		return
	}
	opacity := "1"
	if c.If {
		opacity = "0.45"
	}
	s.Group()
	s.Title(c.Hover)
	s.Rect(x, y, side-1, side-1, "fill:"+shareColours[c.Share]+";fill-opacity:"+opacity)
	s.Gend()
}

// errorWriter keeps the first error, which svgo does not return.
type errorWriter struct {
	w   io.Writer
	err error
}

func (w *errorWriter) Write(b []byte) (int, error) {
	if w.err != nil {
		return 0, w.err
	}
	n, err := w.w.Write(b)
	w.err = err
	return n, err
}
