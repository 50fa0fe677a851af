// SPDX-License-Identifier: MIT

package seccomp

import "github.com/syscall-sandbox/sandbox/internal/sysno"

// weights are the shares that calls have in what a busy Go server calls, for calls
// whose arguments a filter looks at; all others are answered from the kernel's
// action cache, whatever their path. Parking and waking threads is most of it;
// package net and storage engines use fcntl. The rest is shared by all.
var weights = func() (w [sysno.Max + 1]float32) {
	for nr := range w {
		w[nr] = 0.008
	}
	w[sysno.Futex] = 0.75
	w[sysno.Fcntl] = 0.125
	w[sysno.Socket] = 0.03
	w[sysno.Openat] = 0.03
	return w
}()
