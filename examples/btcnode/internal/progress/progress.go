// SPDX-License-Identifier: MIT

// Package progress shows how far a synchronisation is: a bar where somebody watches, lines where a file or a pipe does.
package progress

import (
	"io"
	"os"
	"time"

	"github.com/schollz/progressbar/v3"
	"golang.org/x/term"
)

// lineEvery is the shortest time between two lines.
const lineEvery = time.Second

// Progress is used by one goroutine.
type Progress struct {
	line     func(done, total int64)
	bar      *progressbar.ProgressBar // nil: lines
	done     int64
	lastLine time.Time
}

// New draws a bar on out if that is a terminal; if not, it calls line now and then.
func New(out *os.File, what string, line func(done, total int64)) *Progress {
	p := &Progress{line: line, done: -1}
	if term.IsTerminal(int(out.Fd())) {
		p.bar = progressbar.NewOptions64(1,
			progressbar.OptionSetWriter(fixedWidth{out}),
			progressbar.OptionSetDescription(what),
			progressbar.OptionShowCount(),
			progressbar.OptionShowIts(),
			progressbar.OptionSetItsString("blocks"),
			progressbar.OptionThrottle(100*time.Millisecond),
			progressbar.OptionOnCompletion(func() { _, _ = out.WriteString("\n") }),
		)
	}
	return p
}

// fixedWidth hides from package progressbar that it draws on a terminal. It would ask for the width each time it draws, and who
// draws may be a thread whose policy has no ioctl.
type fixedWidth struct{ io.Writer }

// Set says that done of total is reached; a total of 0 is not known and makes no bar. Nothing is shown when nothing changed.
func (p *Progress) Set(done, total int64) {
	if done == p.done {
		return
	}
	p.done = done
	if p.bar != nil && total > 0 {
		p.draw(done, total) //sandboxvet:ignore ioctl,fcntl a fixedWidth is no terminal, and nothing is spliced to one
		return
	}
	if done == total || time.Since(p.lastLine) >= lineEvery {
		p.lastLine = time.Now()
		p.line(done, total)
	}
}

func (p *Progress) draw(done, total int64) {
	p.bar.ChangeMax64(total)
	_ = p.bar.Set64(min(done, total)) // a bar that cannot be drawn is no reason to stop
}
