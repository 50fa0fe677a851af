// SPDX-License-Identifier: MIT

package sandbox

// InstancesInUse counts the instances that are taken.
func InstancesInUse() (n int) {
	state.mu.Lock()
	defer state.mu.Unlock()
	for _, used := range inUse {
		if used {
			n++
		}
	}
	return n
}

// TakeInstances takes all instances but some; release gives them back.
func TakeInstances(but int) (release func()) {
	state.mu.Lock()
	defer state.mu.Unlock()
	var taken []uint16
	for i := range inUse {
		if !inUse[i] {
			taken = append(taken, uint16(i))
		}
	}
	taken = taken[but:]
	for _, i := range taken {
		inUse[i] = true
	}
	return func() {
		state.mu.Lock()
		defer state.mu.Unlock()
		for _, i := range taken {
			inUse[i] = false
		}
	}
}

// SetUpLate reports whether a setup that failed has left filters.
func SetUpLate() bool {
	state.mu.Lock()
	defer state.mu.Unlock()
	return state.late
}
