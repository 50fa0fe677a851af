// SPDX-License-Identifier: MIT

package sandbox

import (
	"bytes"
	"errors"
	"fmt"
	"strconv"

	"golang.org/x/sys/unix"
)

// readThreads reads /proc/self/task with openat, getdents64, read and close and
// nothing else: package os would make more calls than Threads asks a policy for.
// A thread that ends meanwhile is left out.
func readThreads() ([]Thread, error) {
	names, err := taskNames()
	if err != nil {
		return nil, err
	}
	threads := make([]Thread, 0, len(names))
	for _, name := range names {
		tid, err := strconv.Atoi(name)
		if err != nil {
			continue
		}
		status, err := readFile("/proc/self/task/" + name + "/status")
		if errors.Is(err, unix.ENOENT) || errors.Is(err, unix.ESRCH) {
			continue
		}
		if err != nil {
			return nil, err
		}
		threads = append(threads, parseStatus(tid, status))
	}
	return threads, nil
}

func taskNames() ([]string, error) {
	fd, err := open("/proc/self/task", unix.O_DIRECTORY)
	if err != nil {
		return nil, err
	}
	defer unix.Close(fd)
	var names []string
	buf := make([]byte, 1<<14)
	for {
		n, err := unix.Getdents(fd, buf)
		if err != nil {
			return nil, fmt.Errorf("sandbox: /proc/self/task: %w", err)
		}
		if n == 0 {
			return names, nil
		}
		_, _, names = unix.ParseDirent(buf[:n], -1, names)
	}
}

func readFile(name string) ([]byte, error) {
	fd, err := open(name, 0)
	if err != nil {
		return nil, err
	}
	defer unix.Close(fd)
	var content []byte
	buf := make([]byte, 1<<12)
	for {
		n, err := unix.Read(fd, buf)
		if err == unix.EINTR {
			continue
		}
		if err != nil {
			return nil, fmt.Errorf("sandbox: %s: %w", name, err)
		}
		if n == 0 {
			return content, nil
		}
		content = append(content, buf[:n]...)
	}
}

func open(name string, flags int) (int, error) {
	for {
		fd, err := unix.Open(name, flags|unix.O_RDONLY|unix.O_CLOEXEC, 0)
		if err == unix.EINTR {
			continue
		}
		if err != nil {
			return -1, fmt.Errorf("sandbox: %s: %w", name, err)
		}
		return fd, nil
	}
}

// parseStatus reads the lines that proc_pid_status(5) names; Seccomp_filters is there
// since Linux 5.9.
func parseStatus(tid int, status []byte) Thread {
	t := Thread{TID: tid, Filters: -1}
	for line := range bytes.Lines(status) {
		key, value, _ := bytes.Cut(bytes.TrimSpace(line), []byte(":\t"))
		switch string(key) {
		case "Name":
			t.Name = string(value)
		case "Seccomp":
			t.Mode, _ = strconv.Atoi(string(value))
		case "Seccomp_filters":
			if n, err := strconv.Atoi(string(value)); err == nil {
				t.Filters = n
			}
		}
	}
	return t
}
