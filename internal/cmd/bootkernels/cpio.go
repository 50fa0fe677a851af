// SPDX-License-Identifier: MIT

package main

import (
	"fmt"
	"io"
)

// A cpioWriter writes an archive as the kernel's initramfs takes it: "newc"
// (Documentation/driver-api/early-userspace/buffer-format.rst).
type cpioWriter struct {
	w   io.Writer
	n   int // bytes written
	ino int // every entry has its own inode number: equal ones would be hard links
	err error
}

// File types of the mode, inode(7).
const (
	typeDir     = 0o040000
	typeFile    = 0o100000
	typeSymlink = 0o120000
)

const cpioEnd = "TRAILER!!!"

// add writes an entry that belongs to a user and its group.
func (c *cpioWriter) add(name string, mode uint32, owner int, data []byte) {
	c.ino++
	nlink := 1
	if mode&typeDir != 0 && mode&typeFile == 0 {
		nlink = 2
	}
	c.write(fmt.Appendf(nil, "070701%08X%08X%08X%08X%08X%08X%08X%08X%08X%08X%08X%08X%08X",
		c.ino, mode, owner, owner, nlink, 0, len(data), 0, 0, 0, 0, len(name)+1, 0))
	c.write(append([]byte(name), 0))
	c.pad()
	c.write(data)
	c.pad()
}

func (c *cpioWriter) dir(name string, owner int)           { c.add(name, typeDir|0o755, owner, nil) }
func (c *cpioWriter) program(name string, data []byte)     { c.add(name, typeFile|0o755, 0, data) }
func (c *cpioWriter) symlink(name, target string)          { c.add(name, typeSymlink|0o777, 0, []byte(target)) }
func (c *cpioWriter) file(name string, o int, data []byte) { c.add(name, typeFile|0o644, o, data) }
func (c *cpioWriter) close() error                         { c.add(cpioEnd, 0, 0, nil); return c.err }

// pad fills up to the next multiple of four, where names and contents end.
func (c *cpioWriter) pad() { c.write(make([]byte, -c.n&3)) }

func (c *cpioWriter) write(b []byte) {
	if c.err != nil {
		return
	}
	var n int
	n, c.err = c.w.Write(b)
	c.n += n
}
