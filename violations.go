// SPDX-License-Identifier: MIT

package sandbox

import "github.com/syscall-sandbox/sandbox/learn"

// Violations lists the distinct violations so far, by first appearance, each with
// the number of times it happened. Violations are the same if they agree in call,
// policies, thread name, call stack and the arguments that choose what the call does
// (flags, commands, families, not descriptors or pointers).
//
// Under [UnsafeActionLearn] they are the calls that the policies in force would have
// refused. At most 8192 are told apart; further ones are counted by call alone.
//
// Reports are written by a goroutine, so of what happens in the last moment of a program
// that goes on after violations there may be none. Log the list as the last thing.
func Violations() []Violation {
	state.mu.Lock()
	a, on := state.action, state.ready && state.action != UnsafeActionOff
	state.mu.Unlock()
	if !on || a == ActionKillProcess {
		return nil
	}
	return violations(a)
}

// Learned returns what was recorded so far under [UnsafeActionLearn], per policy in
// force: nil under every other action. The recording is the caller's.
func Learned() *learn.Recording {
	state.mu.Lock()
	a, on := state.action, state.ready
	state.mu.Unlock()
	if !on || a != UnsafeActionLearn {
		return nil
	}
	r := learned()
	// Merging sorts, and joins what differs by thread or stack only. It cannot fail for
	// calls that this library names.
	if merged, err := learn.Merge(r); err == nil {
		r = merged
	}
	return r
}
