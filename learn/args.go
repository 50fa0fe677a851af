// SPDX-License-Identifier: MIT

package learn

import (
	"strings"

	"github.com/syscall-sandbox/sandbox/internal/sysargs"
)

// chosen is the mask of the bits of argument i that choose what the call does; 0 if
// the argument is data.
func chosen(nr uint32, i int) uint64 { return sysargs.Chosen(nr, i) }

// choosing reports whether any argument of the call chooses what it does.
func choosing(nr uint32) bool {
	for i := range 6 {
		if chosen(nr, i) != 0 {
			return true
		}
	}
	return false
}

// choosing are the arguments of which only the bits that choose are left.
func (c Call) choosing() (args Args) {
	nr := c.nr()
	for i, v := range c.Args {
		args[i] = v & chosen(nr, i)
	}
	return args
}

func (c Call) decode() string {
	if c.unseen() {
		return c.Syscall + "(...)"
	}
	return decode(c.nr(), c.Args)
}

// decode writes a call with "_" for each argument of which nothing was recorded.
func decode(nr uint32, args [6]uint64) string {
	name, rest, _ := strings.Cut(sysargs.Format(nr, args), "(")
	fields := strings.Split(strings.TrimSuffix(rest, ")"), ", ")
	for i := range fields {
		if rest != ")" && chosen(nr, i) == 0 {
			fields[i] = "_"
		}
	}
	return name + "(" + strings.Join(fields, ", ") + ")"
}
