// SPDX-License-Identifier: MIT

// Command violations measures what a violation costs under the actions after which
// the program goes on, and what a recorded call costs under learning: beside a
// permitted call in the same process, in turns.
package main

import (
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"slices"
	"text/tabwriter"
	"time"

	"golang.org/x/sys/unix"

	"github.com/syscall-sandbox/sandbox"
)

func main() {
	var err error
	if len(os.Args) == 3 && os.Args[1] == "measure" {
		err = measure(os.Args[2])
	} else {
		err = run()
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, "violations:", err)
		os.Exit(1)
	}
}

// A result is in nanoseconds per call: medians.
type result struct{ Plain, Permitted, Refused float64 }

func run() error {
	self, err := os.Executable()
	if err != nil {
		return err
	}
	w := tabwriter.NewWriter(os.Stdout, 0, 0, 2, ' ', tabwriter.AlignRight)
	fmt.Fprintln(w, "action\tno filter ns\tpermitted ns\trefused ns\trefused / permitted\t")
	for _, action := range []string{"log-and-deny", "log-and-allow", "learn"} {
		child := exec.Command(self, "measure", action)
		child.Stderr = os.Stderr
		out, err := child.Output()
		if err != nil {
			return fmt.Errorf("%s: %w", action, err)
		}
		var r result
		if err := json.Unmarshal(out, &r); err != nil {
			return err
		}
		fmt.Fprintf(w, "%s\t%.0f\t%.0f\t%.0f\t%.1f\t\n", action, r.Plain, r.Permitted, r.Refused, r.Refused/r.Permitted)
	}
	fmt.Fprintln(w)
	if err := w.Flush(); err != nil {
		return err
	}
	fmt.Println("permitted: getppid, under learn a call that passes by number (sigaltstack); refused: getgroups, under learn recorded.")
	return nil
}

const (
	rounds = 41
	calls  = 5000
)

// measure is one child: rounds of permitted and refused calls in turns.
func measure(action string) error {
	permitted := uintptr(unix.SYS_GETPPID)
	if action == "learn" {
		permitted = unix.SYS_SIGALTSTACK
	}
	plain := perCall(permitted)
	null, err := os.OpenFile(os.DevNull, os.O_WRONLY, 0)
	if err != nil {
		return err
	}
	c := sandbox.Config{Report: null}
	if err := c.Action.UnmarshalText([]byte(action)); err != nil {
		return err
	}
	if err := sandbox.SetupSyscallSandbox(c); err != nil {
		return err
	}
	perCall(unix.SYS_GETGROUPS) // the first is reported
	var p, r []float64
	for range rounds {
		p = append(p, perCall(permitted))
		r = append(r, perCall(unix.SYS_GETGROUPS))
	}
	var n uint64
	for _, v := range sandbox.Violations() {
		if v.Syscall == "getgroups" {
			n += v.Count
		}
	}
	if n != (rounds+1)*calls {
		return fmt.Errorf("%d of %d calls were violations", n, (rounds+1)*calls)
	}
	return json.NewEncoder(os.Stdout).Encode(result{plain, median(p), median(r)})
}

// perCall is the time of one call. sigaltstack without arguments changes nothing.
func perCall(nr uintptr) float64 {
	start := time.Now()
	for range calls {
		unix.RawSyscall(nr, 0, 0, 0)
	}
	return float64(time.Since(start).Nanoseconds()) / calls
}

func median(v []float64) float64 {
	slices.Sort(v)
	return v[len(v)/2]
}
