// SPDX-License-Identifier: MIT

package sandbox_test

import (
	"bytes"
	"encoding/json"
	"log/slog"
	"reflect"
	"strings"
	"testing"
	"time"

	"github.com/syscall-sandbox/sandbox"
	"github.com/syscall-sandbox/sandbox/internal/abi"
	"github.com/syscall-sandbox/sandbox/internal/sysno"
	"github.com/syscall-sandbox/sandbox/seccomp"
)

// full is a violation of which everything is known.
func full() sandbox.Violation {
	return sandbox.Violation{
		Time:    time.Date(2026, 11, 24, 12, 22, 33, 123456789, time.FixedZone("CET", 3600)),
		Syscall: "socket",
		Call: seccomp.Call{Arch: abi.AuditArchX86_64, Nr: sysno.Socket, IP: 0x4a5b6c,
			Args: [6]uint64{16, 0x80003, 0, 0xc000012345678901, 1<<64 - 1, 0}},
		Decoded:  "socket(AF_NETLINK, SOCK_RAW|SOCK_CLOEXEC, NETLINK_ROUTE)",
		Policies: []string{"steady", "net"},
		Thread:   "net", TID: 4711,
		Action: sandbox.ActionDeny, Errno: abi.EPERM, Count: 3,
		Stack: []sandbox.Frame{
			{Func: "syscall.Socket", File: "/usr/lib/go/src/syscall/syscall_unix.go", Line: 425, PC: 0x4a5b6c},
			{Func: "main.work", File: "/src/main.go", Line: 17, PC: 0x4b0000},
			{PC: 0x7f0000001000},
		},
		Remedy: `allow it in policy "net": NewPolicy("net", b.Allow("socket"))`,
		Note:   "in a child process before execve",
	}
}

// hostile is a violation whose texts try to be other lines of a log.
func hostile() sandbox.Violation {
	const forged = "x\nERROR: The syscall \"a\"\r\x1b[2J\u202e\xff\\"
	return sandbox.Violation{
		Syscall: "read", Call: seccomp.Call{Arch: abi.AuditArchX86_64}, Decoded: forged, Policies: []string{forged},
		Thread: forged, Action: sandbox.ActionInvokeSignalHandler,
		Stack: []sandbox.Frame{{Func: forged, File: forged, Line: 1}}, Remedy: forged, Note: forged,
	}
}

// violations are by the name of their golden files.
var violations = map[string]func() sandbox.Violation{
	"full":    full,
	"hostile": hostile,
	"bare": func() sandbox.Violation {
		return sandbox.Violation{Syscall: "syscall 999", Call: seccomp.Call{Arch: abi.AuditArchX86_64, Nr: 999}}
	},
	"executed": func() sandbox.Violation {
		return sandbox.Violation{Syscall: "getgroups", Call: seccomp.Call{Arch: abi.AuditArchX86_64, Nr: sysno.Getgroups},
			Policies: []string{"initialization"}, Thread: "main", Action: sandbox.UnsafeActionAllow, Errno: 0, Count: 1}
	},
	"int80": func() sandbox.Violation {
		return sandbox.Violation{Syscall: "syscall 20 arch 0x40000003", Call: seccomp.Call{Arch: abi.AuditArchI386, Nr: 20, IP: 1}, Errno: 4000}
	},
	"foreign": func() sandbox.Violation {
		return sandbox.Violation{Syscall: "syscall 20 arch 0xc00000b7", Call: seccomp.Call{Arch: 0xc00000b7, Nr: 20}, Action: sandbox.UnsafeActionOff}
	},
}

func TestViolationString(t *testing.T) {
	for name, v := range violations {
		sandbox.CompareFile(t, "violation/"+name+".txt", v().String())
	}
}

func TestViolationJSON(t *testing.T) {
	for name, v := range violations {
		got, err := json.MarshalIndent(v(), "", "\t")
		if err != nil {
			t.Fatal(err)
		}
		sandbox.CompareFile(t, "violation/"+name+".json", asGo126(string(got)))
	}
}

