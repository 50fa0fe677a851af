// SPDX-License-Identifier: MIT

package sandbox_test

import (
	"runtime"
	"testing"
)

// A message to a goroutine that is locked to its thread, as those of Go are, and one back:
// what a role with a policy of its own costs those who talk to it.
func BenchmarkHop(b *testing.B) {
	for name, locked := range map[string]bool{"ordinary": false, "locked": true} {
		b.Run(name, func(b *testing.B) {
			there, back := make(chan struct{}), make(chan struct{})
			go func() {
				if locked {
					runtime.LockOSThread()
				}
				for range there {
					back <- struct{}{}
				}
			}()
			for b.Loop() {
				there <- struct{}{}
				<-back
			}
			close(there)
		})
	}
}
