// SPDX-License-Identifier: MIT

package seccomp

import (
	"sync"

	"github.com/syscall-sandbox/sandbox/internal/gobase"
	"github.com/syscall-sandbox/sandbox/internal/sysno"
)

// A RuntimeScope is what a filter for a Go program goes on; see [GoRuntime].
type RuntimeScope uint8

const (
	// RuntimeThread is one thread that a goroutine has locked.
	RuntimeThread = RuntimeScope(gobase.Thread)
	// RuntimeProcess is every thread.
	RuntimeProcess = RuntimeScope(gobase.Process)
	// RuntimeLaunch is a filter that is there when the program starts, as a container's is.
	RuntimeLaunch = RuntimeScope(gobase.Launch)
)

// GoRuntime returns rules that allow what the Go runtime itself calls (Go 1.26 and 1.27),
// with conditions where the arguments are known; each Reason names the file of the
// runtime. Without them a Go program under a filter hangs or dies, and not always with
// a word. The rules of one call are alternatives: put them before, or in place of, what
// else a filter says of the call. What a program's own code calls is not in it.
//
// Of a program with cgo, glibc makes threads by clone3 and falls back to clone on ENOSYS
// only: a filter whose default is another errno must answer it so, Errno(38).
//
// tgkill and kill are for the own process ([Arg.IsSelf]); a filter that permits to
// execute programs must allow them whatever their arguments, for a child that inherits
// the filter has another id.
func GoRuntime(s RuntimeScope) []Rule {
	if s > RuntimeLaunch {
		s = RuntimeLaunch
	}
	return cloneRules(goRuntime()[s])
}

// goRuntime parses the table once.
var goRuntime = sync.OnceValue(func() (all [RuntimeLaunch + 1][]Rule) {
	for s := range all {
		for n := range gobase.Needs(gobase.Scope(s)) {
			name, _ := sysno.Name(n.Nr)
			// Conditions that cannot be read, which a test excludes, permit nothing.
			if conds, err := ParseConds(n.When); err == nil {
				all[s] = append(all[s], Rule{Call: name, When: conds, Action: Allow, Reason: "Go runtime: " + n.Where + ": " + n.Why})
			}
		}
	}
	return all
})
