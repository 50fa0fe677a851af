// SPDX-License-Identifier: MIT

package main

import (
	"fmt"
	"os"
	"path/filepath"
	"testing"

	"golang.org/x/sys/unix"
)

// What decide lets through by mistake the kernel still holds back.
func TestOpenBeneath(t *testing.T) {
	root := tree(t)
	b, err := newBroker(root, nil)
	if err != nil {
		t.Fatal(err)
	}
	defer b.root.Close()
	for name, want := range map[string]error{
		"docs/a.txt": nil, "docs/sub/../a.txt": nil,
		"../secret": unix.EACCES, "docs/../../secret": unix.EACCES, filepath.Join(root, "docs/a.txt"): unix.EACCES,
		"docs/up": unix.EACCES, "docs/harmless": unix.EACCES, "docs/magic/etc/passwd": unix.EACCES, "": unix.ENOENT,
	} {
		f, err := b.openBeneath(name)
		if err == nil {
			f.Close()
		}
		if err != want {
			t.Errorf("%q: %v, not %v", name, err, want)
		}
	}
}

// Links that are none to readlink, as all of /proc/PID/fd, root, cwd and exe.
func TestMagicLinks(t *testing.T) {
	b, err := newBroker("/proc", []string{fmt.Sprint(os.Getpid(), "/")})
	if err != nil {
		t.Fatal(err)
	}
	defer b.root.Close()
	for name, want := range map[string]error{
		"status": nil, "root/etc/passwd": unix.EACCES, "exe": unix.EACCES, "fd/0": unix.EACCES, "cwd/main_linux_amd64.go": unix.EACCES,
	} {
		path := fmt.Sprintf("/proc/%d/%s", os.Getpid(), name)
		name, err := b.decide(-1, path, 0)
		if err != nil {
			t.Fatal(err)
		}
		f, err := b.openBeneath(name)
		if err == nil {
			f.Close()
		}
		if err != want {
			t.Errorf("%s: %v, not %v", path, err, want)
		}
	}
}
