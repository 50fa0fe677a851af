// SPDX-License-Identifier: MIT

// Package scenarios is what the Go runtime does while a program runs, as data: each
// scenario makes it do one thing, so that a policy that refuses what the runtime needs
// for it is found by name. Nothing here knows of policies; sandboxtest.Runtime puts them
// on. Scenarios are bounded by how often they do a thing, never by a time.
//
// So what the runtime does because time has passed is not here: the update of GOMAXPROCS
// by sysmon once a second ("default GOMAXPROCS" makes its calls), the background scavenger
// ("memory back to the system"), the collection that is forced every two minutes ("garbage
// collection"). A deadlock of all goroutines cannot be had beside the goroutines of package
// testing, and ends as "fatal error" does.
package scenarios

import (
	"fmt"
	"slices"
)

// A Scenario is one thing that the runtime can be asked for.
type Scenario struct {
	Name string
	// Make opens what the scenario uses, before a policy is in force, and returns what
	// is to be done under it, on a goroutine that may be locked to its thread. The
	// error of that is a failure, but not one of a policy's making alone.
	Make func() (run func() error)
	// End is how the process ends; the zero value if it does not.
	End End
	// Calls are what the scenario asks of the kernel beyond the runtime's share, on its
	// own goroutine and on Others: a policy that does not allow them cannot be asked to
	// run it. They are written as internal/sysargs reads them, in the order in which they
	// are made: an openat(2) that gets an errno is the last, and taken well.
	Calls, Others []string
}

// An End is how a scenario ends what it runs in.
type End struct {
	Leaves bool   // only its goroutine, and the thread that it is locked to
	Exit   int    // the process, by this exit code
	Signal int    // the process, by this signal of Linux's
	Text   string // that standard error holds by then
}

// Survives reports whether other scenarios can follow in the same process.
func (s Scenario) Survives() bool { return s.End == End{} }

// All returns every scenario, those that survive first.
func All() []Scenario {
	all := slices.Concat(memory(), scheduling(), waiting(), profiles(), library(), signals(), ends())
	slices.SortStableFunc(all, func(a, b Scenario) int {
		switch {
		case a.Survives() == b.Survives():
			return 0
		case a.Survives():
			return -1
		}
		return 1
	})
	return all
}

// Find returns the scenario of a name.
func Find(name string) (Scenario, error) {
	all := All()
	i := slices.IndexFunc(all, func(s Scenario) bool { return s.Name == name })
	if i < 0 {
		return Scenario{}, fmt.Errorf("no scenario %q", name)
	}
	return all[i], nil
}

// plain is a scenario's Make that has nothing to prepare.
func plain(run func() error) func() func() error {
	return func() func() error { return run }
}

// always is for what has no error to return.
func always(run func()) func() func() error {
	return plain(func() error { run(); return nil })
}
