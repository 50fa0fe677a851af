// SPDX-License-Identifier: MIT

package main

import (
	"fmt"
	"io"
	"os"
	"strings"
	"syscall"
	"testing"
	"unsafe"
)

// TestTerminal synchronises a node whose standard error is a terminal: it draws a bar there, on the scheduler's thread.
func TestTerminal(t *testing.T) {
	screen, terminal := openTerminal(t)
	cmd := nodeCommand("--sandbox=abort", "--exit-at-tip", "--connect", startPeer(t, realBlocks(t, shortChain)).Addr, "--datadir", t.TempDir())
	cmd.Stderr = terminal
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	terminal.Close()
	drawn, _ := io.ReadAll(screen) // EIO when the node has closed it
	if err := cmd.Wait(); err != nil {
		t.Errorf("the node ended by %v", err)
	}
	if want := fmt.Sprintf("(%d/%d", shortChain, shortChain); !strings.Contains(string(drawn), want) {
		t.Errorf("no %q was drawn: %q", want, drawn)
	}
}

// openTerminal makes a pseudoterminal (pty(7)).
func openTerminal(t *testing.T) (screen, terminal *os.File) {
	t.Helper()
	screen, err := os.OpenFile("/dev/ptmx", os.O_RDWR|syscall.O_NOCTTY, 0)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { screen.Close() })
	var number, unlocked int32
	for request, arg := range map[uintptr]*int32{syscall.TIOCSPTLCK: &unlocked, syscall.TIOCGPTN: &number} {
		if _, _, errno := syscall.Syscall(syscall.SYS_IOCTL, screen.Fd(), request, uintptr(unsafe.Pointer(arg))); errno != 0 {
			t.Fatal(errno)
		}
	}
	terminal, err = os.OpenFile(fmt.Sprintf("/dev/pts/%d", number), os.O_RDWR|syscall.O_NOCTTY, 0)
	if err != nil {
		t.Fatal(err)
	}
	return screen, terminal
}
