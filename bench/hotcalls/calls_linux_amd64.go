// SPDX-License-Identifier: MIT

package main

import (
	"fmt"
	"time"
	"unsafe" // system calls take pointers

	"golang.org/x/sys/unix"
)

// names are the calls that busy servers make most.
var names = []string{"read", "write", "futex", "epoll_pwait", "nanosleep", "recvfrom", "sendto"}

// A call is a hot one with arguments with which it returns at once, and what it then
// says: the smaller the call, the more a filter shows.
type call struct {
	nr    uintptr
	args  [6]uintptr
	errno unix.Errno
}

// target is memory that the calls may use.
var target struct {
	word  uint32
	buf   [64]byte
	event unix.EpollEvent
	time  unix.Timespec
}

// hotCalls opens what the calls need, before any filter.
func hotCalls() (map[string]call, error) {
	zero, err := unix.Open("/dev/zero", unix.O_RDONLY|unix.O_CLOEXEC, 0)
	if err != nil {
		return nil, err
	}
	null, err := unix.Open("/dev/null", unix.O_WRONLY|unix.O_CLOEXEC, 0)
	if err != nil {
		return nil, err
	}
	poll, err := unix.EpollCreate1(unix.EPOLL_CLOEXEC)
	if err != nil {
		return nil, err
	}
	pair, err := unix.Socketpair(unix.AF_UNIX, unix.SOCK_STREAM|unix.SOCK_CLOEXEC, 0)
	if err != nil {
		return nil, err
	}
	target.time.Nsec = -1
	buf, event := uintptr(unsafe.Pointer(&target.buf)), uintptr(unsafe.Pointer(&target.event))
	const wakePrivate = 129 // FUTEX_WAKE | FUTEX_PRIVATE_FLAG
	return map[string]call{
		"read":        {nr: unix.SYS_READ, args: [6]uintptr{uintptr(zero), buf, 1}},
		"write":       {nr: unix.SYS_WRITE, args: [6]uintptr{uintptr(null), buf, 1}},
		"futex":       {nr: unix.SYS_FUTEX, args: [6]uintptr{uintptr(unsafe.Pointer(&target.word)), wakePrivate, 1}},
		"epoll_pwait": {nr: unix.SYS_EPOLL_PWAIT, args: [6]uintptr{uintptr(poll), event, 1, 0}},
		// Even for no time nanosleep sleeps; of a time that is none it says so at once.
		"nanosleep": {nr: unix.SYS_NANOSLEEP, args: [6]uintptr{uintptr(unsafe.Pointer(&target.time))}, errno: unix.EINVAL},
		"recvfrom":  {nr: unix.SYS_RECVFROM, args: [6]uintptr{uintptr(pair[0]), buf, 1, unix.MSG_DONTWAIT}, errno: unix.EAGAIN},
		"sendto":    {nr: unix.SYS_SENDTO, args: [6]uintptr{uintptr(pair[0]), buf, 0, unix.MSG_DONTWAIT}}, // nothing arrives
	}, nil
}

// run makes the call n times and returns the time of one in nanoseconds, loop included.
func (c call) run(n int) (float64, error) {
	var last unix.Errno
	start := time.Now()
	for range n {
		_, _, last = unix.RawSyscall6(c.nr, c.args[0], c.args[1], c.args[2], c.args[3], c.args[4], c.args[5])
	}
	ns := float64(time.Since(start).Nanoseconds()) / float64(n)
	if last != c.errno {
		return 0, fmt.Errorf("the call with number %d says %d, not %d", c.nr, last, c.errno)
	}
	return ns, nil
}
