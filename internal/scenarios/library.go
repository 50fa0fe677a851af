// SPDX-License-Identifier: MIT

package scenarios

import (
	"bytes"
	"crypto/rand"
	"errors"
	"time"
)

// library is what the standard library asks of the kernel so early or so often that
// programs do not think of it.
func library() []Scenario {
	return []Scenario{
		{Name: "crypto/rand", Make: plain(random), Calls: []string{"getrandom"}},
		{Name: "local time", Make: plain(localTime)},
	}
}

// random: the vDSO answers where it can, from state that the runtime maps
// (vgetrandom_linux.go); the call itself is made when that must be seeded again.
func random() error {
	a, b := make([]byte, 32), make([]byte, 32)
	for range 1000 {
		rand.Read(a) // it never fails: it ends the process instead
		rand.Read(b)
		if bytes.Equal(a, b) {
			return errors.New("the same twice")
		}
	}
	return nil
}

// localTime: the zone's file was read before the first policy.
func localTime() error {
	for range 100 {
		if s := time.Now().Local().Format(time.RFC1123Z); s == "" {
			return errors.New("no text")
		}
	}
	return nil
}
