// SPDX-License-Identifier: MIT

package stdops

import (
	"io"
	"net"
	"os"
)

// copies are io.Copy where the kernel can do it: by copy_file_range(2), sendfile(2),
// splice(2), with read and write to fall back on.
func copies() []Op {
	return []Op{
		{Package: "io", Name: "Copy", With: "file to file", Make: makeCopy(toFile, fromFile), Warm: "io.Copy(file, otherFile)", WarmUp: copyFile},
		{Package: "io", Name: "Copy", With: "file to TCP", Make: makeCopy(toTCP, fromFile)},
		{Package: "io", Name: "Copy", With: "TCP to TCP", Make: makeCopy(toTCP, fromTCP)},
		{Package: "io", Name: "Copy", With: "TCP to file", Make: makeCopy(toFile, fromTCP)},
		{Package: "io", Name: "Copy", With: "file to pipe", Make: makeCopy(toPipe, fromFile), Warm: "io.Copy(file, otherFile)", WarmUp: copyFile},
		{Package: "io", Name: "Copy", With: "TCP to pipe", Make: makeCopy(toPipe, fromTCP)},
	}
}

func makeCopy(to func() (io.Writer, error), from func() (io.Reader, error)) func() (func() error, error) {
	return func() (func() error, error) {
		w, err := to()
		if err != nil {
			return nil, err
		}
		r, err := from()
		return func() error {
			n, err := io.Copy(w, r)
			return expect(int(n), len(content), err)
		}, err
	}
}

func copyFile() error {
	run, err := makeCopy(toFile, fromFile)()
	if err != nil {
		return err
	}
	return run()
}

func toFile() (io.Writer, error) {
	f, err := os.CreateTemp("", "op")
	keep(f)
	return f, err
}

func fromFile() (io.Reader, error) { return open() }

func toTCP() (io.Writer, error) {
	own, _, err := pair("tcp4")
	return own, err
}

// fromTCP is a connection in which all has come and the peer is done.
func fromTCP() (io.Reader, error) {
	own, peer, err := pair("tcp4")
	if err != nil {
		return nil, err
	}
	if _, err := io.WriteString(peer, content); err != nil {
		return nil, err
	}
	return own, peer.(*net.TCPConn).CloseWrite()
}

func toPipe() (io.Writer, error) {
	r, w, err := os.Pipe()
	keep(r, w)
	return w, err
}
