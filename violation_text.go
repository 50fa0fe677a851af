// SPDX-License-Identifier: MIT

package sandbox

import (
	"encoding/json"
	"fmt"
	"log/slog"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/syscall-sandbox/sandbox/internal/abi"
	"github.com/syscall-sandbox/sandbox/seccomp"
)

// violationJSON is the form in which violations reach logs and files.
type violationJSON struct {
	Time      string               `json:"time,omitempty"`
	Syscall   string               `json:"syscall"`
	Number    uint32               `json:"number"`
	Arch      archJSON             `json:"arch"`
	IP        register             `json:"ip"`
	Args      [6]register          `json:"args"`
	Decoded   string               `json:"decoded,omitempty"`
	Policies  []string             `json:"policies,omitempty"`
	Thread    string               `json:"thread"`
	TID       int                  `json:"tid,omitempty"`
	Action    SyscallSandboxAction `json:"action"`
	Errno     uint16               `json:"errno,omitempty"`
	ErrnoName string               `json:"errno_name,omitempty"` // for people; not read
	Count     uint64               `json:"count,omitempty"`
	Stack     []frameJSON          `json:"stack,omitempty"`
	Remedy    string               `json:"remedy,omitempty"`
	Note      string               `json:"note,omitempty"`
}

type frameJSON struct {
	Func string   `json:"func,omitempty"`
	File string   `json:"file,omitempty"`
	Line int      `json:"line,omitempty"`
	PC   register `json:"pc"`
}

// A register is text: numbers of JSON are doubles to many readers.
type register uint64

func (h register) MarshalText() ([]byte, error) { return fmt.Appendf(nil, "%#x", uint64(h)), nil }

func (h *register) UnmarshalText(text []byte) error {
	digits, ok := strings.CutPrefix(string(text), "0x")
	n, err := strconv.ParseUint(digits, 16, 64)
	if !ok || err != nil {
		return fmt.Errorf("sandbox: violation: %q is not a number such as 0x4a5b6c", text)
	}
	*h = register(n)
	return nil
}

// archJSON is an architecture by name; those without one are hexadecimal.
type archJSON uint32

func (a archJSON) MarshalText() ([]byte, error) {
	return []byte(strings.TrimPrefix(archName(uint32(a)), "arch ")), nil
}

func (a *archJSON) UnmarshalText(text []byte) error {
	for _, arch := range [...]uint32{abi.AuditArchX86_64, abi.AuditArchI386} {
		if string(text) == archName(arch) {
			*a = archJSON(arch)
			return nil
		}
	}
	var h register
	if err := h.UnmarshalText(text); err != nil || h > 1<<32-1 {
		return fmt.Errorf("sandbox: violation: unknown architecture %q", text)
	}
	*a = archJSON(h)
	return nil
}

// MarshalJSON writes an object whose names stay: time (RFC 3339, UTC, with
// nanoseconds), syscall, number, arch ("x86_64"), ip and args (six hexadecimal
// strings), decoded, policies, thread, tid, action (its text form), errno and
// errno_name, count, stack (of func, file, line, pc), remedy, note. What is unknown
// is left out, except for numbers and registers of the call.
func (v Violation) MarshalJSON() ([]byte, error) {
	form := violationJSON{
		Syscall: v.Syscall, Number: v.Call.Nr, Arch: archJSON(v.Call.Arch), IP: register(v.Call.IP),
		Decoded: v.Decoded, Policies: v.Policies, Thread: v.Thread, TID: v.TID, Action: v.Action,
		Errno: v.Errno, Count: v.Count, Remedy: v.Remedy, Note: v.Note,
	}
	if !v.Time.IsZero() {
		form.Time = timeText(v.Time)
	}
	for i, arg := range v.Call.Args {
		form.Args[i] = register(arg)
	}
	if v.Errno != 0 {
		form.ErrnoName = errnoName(v.Errno)
	}
	for _, f := range v.Stack {
		form.Stack = append(form.Stack, frameJSON{f.Func, f.File, f.Line, register(f.PC)})
	}
	return json.Marshal(form)
}

// UnmarshalJSON reads what MarshalJSON writes. On an error the value stays as it was.
func (v *Violation) UnmarshalJSON(data []byte) error {
	var form violationJSON
	if err := json.Unmarshal(data, &form); err != nil {
		return fmt.Errorf("sandbox: violation: %w", err)
	}
	read := Violation{
		Syscall: form.Syscall,
		Call:    seccomp.Call{Arch: uint32(form.Arch), Nr: form.Number, IP: uint64(form.IP)},
		Decoded: form.Decoded, Policies: form.Policies, Thread: form.Thread, TID: form.TID, Action: form.Action,
		Errno: form.Errno, Count: form.Count, Remedy: form.Remedy, Note: form.Note,
	}
	if form.Time != "" {
		t, err := time.Parse(time.RFC3339Nano, form.Time)
		if err != nil {
			return fmt.Errorf("sandbox: violation: %w", err)
		}
		read.Time = t.UTC()
	}
	for i, arg := range form.Args {
		read.Call.Args[i] = uint64(arg)
	}
	for _, f := range form.Stack {
		read.Stack = append(read.Stack, Frame{f.Func, f.File, f.Line, uint64(f.PC)})
	}
	*v = read
	return nil
}

// LogValue is a group with the names of [Violation.MarshalJSON], without args, which
// decoded says, and errno as a name; each frame of the stack is one string.
func (v Violation) LogValue() slog.Value {
	var errno string
	if v.Errno != 0 {
		errno = errnoName(v.Errno)
	}
	var stack []string
	for _, f := range v.Stack {
		stack = append(stack, f.text())
	}
	attrs := []slog.Attr{
		slog.Time("time", v.Time.UTC()),
		slog.String("syscall", v.Syscall),
		slog.Int64("number", int64(v.Call.Nr)),
		slog.String("arch", strings.TrimPrefix(archName(v.Call.Arch), "arch ")),
		slog.String("ip", fmt.Sprintf("%#x", v.Call.IP)),
		slog.String("decoded", v.Decoded),
		slog.Any("policies", v.Policies),
		slog.String("thread", v.Thread),
		slog.Int("tid", v.TID),
		slog.String("action", v.Action.String()),
		slog.String("errno", errno),
		slog.Uint64("count", v.Count),
		slog.Any("stack", stack),
		slog.String("remedy", v.Remedy),
		slog.String("note", v.Note),
	}
	return slog.GroupValue(slices.DeleteFunc(attrs, unknown)...)
}

// unknown reports whether an attribute says nothing.
func unknown(a slog.Attr) bool {
	switch a.Value.Kind() {
	case slog.KindString:
		return a.Value.String() == ""
	case slog.KindTime:
		return a.Value.Time().IsZero()
	case slog.KindInt64:
		return a.Value.Int64() == 0 && a.Key != "number" // read(2) is number 0
	case slog.KindUint64:
		return a.Value.Uint64() == 0
	}
	list, ok := a.Value.Any().([]string)
	return ok && len(list) == 0
}
