// SPDX-License-Identifier: MIT

package seccomp_test

import (
	"errors"
	"fmt"
	"os"
	"runtime"
	"runtime/debug"
	"syscall"
	"unsafe" // raw calls take pointers

	"golang.org/x/sys/unix"

	"github.com/syscall-sandbox/sandbox/internal/testproc"
	"github.com/syscall-sandbox/sandbox/seccomp"
)

// Examples of what cannot be undone: each runs in a process of its own.

// exampleChildren are the examples by their names.
func exampleChildren() map[string]func() {
	children := make(map[string]func())
	for name, example := range map[string]func(){"SetFilter": ExampleSetFilter, "SetStrict": ExampleSetStrict} {
		children[exampleChild+name] = func() {
			inExampleChild = true
			example()
		}
	}
	return children
}

const exampleChild = "example/"

// inExampleChild is set in the process that an example has to itself.
var inExampleChild bool

// inChild runs fn, of the example of that name, in a process of its own.
func inChild(name string, fn func()) {
	if inExampleChild {
		fn()
		return
	}
	cmd := testproc.Command(exampleChild + name)
	cmd.Env = append(cmd.Env, quiet...)
	cmd.Stdout, cmd.Stderr = os.Stdout, os.Stderr
	if err := cmd.Run(); err != nil {
		fmt.Println(err)
	}
}

// A process that may do little more than write and exit, and gets a strange answer when it
// opens a file. What the Go runtime itself calls, write and exit_group among it, must be
// allowed in any Go program.
func ExampleSetFilter() {
	inChild("SetFilter", func() {
		f := seccomp.Filter{
			Default: seccomp.Errno(38), // ENOSYS
			Unknown: seccomp.Errno(38),
			Rules:   seccomp.GoRuntime(seccomp.RuntimeProcess),
		}
		// 26 is ETXTBSY, which makes no sense here.
		f.Rules = append(f.Rules, seccomp.Group(seccomp.Errno(26), "openat")...)
		p, err := f.Compile()
		if err != nil {
			fmt.Println(err)
			return
		}

		// no_new_privs is of a thread, so SetFilter must be called on the same one.
		runtime.LockOSThread()
		if err := errors.Join(seccomp.SetNoNewPrivs(), seccomp.SetFilter(p, seccomp.TSync)); err != nil {
			fmt.Println(err)
			return
		}

		fmt.Println("Hi!")
		_, err = os.Open("file.txt")
		fmt.Println(err, errors.Is(err, syscall.ETXTBSY))
		err = os.Mkdir("dir", 0o700)
		fmt.Println(err)
	})
	// Output:
	// Hi!
	// open file.txt: text file busy true
	// mkdir dir: function not implemented
}

// Strict mode ends a thread that does anything but read, write and exit, and Go is not told:
// this process can still end because no garbage is collected any more, the thread
// has not taken the last processor with it, and another thread waits for its end.
func ExampleSetStrict() {
	inChild("SetStrict", func() {
		debug.SetGCPercent(-1)
		runtime.GOMAXPROCS(2)
		text, path := []byte("strict\n"), []byte("/etc/passwd\x00")
		tid := make(chan int, 1)
		// Not on the main thread, which would not vanish before the process does.
		offMain(func() {
			tid <- unix.Gettid()
			if err := seccomp.SetStrict(); err != nil {
				fmt.Println(err)
				os.Exit(1)
			}
			// Only raw calls from here on. A channel or a print would be the end already.
			unix.RawSyscall(unix.SYS_WRITE, 1, uintptr(unsafe.Pointer(&text[0])), uintptr(len(text)))
			unix.RawSyscall(unix.SYS_OPEN, uintptr(unsafe.Pointer(&path[0])), unix.O_RDONLY, 0) // killed
			unix.RawSyscall(unix.SYS_WRITE, 1, uintptr(unsafe.Pointer(&path[0])), uintptr(len(path)))
		})
		ends(<-tid)
		fmt.Println("The thread was killed. The process was not.")
	})
	// Output:
	// strict
	// The thread was killed. The process was not.
}
