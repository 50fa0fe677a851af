// SPDX-License-Identifier: MIT

package sandboxtest

import (
	"fmt"
	"io"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"sync"
	"testing"
)

// A childTB is the testing.TB of a function that runs in a child: what it is told goes
// to the parent. Only what says nothing of success (Name, Setenv, Context) is the child's
// own test's.
type childTB struct {
	testing.TB
	out *outlet

	mu              sync.Mutex
	failed, skipped bool
	helpers         []string
	cleanups        []func()
}

// run runs a function on the calling goroutine and its cleanups after it, as package
// testing does, then after. A panic is not stopped: it ends the child.
func (b *childTB) run(fn func(*childTB), after func()) {
	unlessPanic(func() { fn(b) }, func() { b.cleanUp(after) })
}

func (b *childTB) cleanUp(after func()) {
	b.mu.Lock()
	n := len(b.cleanups)
	if n == 0 {
		b.mu.Unlock()
		after()
		return
	}
	f := b.cleanups[n-1]
	b.cleanups = b.cleanups[:n-1]
	b.mu.Unlock()
	unlessPanic(f, func() { b.cleanUp(after) })
}

// unlessPanic calls next when f has returned or left by runtime.Goexit. After a panic
// nothing more may happen: the parent would hear of a good end before the bad one.
func unlessPanic(f, next func()) {
	returned := false
	defer func() {
		if !returned {
			if reason := recover(); reason != nil {
				panic(reason)
			}
		}
		next()
	}()
	f()
	returned = true
}

func (b *childTB) Cleanup(f func()) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.cleanups = append(b.cleanups, f)
}

func (b *childTB) Helper() {
	var pc [1]uintptr
	f, _ := runtime.CallersFrames(pc[:runtime.Callers(2, pc[:])]).Next()
	b.mu.Lock()
	defer b.mu.Unlock()
	if !slices.Contains(b.helpers, f.Function) {
		b.helpers = append(b.helpers, f.Function)
	}
}

// tell sends a text with the place in the function's code that it comes from.
func (b *childTB) tell(kind, text string) {
	b.out.tell(kind, b.place()+strings.TrimSuffix(text, "\n"))
}

// place is the innermost caller that is neither this type's nor a helper.
func (b *childTB) place() string {
	var pcs [64]uintptr
	frames := runtime.CallersFrames(pcs[:runtime.Callers(2, pcs[:])])
	b.mu.Lock()
	defer b.mu.Unlock()
	for {
		f, more := frames.Next()
		if !more {
			return ""
		}
		if !strings.Contains(f.Function, "sandboxtest.(*childTB).") && !slices.Contains(b.helpers, f.Function) {
			return fmt.Sprintf("%s:%d: ", filepath.Base(f.File), f.Line)
		}
	}
}

func (b *childTB) fail() {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.failed = true
}

func (b *childTB) Fail()        { b.fail(); b.out.tell(eventError, "") }
func (b *childTB) FailNow()     { b.Fail(); runtime.Goexit() }
func (b *childTB) Failed() bool { b.mu.Lock(); defer b.mu.Unlock(); return b.failed }

func (b *childTB) Log(args ...any)                 { b.tell(eventLog, fmt.Sprintln(args...)) }
func (b *childTB) Logf(format string, args ...any) { b.tell(eventLog, fmt.Sprintf(format, args...)) }

func (b *childTB) Error(args ...any) { b.fail(); b.tell(eventError, fmt.Sprintln(args...)) }

func (b *childTB) Errorf(format string, args ...any) {
	b.fail()
	b.tell(eventError, fmt.Sprintf(format, args...))
}

func (b *childTB) Fatal(args ...any) {
	b.fail()
	b.tell(eventError, fmt.Sprintln(args...))
	runtime.Goexit()
}

func (b *childTB) Fatalf(format string, args ...any) {
	b.fail()
	b.tell(eventError, fmt.Sprintf(format, args...))
	runtime.Goexit()
}

func (b *childTB) skip(text string) {
	b.mu.Lock()
	b.skipped = true
	b.mu.Unlock()
	b.out.tell(eventSkip, text)
	runtime.Goexit()
}

func (b *childTB) Skip(args ...any) {
	b.skip(b.place() + strings.TrimSuffix(fmt.Sprintln(args...), "\n"))
}

func (b *childTB) Skipf(format string, args ...any) { b.skip(b.place() + fmt.Sprintf(format, args...)) }
func (b *childTB) SkipNow()                         { b.skip("") }
func (b *childTB) Skipped() bool                    { b.mu.Lock(); defer b.mu.Unlock(); return b.skipped }

// Output is a log without places.
func (b *childTB) Output() io.Writer { return outputTo{b.out} }

type outputTo struct{ out *outlet }

func (o outputTo) Write(p []byte) (int, error) {
	o.out.tell(eventLog, strings.TrimSuffix(string(p), "\n"))
	return len(p), nil
}

// TempDir is removed by the parent with all of the child's temporary files.
func (b *childTB) TempDir() string {
	dir, err := os.MkdirTemp("", "fn")
	if err != nil {
		b.Fatalf("TempDir: %v", err)
	}
	return dir
}
