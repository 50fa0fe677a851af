// SPDX-License-Identifier: MIT

package measure

import (
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"runtime"
	"sync/atomic"
	"time"
	"unsafe" // seccomp(2) takes a pointer to the program

	"golang.org/x/net/bpf"
	"golang.org/x/sys/unix"

	"github.com/syscall-sandbox/sandbox/bench/policy"
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
	filter := make([]unix.SockFilter, len(prog))
	for i, in := range prog {
		filter[i] = unix.SockFilter{Code: in.Op, Jt: in.Jt, Jf: in.Jf, K: in.K}
	}
	fprog := unix.SockFprog{Len: uint16(len(filter)), Filter: &filter[0]}
	if err := unix.Prctl(unix.PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0); err != nil {
		return 0, err
	}
	start := time.Now()
	r, _, errno := unix.RawSyscall(unix.SYS_SECCOMP, unix.SECCOMP_SET_MODE_FILTER, 0, uintptr(unsafe.Pointer(&fprog)))
	ns := time.Since(start).Nanoseconds()
	runtime.KeepAlive(&fprog)
	if errno != 0 || r != 0 {
		return 0, fmt.Errorf("seccomp(SECCOMP_SET_MODE_FILTER): %d, %w", r, errno)
	}
	return ns, nil
}

const (
	callBatches = 21
	batchCalls  = 16000
)

// calls times each group on a filtered thread that then waits without a system
// call for the end of the process: the filter may refuse whatever the runtime
// would call.
func calls(j job) ([]float64, error) {
	times := make([]float64, len(j.Groups))
	batch := make([]int64, callBatches)
	var failed error
	var done atomic.Bool
	go func() {
		runtime.LockOSThread()
		if len(j.Program) > 0 {
			_, failed = install(j.Program)
		}
		for i := range j.Groups {
			if failed == nil {
				times[i], failed = j.Groups[i].time(batch)
			}
		}
		done.Store(true)
		for done.Load() {
			// Not even the end of this thread may be left to the filter.
		}
	}()
	for deadline := time.Now().Add(30 * time.Second); !done.Load(); {
		if time.Now().After(deadline) {
			return nil, errors.New("the filtered thread did not come to an end")
		}
		time.Sleep(time.Millisecond)
	}
	return times, failed
}

var errIncoherent = errors.New("a call was refused that the policy allows, or the reverse; or the clock stood still")

// time returns the median over batches of the mean time of a call, loop included.
// It makes no system call but those of the group, and does not allocate.
func (g group) time(batch []int64) (float64, error) {
	for i := range batch {
		start := time.Now()
		for n := 0; n < batchCalls; {
			for k := range g.Calls {
				g.once(&g.Calls[k])
				n++
			}
		}
		batch[i] = time.Since(start).Nanoseconds()
		if batch[i] <= 0 {
			return 0, errIncoherent
		}
	}
	for k := range g.Calls {
		if errno := g.once(&g.Calls[k]); (errno == refused) != (g.Errno == refused) {
			return 0, errIncoherent
		}
	}
	return float64(Median(batch)) / batchCalls, nil
}

func (g group) once(c *policy.Call) uint16 {
	_, _, errno := unix.RawSyscall6(uintptr(c.Nr), uintptr(c.Args[0]), uintptr(c.Args[1]), uintptr(c.Args[2]),
		uintptr(c.Args[3]), uintptr(c.Args[4]), uintptr(c.Args[5]))
	return uint16(errno)
}