// The value that is read back is the one that was written; what JSON cannot hold, text
// that is no UTF-8, is not asked here.
func TestViolationJSONRoundTrip(t *testing.T) {
	for name, v := range violations {
		if name == "hostile" {
			continue
		}
		want := v()
		data, err := json.Marshal(want)
		if err != nil {
			t.Fatal(err)
		}
		got := sandbox.Violation{Note: "left over", Count: 7}
		if err := json.Unmarshal(data, &got); err != nil {
			t.Fatal(err)
		}
		if !want.Time.IsZero() {
			want.Time = want.Time.UTC()
		}
		if !reflect.DeepEqual(got, want) {
			t.Errorf("%s: got %#v, want %#v", name, got, want)
		}
	}
}

// No field of the type is forgotten in any form.
func TestViolationFormsAreWhole(t *testing.T) {
	v := full()
	for i := range reflect.TypeOf(v).NumField() {
		if reflect.ValueOf(v).Field(i).IsZero() {
			t.Errorf("full has no %s: the tests would not miss it", reflect.TypeOf(v).Field(i).Name)
		}
	}
	text := v.String()
	for _, want := range []string{"socket", "0x4a5b6c", v.Decoded, "steady > net", `thread "net"`, "4711", "EPERM", "  count:    3", "main.work", v.Remedy, v.Note} {
		if !strings.Contains(text, want) {
			t.Errorf("no %s in\n%s", want, text)
		}
	}
}

func TestViolationJSONMistakes(t *testing.T) {
	for _, bad := range []string{
		`{"ip":"4a5b6c"}`, `{"ip":5}`, `{"ip":"0x10000000000000000"}`, `{"arch":"sparc"}`, `{"arch":"0x100000000"}`,
		`{"time":"yesterday"}`, `{"action":"maybe"}`, `{"args":["0x"]}`, `{"number":-1}`, `[]`,
	} {
		v := full()
		if err := json.Unmarshal([]byte(bad), &v); err == nil || !reflect.DeepEqual(v, full()) {
			t.Errorf("%s: error %v, value %v", bad, err, v)
		}
	}
	v := full()
	v.Action = 99
	if _, err := json.Marshal(v); err == nil {
		t.Error("an action without text form was written")
	}
}

func TestViolationLogValue(t *testing.T) {
	noTime := func(groups []string, a slog.Attr) slog.Attr {
		if len(groups) == 0 && a.Key == slog.TimeKey {
			return slog.Attr{}
		}
		return a
	}
	for name, v := range violations {
		var log bytes.Buffer
		slog.New(slog.NewJSONHandler(&log, &slog.HandlerOptions{ReplaceAttr: noTime})).Warn("refused", "violation", v())
		slog.New(slog.NewTextHandler(&log, &slog.HandlerOptions{ReplaceAttr: noTime})).Warn("refused", "violation", v())
		if n := strings.Count(log.String(), "\n"); n != 2 {
			t.Errorf("%s: two records have %d lines", name, n)
		}
		sandbox.CompareFile(t, "violation/"+name+".log", asGo126(log.String()))
	}
}

// asGo126 writes what stands for invalid UTF-8 as encoding/json did up to Go 1.26; later
// it is the character itself.
func asGo126(text string) string { return strings.ReplaceAll(text, "\ufffd", `\ufffd`) }

// Every line of the text is the headline, or indented and a field, whatever is in it.
func TestViolationForgesNoLine(t *testing.T) {
	text := hostile().String()
	if strings.ContainsFunc(text, func(r rune) bool { return r != '\n' && r < ' ' || r == '\u202e' }) {
		t.Errorf("control characters in %q", text)
	}
	for i, line := range strings.Split(text, "\n") {
		if (i > 0) != strings.HasPrefix(line, "  ") {
			t.Errorf("line %d: %q", i, line)
		}
	}
}

// The headline is the one that the signal handler writes.
func TestViolationHeadline(t *testing.T) {
	const want = `ERROR: The syscall "getgroups" (syscall number 115) is not allowed by the syscall sandbox in thread "main" (policy "initialization").` + "\n"
	if got := violations["executed"]().String(); !strings.HasPrefix(got, want) {
		t.Error(got)
	}
}

func TestFrameString(t *testing.T) {
	for want, f := range map[string]sandbox.Frame{
		"main.work /src/main.go:17": {Func: "main.work", File: "/src/main.go", Line: 17, PC: 1},
		"main.work":                 {Func: "main.work"},
		"pc 0x4a5b6c":               {PC: 0x4a5b6c},
		`a\nb c\td:1`:               {Func: "a\nb", File: "c\td", Line: 1},
	} {
		if got := f.String(); got != want {
			t.Errorf("%q, want %q", got, want)
		}
	}
}
