// SPDX-License-Identifier: MIT

package faketime

import (
	"bufio"
	"io"
	"os"
	"time"
)

// Stepped is the line that follows a step.
const Stepped = "stepped\n"

// Main is Run for a program whose main function it is. The steps are lines of in, such as "24h"; to each the answer is the
// line [Stepped] on standard output.
func Main(in io.Reader, program string, args ...string) {
	steps := make(chan time.Duration)
	go func() {
		defer close(steps)
		for lines := bufio.NewScanner(in); lines.Scan(); {
			if step, err := time.ParseDuration(lines.Text()); err == nil {
				steps <- step
			}
		}
	}()
	code, err := Run(steps, func() { os.Stdout.WriteString(Stepped) }, program, args...)
	if err != nil {
		os.Stderr.WriteString(err.Error() + "\n")
		code = 1
	}
	os.Exit(code)
}
