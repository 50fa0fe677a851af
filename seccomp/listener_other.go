// SPDX-License-Identifier: MIT

//go:build !(linux && amd64)

package seccomp

import (
	"context"
	"os"
	"syscall"
)

// A handle is nothing here: there are no listeners.
type handle struct{}

const opListener = "a listener"

func setFilterWithListener(*Program, Flags) (*Listener, error) { return nil, unsupported(opSetFilter) }

func dupListener(int) (*Listener, error) { return nil, unsupported(opListener) }

func receiveListener(syscall.Conn) (*Listener, error) { return nil, unsupported(opListener) }

func (*handle) file() (*os.File, error) { return nil, unsupported(opListener) }

func (*handle) send(syscall.Conn) error { return unsupported(opListener) }

func (*handle) wake() {}

func (*handle) receive(context.Context, *Listener) (*Request, error) {
	return nil, unsupported(opListener)
}

func (*handle) setSyncWakeUp() error { return unsupported(opListener) }

func (*handle) close() error { return unsupported(opListener) }

func (*Request) valid() error { return unsupported(opListener) }

func (*Request) send(response) error { return unsupported(opListener) }

func (*Request) addFile(*os.File, FileOptions, bool) (int, error) {
	return 0, unsupported(opListener)
}

func (*Request) readMemory(uint64, []byte) (int, error) { return 0, unsupported(opListener) }
