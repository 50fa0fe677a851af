// SPDX-License-Identifier: MIT

package scenarios

import (
	"context"
	"errors"
	"fmt"
	"os"
	"runtime"
	"time"
)

func waiting() []Scenario {
	return []Scenario{
		{Name: "sleep", Make: always(sleeps)},
		{Name: "timers", Make: plain(timers)},
		{Name: "network poller", Make: makePoll, Calls: []string{"read"}},
		{Name: "network poller of other goroutines", Make: makePollByOther, Others: []string{"read"}},
		{Name: "deadline of a read", Make: makeDeadline, Calls: []string{"read"}},
	}
}

func sleeps() {
	for range 20 {
		time.Sleep(100 * time.Microsecond)
	}
}

func timers() error {
	ticker := time.NewTicker(200 * time.Microsecond)
	defer ticker.Stop()
	fired := make(chan struct{})
	for range 20 {
		time.AfterFunc(50*time.Microsecond, func() { fired <- struct{}{} })
		<-ticker.C
		<-fired
	}
	ctx, cancel := context.WithTimeout(context.Background(), time.Millisecond)
	defer cancel()
	select {
	case <-ctx.Done():
		return nil
	case <-time.After(time.Minute):
		return errors.New("a timeout of a millisecond takes a minute")
	}
}

// opened is a pipe that stays open: closing it is not the runtime's own need.
func opened() (r, w *os.File, err error) {
	if r, w, err = os.Pipe(); err != nil {
		return nil, nil, fmt.Errorf("before the policy: %w", err)
	}
	openFiles = append(openFiles, r, w)
	return r, w, nil
}

// openFiles keeps finalizers from closing them.
var openFiles []*os.File

// makePoll prepares two pipes and an echo between them. Each read waits in the poller, in
// whose care the files are since before the policy.
func makePoll() func() error {
	in, toEcho, err := opened()
	out, fromEcho, err2 := opened()
	if err := errors.Join(err, err2); err != nil {
		return func() error { return err }
	}
	go func() {
		b := make([]byte, 1)
		for {
			if _, err := in.Read(b); err != nil {
				return
			}
			if _, err := fromEcho.Write(b); err != nil {
				return
			}
		}
	}()
	return func() error {
		b := make([]byte, 1)
		for range 200 {
			if _, err := toEcho.Write(b); err != nil {
				return err
			}
			if _, err := out.Read(b); err != nil {
				return err
			}
		}
		return nil
	}
}

// makePollByOther has another goroutine wait in the poller, while this one stops and starts
// the world, which looks into the poller too (proc.go startTheWorldWithSema).
func makePollByOther() func() error {
	poll := makePoll()
	return func() error {
		done := make(chan error)
		go func() { done <- poll() }()
		for {
			select {
			case err := <-done:
				return err
			default:
				runtime.GC()
			}
		}
	}
}

func makeDeadline() func() error {
	r, _, err := opened()
	return func() error {
		if err != nil {
			return err
		}
		for range 5 {
			if err := r.SetReadDeadline(time.Now().Add(time.Millisecond)); err != nil {
				return err
			}
			if _, err := r.Read(make([]byte, 1)); !errors.Is(err, os.ErrDeadlineExceeded) {
				return fmt.Errorf("reading with a deadline: %w", err)
			}
		}
		return nil
	}
}
