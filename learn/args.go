// SPDX-License-Identifier: MIT

package learn

import (
	"fmt"
	"strings"

	"github.com/syscall-sandbox/sandbox/internal/sysno"
)

// chosen is the mask of the bits of argument i that choose what the call does.
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

func (c Call) decode() string {
	nr := c.nr()
	var args []string
	for i, v := range c.Args {
		if chosen(nr, i) != 0 {
			args = append(args, fmt.Sprintf("%#x", v))
		} else {
			args = append(args, "_")
		}
	}
	return c.Syscall + "(" + strings.Join(args, ", ") + ")"
}
