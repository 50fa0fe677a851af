// SPDX-License-Identifier: MIT

package main

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"strconv"
)

// A field of /proc/PID/task/TID/status.
var (
	filters   = regexp.MustCompile(`(?m)^Seccomp_filters:\t(\d+)$`)
	voluntary = regexp.MustCompile(`(?m)^voluntary_ctxt_switches:\t(\d+)$`)
)

// eachThread calls fn with one field of every thread.
func (n *node) eachThread(field *regexp.Regexp, fn func(int)) error {
	tasks, err := filepath.Glob(fmt.Sprintf("/proc/%d/task/*/status", n.cmd.Process.Pid))
	if err != nil {
		return err
	}
	for _, task := range tasks {
		text, err := os.ReadFile(task)
		if errors.Is(err, os.ErrNotExist) {
			continue // the thread has ended
		}
		if err != nil {
			return err
		}
		found := field.FindSubmatch(text)
		if found == nil {
			return fmt.Errorf("%s has nothing like %v", task, field)
		}
		v, err := strconv.Atoi(string(found[1]))
		if err != nil {
			return err
		}
		fn(v)
	}
	return nil
}

// sleeps counts how often a thread of the node had nothing to do.
func (n *node) sleeps() (sum int, err error) {
	err = n.eachThread(voluntary, func(v int) { sum += v })
	return sum, err
}

// checkFilters asks the kernel whether the threads are filtered as mode m says.
func (n *node) checkFilters(m int) error {
	least, most := 1<<30, 0
	if err := n.eachThread(filters, func(v int) { least, most = min(least, v), max(most, v) }); err != nil {
		return err
	}
	got := off
	switch {
	case least > 0 && most > least:
		got = threads
	case least > 0:
		got = process
	}
	if got != m || most > 0 && m == off {
		return fmt.Errorf("the node's threads have %d to %d filters", least, most)
	}
	return nil
}
