// SPDX-License-Identifier: MIT

package learn

import (
	"fmt"
	"strings"

	"github.com/syscall-sandbox/sandbox/internal/sysno"
)

// chosen is the mask of the bits of argument i that choose what the call does; 0 if
// the argument is data.
func chosen(nr uint32, i int) uint64 {
	switch {
	case nr == sysno.Socket && i < 3, nr == sysno.Fcntl && i == 1, nr == sysno.Openat && i == 2, nr == sysno.Ioctl && i == 1,
		nr == sysno.Recvfrom && i == 3, nr == sysno.Prctl && i == 0, nr == sysno.Setsockopt && (i == 1 || i == 2),
		nr == sysno.Kill && i == 1:
		return 0xffffffff
	case nr == sysno.Clone && i == 0:
		return ^uint64(0)
	}
	return 0
}

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
	name, _ := sysno.Name(nr)
	var fields []string
	for i, v := range args {
		if chosen(nr, i) != 0 {
			fields = append(fields, fmt.Sprintf("%#x", v))
		} else {
			fields = append(fields, "_")
		}
	}
	return name + "(" + strings.Join(fields, ", ") + ")"
}
