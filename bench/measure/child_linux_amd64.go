// SPDX-License-Identifier: MIT

package measure

import (
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"runtime"
	"sync/atomic"
	"syscall"
	"time"
	"unsafe" // seccomp(2) takes a pointer to the program; linkname

	"golang.org/x/net/bpf"
	"golang.org/x/sys/unix"
)

// Child is the measuring child: a job on stdin, times in nanoseconds on stdout.
func Child() error {
	var j job
	if err := json.NewDecoder(os.Stdin).Decode(&j); err != nil {
		return err
	}
	var times []float64
	var err error
	if j.Installs > 0 {
		times, err = installs(j)
	} else {
		times, err = calls(j)
	}
	if err != nil {
		return err
	}
	return json.NewEncoder(os.Stdout).Encode(times)
}

// installs puts the program on one fresh thread after another, so that each finds no
// other filter. The goroutine ends locked, and its thread with it; no thread
// inherits the filter, because Go makes threads from an unfiltered one
// when the caller is locked (runtime/proc.go: newm).
func installs(j job) ([]float64, error) {
	times := make([]float64, 0, j.Installs)
	for range j.Installs {
		type result struct {
			ns  int64
			err error
		}
		done := make(chan result)
		go func() {
			runtime.LockOSThread()
			ns, err := install(j.Program)
			done <- result{ns, err}
		}()
		r := <-done
		if r.err != nil {
			return nil, r.err
		}
		times = append(times, float64(r.ns))
	}
	return []float64{Median(times)}, nil
}

func install(prog []bpf.RawInstruction) (int64, error) {
	fprog, err := prepared(prog)
	if err != nil {
		return 0, err
	}
	start := time.Now()
	r, _, errno := unix.RawSyscall(unix.SYS_SECCOMP, unix.SECCOMP_SET_MODE_FILTER, 0, uintptr(unsafe.Pointer(fprog)))
	ns := time.Since(start).Nanoseconds()
	if errno != 0 || r != 0 {
		return 0, fmt.Errorf("seccomp(SECCOMP_SET_MODE_FILTER): %d, %w", r, errno)
	}
	return ns, nil
}

// prepared returns what seccomp(2) takes, and sets no_new_privs on the thread.
func prepared(prog []bpf.RawInstruction) (*unix.SockFprog, error) {
	filter := make([]unix.SockFilter, len(prog))
	for i, in := range prog {
		filter[i] = unix.SockFilter{Code: in.Op, Jt: in.Jt, Jf: in.Jf, K: in.K}
	}
	return &unix.SockFprog{Len: uint16(len(filter)), Filter: &filter[0]}, unix.Prctl(unix.PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0)
}

const (
	callBatches = 21
	batchCalls  = 16000
)

// A timing is what a filtered thread leaves behind: plain memory, since the thread may
// make no system call of the runtime's.
type timing struct {
	fprog  *unix.SockFprog // nil: no filter
	groups []group

	installed syscall.Errno
	ns        [][callBatches]int64
	refused   []int // calls answered with that errno, in the last batch
	done      atomic.Bool
}

// calls times each group on a filtered thread that then waits without a system
// call for the end of the process: the filter may refuse whatever the runtime
// would call.
func calls(j job) ([]float64, error) {
	t := &timing{groups: j.Groups, ns: make([][callBatches]int64, len(j.Groups)), refused: make([]int, len(j.Groups))}
	unprepared := make(chan error, 1)
	go func() {
		runtime.LockOSThread()
		if len(j.Program) > 0 {
			fprog, err := prepared(j.Program)
			if err != nil {
				unprepared <- err
				return
			}
			t.fprog = fprog
		}
		t.run()
	}()
	for deadline := time.Now().Add(30 * time.Second); !t.done.Load(); time.Sleep(time.Millisecond) {
		select {
		case err := <-unprepared:
			return nil, err
		default:
		}
		if time.Now().After(deadline) {
			return nil, errors.New("the filtered thread did not come to an end")
		}
	}
	return t.results()
}

// run does not return. It and all that it calls are nosplit: the check at the
// start of any other function is where the scheduler takes a goroutine off its thread
// after 10 ms, by a futex call that the filter may refuse.
//
//go:nosplit
//go:norace
func (t *timing) run() {
	if t.fprog != nil {
		_, _, t.installed = syscall.RawSyscall(unix.SYS_SECCOMP, unix.SECCOMP_SET_MODE_FILTER, 0, uintptr(unsafe.Pointer(t.fprog)))
	}
	for i := range t.groups {
		for b := range callBatches {
			t.refused[i] = 0
			start := nanotime()
			for n := 0; n < batchCalls; {
				for k := range t.groups[i].Calls {
					c := &t.groups[i].Calls[k]
					_, _, errno := syscall.RawSyscall6(uintptr(c.Nr), uintptr(c.Args[0]), uintptr(c.Args[1]),
						uintptr(c.Args[2]), uintptr(c.Args[3]), uintptr(c.Args[4]), uintptr(c.Args[5]))
					if errno == refused {
						t.refused[i]++
					}
					n++
				}
			}
			t.ns[i][b] = nanotime() - start
		}
	}
	t.done.Store(true)
	for t.done.Load() {
		// Not even the end of this thread may be left to the filter.
	}
}

// nanotime reads the clock without a call or a check of the stack; time.Now has one.
//
//go:linkname nanotime runtime.nanotime
//go:nosplit
func nanotime() int64

// results returns the median over batches of the mean time of a call, loop
// included, for each group, or says why the run means nothing.
func (t *timing) results() ([]float64, error) {
	if t.installed != 0 {
		return nil, fmt.Errorf("seccomp(SECCOMP_SET_MODE_FILTER): %w", t.installed)
	}
	times := make([]float64, len(t.groups))
	for i, g := range t.groups {
		made := (batchCalls + len(g.Calls) - 1) / len(g.Calls) * len(g.Calls)
		want := 0
		if g.Refused {
			want = made
		}
		if t.refused[i] != want {
			return nil, fmt.Errorf("incoherent: of %d calls like %s %d were refused, not %d", made, g.Calls[0], t.refused[i], want)
		}
		ns := Median(t.ns[i][:])
		if ns <= 0 {
			return nil, errors.New("incoherent: the clock stood still")
		}
		times[i] = float64(ns) / float64(made)
	}
	return times, nil
}
