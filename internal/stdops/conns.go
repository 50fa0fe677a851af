// SPDX-License-Identifier: MIT

package stdops

import (
	"errors"
	"net"
	"os"
	"time"
)

// connections are operations on connections that are there.
func connections() []Op {
	return []Op{
		{Package: "net", Name: "TCPConn.Read", Make: onConn("tcp4", func(c *net.TCPConn) error { return second(c.Read(make([]byte, 8))) })},
		{Package: "net", Name: "TCPConn.Write", Make: onConn("tcp4", func(c *net.TCPConn) error { return second(c.Write([]byte(content))) })},
		{Package: "net", Name: "Buffers.WriteTo", With: "TCP", Make: onConn("tcp4", writeBuffers)},
		{Package: "net", Name: "TCPConn.SetReadDeadline", Make: onConn("tcp4", readDeadline)},
		{Package: "net", Name: "TCPConn.SetKeepAlive", Make: onConn("tcp4", func(c *net.TCPConn) error { return c.SetKeepAlive(true) })},
		{Package: "net", Name: "TCPConn.SetNoDelay", Make: onConn("tcp4", func(c *net.TCPConn) error { return c.SetNoDelay(false) })},
		{Package: "net", Name: "TCPConn.SetLinger", Make: onConn("tcp4", func(c *net.TCPConn) error { return c.SetLinger(1) })},
		{Package: "net", Name: "TCPConn.SetReadBuffer", Make: onConn("tcp4", func(c *net.TCPConn) error { return c.SetReadBuffer(1 << 16) })},
		{Package: "net", Name: "TCPConn.SetWriteBuffer", Make: onConn("tcp4", func(c *net.TCPConn) error { return c.SetWriteBuffer(1 << 16) })},
		{Package: "net", Name: "TCPConn.RemoteAddr", Make: onConn("tcp4", func(c *net.TCPConn) error { c.RemoteAddr(); return nil })},
		{Package: "net", Name: "TCPConn.CloseWrite", Make: onConn("tcp4", (*net.TCPConn).CloseWrite)},
		{Package: "net", Name: "TCPConn.CloseRead", Make: onConn("tcp4", (*net.TCPConn).CloseRead)},
		{Package: "net", Name: "TCPConn.Close", Make: onConn("tcp4", (*net.TCPConn).Close)},
		{Package: "net", Name: "TCPConn.File", Make: onConn("tcp4", func(c *net.TCPConn) error { return closed(c.File()) })},
		{Package: "net", Name: "UnixConn.Read", Make: onConn("unix", func(c *net.UnixConn) error { return second(c.Read(make([]byte, 8))) })},
		{Package: "net", Name: "UnixConn.Write", Make: onConn("unix", func(c *net.UnixConn) error { return second(c.Write([]byte(content))) })},
		{Package: "net", Name: "UnixConn.CloseWrite", Make: onConn("unix", (*net.UnixConn).CloseWrite)},
	}
}

func writeBuffers(c *net.TCPConn) error {
	b := net.Buffers{[]byte(content), []byte(content)}
	return second(b.WriteTo(c))
}

// readDeadline reads all, and then until the deadline.
func readDeadline(c *net.TCPConn) error {
	if err := c.SetReadDeadline(time.Now().Add(5 * time.Millisecond)); err != nil {
		return err
	}
	for {
		if _, err := c.Read(make([]byte, len(content))); errors.Is(err, os.ErrDeadlineExceeded) {
			return nil
		} else if err != nil {
			return err
		}
	}
}

// packets are UDP: the queue holds two packets.
func packets() []Op {
	return []Op{
		{Package: "net", Name: "UDPConn.ReadFrom", Make: onUDP(func(c *net.UDPConn) error {
			_, _, err := c.ReadFrom(make([]byte, 8))
			return err
		})},
		{Package: "net", Name: "UDPConn.ReadMsgUDP", Make: onUDP(func(c *net.UDPConn) error {
			_, _, _, _, err := c.ReadMsgUDP(make([]byte, 8), nil)
			return err
		})},
		{Package: "net", Name: "UDPConn.WriteTo", Make: onUDP(func(c *net.UDPConn) error {
			return second(c.WriteTo([]byte(content), c.LocalAddr()))
		})},
		{Package: "net", Name: "UDPConn.WriteMsgUDP", Make: onUDP(func(c *net.UDPConn) error {
			_, _, err := c.WriteMsgUDP([]byte(content), nil, c.LocalAddr().(*net.UDPAddr))
			return err
		})},
	}
}

func onUDP(run func(c *net.UDPConn) error) func() (func() error, error) {
	return func() (func() error, error) {
		p, err := net.ListenPacket("udp4", "127.0.0.1:0")
		if err != nil {
			return nil, err
		}
		keep(p)
		_, err = p.WriteTo([]byte(content), p.LocalAddr())
		return func() error { return run(p.(*net.UDPConn)) }, err
	}
}
