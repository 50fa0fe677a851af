// SPDX-License-Identifier: MIT

package learn

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"strconv"
	"strings"

	"github.com/syscall-sandbox/sandbox/internal/sysno"
)

// A Recording is what one or several runs called, per phase. One that does not come
// from [Parse] or [Merge] need not be in order: everything here takes it as it is.
type Recording struct {
	Program string  `json:"program"` // base name of the executable; several: sorted, joined by ", "
	Go      string  `json:"go"`      // runtime.Version; several: as Program
	Runs    int     `json:"runs"`
	Phases  []Phase `json:"phases"` // sorted by Policies, of equal ones the process before the thread
	// Lost says, by call, how many times there was no room left to record one. If
	// there is any, the recording is incomplete.
	Lost map[string]uint64 `json:"lost,omitempty"`
}

// A Phase is what was called while a chain of policies was in force.
type Phase struct {
	Policies []string `json:"policies"` // outermost first; the last is the one that a learned policy replaces
	Thread   bool     `json:"thread"`   // the last policy was put on one thread, not on the process
	Calls    []Call   `json:"calls"`    // sorted by number, then arguments
}

// A Call is one system call with one set of values of the arguments that choose what
// it does.
type Call struct {
	Syscall string `json:"syscall"`
	// Args has 0 for arguments that choose nothing; what else is there is dropped
	// whenever a recording is read, merged or written.
	Args Args `json:"args,omitzero"`
	// Decoded is the call as people read it. It is made anew whenever a recording is
	// read, merged or written.
	Decoded string  `json:"decoded"`
	Count   uint64  `json:"count"`
	Stacks  []Stack `json:"stacks,omitempty"` // distinct ones, most frequent first
	// Mark says how the call was recorded if not by executing it from the handler. Of
	// a marked call whose Args are all 0 the arguments were not seen.
	Mark string `json:"mark,omitempty"`
}

// Args are the six arguments of a call. As text they are numbers in hex, separated
// by ", ", without the zeros at the end: 64 bits do not fit into a JSON number.
type Args [6]uint64

// A Stack is one Go call stack that led to a call.
type Stack struct {
	Count  uint64  `json:"count"`
	Frames []Frame `json:"frames"` // innermost first
}

// A Frame is one function of a call stack.
type Frame struct {
	Func string `json:"func"`
	File string `json:"file"`
	Line int    `json:"line"`
}

// MarshalText writes "0x2, 0x80001, 0x6".
func (a Args) MarshalText() ([]byte, error) {
	n := len(a)
	for n > 0 && a[n-1] == 0 {
		n--
	}
	var b []byte
	for i, v := range a[:n] {
		if i > 0 {
			b = append(b, ", "...)
		}
		b = strconv.AppendUint(append(b, "0x"...), v, 16)
	}
	return b, nil
}

// UnmarshalText reads what MarshalText writes; numbers may be decimal too.
func (a *Args) UnmarshalText(text []byte) error {
	var read Args
	if len(text) > 0 {
		fields := strings.Split(string(text), ",")
		if len(fields) > len(read) {
			return fmt.Errorf("learn: arguments %q: a call has at most %d", text, len(read))
		}
		for i, field := range fields {
			v, err := strconv.ParseUint(strings.TrimSpace(field), 0, 64)
			if err != nil {
				return fmt.Errorf("learn: arguments %q: want numbers such as %q", text, "0x2, 0x80001")
			}
			read[i] = v
		}
	}
	*a = read
	return nil
}

// Parse reads what [Recording.JSON] writes. It takes no field, no call and nothing
// after the recording that it does not know: what a tool leaves out unread would be
// missing from a policy.
func Parse(data []byte) (*Recording, error) {
	d := json.NewDecoder(bytes.NewReader(data))
	d.DisallowUnknownFields()
	var r Recording
	if err := d.Decode(&r); err != nil {
		return nil, fmt.Errorf("learn: not a recording of this version, which Recording.JSON writes: %w", err)
	}
	if _, err := d.Token(); err != io.EOF {
		return nil, errors.New("learn: something follows the recording: read one at a time, then Merge")
	}
	if err := r.check(); err != nil {
		return nil, err
	}
	return canonical(&r), nil
}

// JSON writes the recording, indented, in order and with a newline at the end: equal
// recordings are equal bytes. A recording that Parse would not take is an error.
func (r *Recording) JSON() ([]byte, error) {
	if err := r.check(); err != nil {
		return nil, err
	}
	return indented(canonical(r))
}

func indented(v any) ([]byte, error) {
	var b bytes.Buffer
	e := json.NewEncoder(&b)
	e.SetEscapeHTML(false)
	e.SetIndent("", "  ")
	err := e.Encode(v)
	return b.Bytes(), err
}

// check reports all that makes no sense.
func (r *Recording) check() error {
	if r == nil {
		return errors.New("learn: no recording (nil): the program did not run under the learning action")
	}
	var errs []error
	if r.Runs < 0 {
		errs = append(errs, fmt.Errorf("learn: %d runs", r.Runs))
	}
	for i, p := range r.Phases {
		if len(p.Policies) == 0 {
			errs = append(errs, fmt.Errorf("learn: phase %d names no policy", i))
		}
		for _, c := range p.Calls {
			errs = append(errs, known(fmt.Sprintf("phase %q", strings.Join(p.Policies, " > ")), c.Syscall))
		}
	}
	for call := range sorted(r.Lost) {
		errs = append(errs, known("lost", call))
	}
	return errors.Join(errs...)
}

func known(where, call string) error {
	if _, ok := sysno.Number(call); ok {
		return nil
	}
	hint := ""
	if near := sysno.Nearest(call); near != "" {
		hint = fmt.Sprintf("did you mean %q? ", near)
	}
	return fmt.Errorf("learn: %s: this version knows no syscall %q: %sread the recording with the version that wrote it, or record anew", where, call, hint)
}
