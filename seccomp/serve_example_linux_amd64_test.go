// SPDX-License-Identifier: MIT

package seccomp_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"runtime"
	"syscall"

	"github.com/syscall-sandbox/sandbox/internal/testproc"
	"github.com/syscall-sandbox/sandbox/seccomp"
)

func init() {
	installChildren[exampleChild+"Worker"] = exampleWorker
	installChildren[exampleChild+"InProcess"] = func() { inExampleChild = true; ExampleFilter_CompileInProcess_goroutine() }
}

// A supervisor opens one file for a worker that may open none. It decides by what it
// has read from the worker's memory, and opens that itself: the worker cannot change
// it any more. The worker is another process; it is exampleWorker below.
func ExampleListener_Serve() {
	pair, err := syscall.Socketpair(syscall.AF_UNIX, syscall.SOCK_STREAM|syscall.SOCK_CLOEXEC, 0)
	if err != nil {
		fmt.Println(err)
		return
	}
	mine, theirs := os.NewFile(uintptr(pair[0]), "mine"), os.NewFile(uintptr(pair[1]), "theirs")
	worker := testproc.Command(exampleChild + "Worker") // an exec.Cmd
	worker.ExtraFiles = []*os.File{theirs}
	worker.Stdout, worker.Stderr = os.Stdout, os.Stderr
	if err := worker.Start(); err != nil {
		fmt.Println(err)
		return
	}
	theirs.Close()

	l, err := seccomp.ReceiveListener(mine)
	if err != nil {
		fmt.Println(err)
		return
	}
	defer l.Close()
	served := make(chan error)
	go func() { served <- l.Serve(context.Background(), openForWorker) }()
	fmt.Println(worker.Wait())
	fmt.Println(<-served)
	// Output:
	// read Linux version
	// open /etc/shadow: permission denied
	// <nil>
	// <nil>
}

// openForWorker answers an openat.
func openForWorker(_ context.Context, r *seccomp.Request) {
	path, err := r.String(1)
	if err != nil || path != "/proc/version" {
		r.Fail(uint16(syscall.EACCES))
		return
	}
	f, err := os.Open("/proc/version")
	if err != nil {
		r.Fail(uint16(syscall.EIO))
		return
	}
	defer f.Close()
	err = r.ReturnFile(f, seccomp.FileOptions{CloseOnExec: r.Call.Args[2]&syscall.O_CLOEXEC != 0})
	if e := (*seccomp.RequestError)(nil); errors.As(err, &e) {
		r.Fail(uint16(e.Errno)) // such as EMFILE; of no effect if the worker is gone
	}
}

// exampleWorker puts its process under a filter that asks the supervisor, for good, and then opens
// files as ever.
func exampleWorker() {
	p, err := seccomp.Filter{Default: seccomp.Allow, Unknown: seccomp.Errno(38), Rules: []seccomp.Rule{
		{Call: "openat", Action: seccomp.UserNotif},
		{Call: "open", Action: seccomp.Errno(38)}, {Call: "openat2", Action: seccomp.Errno(38)},
	}}.Compile()
	if err != nil {
		fmt.Println(err)
		return
	}
	runtime.LockOSThread() // no_new_privs and the filter must meet on one thread
	if err := seccomp.SetNoNewPrivs(); err != nil {
		fmt.Println(err)
		return
	}
	l, err := seccomp.SetFilterWithListener(p, seccomp.TSync|seccomp.WaitKillableRecv)
	if err != nil {
		fmt.Println(err)
		return
	}
	// Closed, so that this process does not wait for itself when the supervisor has died.
	if err := errors.Join(l.Send(os.NewFile(3, "socket")), l.Close()); err != nil {
		fmt.Println(err)
		return
	}
	runtime.UnlockOSThread()

	f, err := os.Open("/proc/version")
	if err != nil {
		fmt.Println(err)
		return
	}
	text, _ := io.ReadAll(f)
	fmt.Printf("read %.13s\n", text)
	_, err = os.Open("/etc/shadow")
	fmt.Println(err)
}

// One goroutine may open nothing but what another one opens for it. It cannot be
// a boundary: the two share their memory. It finds out what a package opens, or gives a
// package other files than it asks for.
func ExampleFilter_CompileInProcess_goroutine() {
	inChild("InProcess", func() {
		p, err := seccomp.Filter{Default: seccomp.Allow, Unknown: seccomp.Errno(38), Rules: []seccomp.Rule{
			{Call: "openat", Action: seccomp.UserNotif},
		}}.CompileInProcess()
		if err != nil {
			fmt.Println(err)
			return
		}
		listener, done := make(chan *seccomp.Listener), make(chan struct{})
		go func() {
			defer close(done)
			runtime.LockOSThread() // SetFilterWithListener keeps it so: the thread ends with the goroutine, unless it is the main one
			if err := seccomp.SetNoNewPrivs(); err != nil {
				fmt.Println(err)
				return
			}
			l, err := seccomp.SetFilterWithListener(p, seccomp.WaitKillableRecv)
			if err != nil {
				fmt.Println(err)
				return
			}
			listener <- l
			text, err := os.ReadFile("/proc/version")
			fmt.Printf("%.13s, %v\n", text, err)
			_, err = os.ReadFile("/etc/hostname")
			fmt.Println(err)
		}()
		select {
		case l := <-listener: // on a thread without the filter
			go l.Serve(context.Background(), openForWorker)
			<-done
		case <-done:
		}
	})
	// Output:
	// Linux version, <nil>
	// open /etc/hostname: permission denied
}
