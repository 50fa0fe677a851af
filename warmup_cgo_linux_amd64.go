// SPDX-License-Identifier: MIT

//go:build cgo

package sandbox

import "runtime"

// warmUpC has glibc count the processors now: malloc does, by opening a file below /sys,
// when the ninth thread asks for memory of its own (malloc/arena.c arena_get2), and that
// may be a thread that is being born, with all signals blocked, where a refused call kills
// without a word.
func warmUpC() {
	const threads = 12
	ready, release := make(chan struct{}), make(chan struct{})
	for range threads {
		go func() {
			runtime.LockOSThread() // so that each goroutine holds a thread
			defer runtime.UnlockOSThread()
			ready <- struct{}{}
			<-release
		}()
	}
	for range threads {
		<-ready
	}
	close(release)
}
