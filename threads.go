// SPDX-License-Identifier: MIT

package sandbox

import (
	"fmt"
	"slices"

	"github.com/syscall-sandbox/sandbox/internal/abi"
	"github.com/syscall-sandbox/sandbox/internal/sysno"
	"github.com/syscall-sandbox/sandbox/seccomp"
)

// Threads lists every thread of the process, by thread id, as the kernel sees
// it: names and filters come from /proc, the names of policies from this package.
//
// /proc is read on a goroutine under the process policy; if that does not permit
// openat, getdents64, read and close the answer is an error, not a violation.
// Before [SetupSyscallSandbox] and with [UnsafeActionOff] it is an error too:
// [ErrNotSetUp].
func Threads() ([]Thread, error) {
	state.mu.Lock()
	defer state.mu.Unlock()
	if !state.ready || state.action == UnsafeActionOff {
		return nil, ErrNotSetUp
	}
	for _, c := range readsThreads {
		if len(state.process.refusing(c)) > 0 {
			return nil, fmt.Errorf("sandbox: Threads needs %s, which the process policy %q refuses", callName(c.Nr), state.process)
		}
	}
	type answer struct {
		threads []Thread
		err     error
	}
	read := make(chan answer)
	go func() {
		threads, err := readThreads()
		read <- answer{threads, err}
	}()
	a := <-read
	if a.err != nil {
		return nil, a.err
	}
	for i := range a.threads {
		a.threads[i].addPolicies()
	}
	slices.SortFunc(a.threads, func(a, b Thread) int { return a.TID - b.TID })
	return a.threads, nil
}

// readsThreads are the calls that Threads makes: see threads_linux_amd64.go.
var readsThreads = [...]seccomp.Call{
	{Arch: abi.AuditArchX86_64, Nr: sysno.Openat, Args: [6]uint64{1<<64 - 100 /* AT_FDCWD */, 0, 0x80000 /* O_CLOEXEC */}},
	{Arch: abi.AuditArchX86_64, Nr: sysno.Openat, Args: [6]uint64{1<<64 - 100, 0, 0x90000 /* O_CLOEXEC|O_DIRECTORY */}},
	{Arch: abi.AuditArchX86_64, Nr: sysno.Getdents64},
	{Arch: abi.AuditArchX86_64, Nr: sysno.Read},
	{Arch: abi.AuditArchX86_64, Nr: sysno.Close},
}

// addPolicies fills in what only this package knows. The state must be locked.
func (t *Thread) addPolicies() {
	t.Policies = slices.Clone(state.process.names)
	s := state.threads[t.TID]
	// Where the kernel counts fewer filters than the thread of this id once had,
	// this is a later thread with the same id.
	if s == nil || t.Filters >= 0 && t.Filters < len(s.chain.names) {
		return
	}
	t.Policies = slices.Clone(s.chain.names)
	if s.name != "" {
		t.Name = s.name
	}
}
