// SPDX-License-Identifier: MIT

package sandbox_test

import (
	"encoding/json"
	"reflect"
	"strings"
	"testing"
	"time"

	"github.com/syscall-sandbox/sandbox"
	"github.com/syscall-sandbox/sandbox/internal/abi"
	"github.com/syscall-sandbox/sandbox/internal/sysno"
	"github.com/syscall-sandbox/sandbox/seccomp"
)

const (
	auditd = `type=SECCOMP msg=audit(1732443753.123:456): `
	fields = `auid=4294967295 uid=1000 gid=1000 ses=4294967295 subj=unconfined pid=1234 comm="btcnode" exe="/usr/bin/btcnode" sig=31 arch=c000003e syscall=41 compat=0 ip=0x4a5b6c code=0x80000000`
	nodeIs = `process 1234, "/usr/bin/btcnode"; the audit log has no arguments, policies or stack`
)

// Every way in which the record reaches people is the same violation.
func TestParseAuditLineForms(t *testing.T) {
	at := time.Date(2024, 11, 24, 10, 22, 33, 123e6, time.UTC)
	for _, c := range []struct {
		line string
		time time.Time
	}{
		{auditd + fields, at},
		{auditd + fields + "\n", at},
		{auditd + fields + "\x1dAUID=\"unset\" UID=\"node\" GID=\"node\" ARCH=x86_64 SYSCALL=socket", at},
		{`node=host.example ` + auditd + fields, at},
		{`type=UNKNOWN[1326] msg=audit(1732443753.123:456): ` + fields, at},
		{`type=1326 msg=audit(1732443753.123:456): ` + fields, at},
		{`type=1326 audit(1732443753.123:456): ` + fields, at},
		{`audit: type=1326 audit(1732443753.123:456): ` + fields, at},
		{`[  123.456789] audit: type=1326 audit(1732443753.123:456): ` + fields, at},
		{`<5>[11024.941166] audit: type=1326 audit(1732443753.123:456): ` + fields, at},
		{`[Sun Nov 24 10:22:33 2024] audit: type=1326 audit(1732443753.123:456): ` + fields, at},
		{`kernel: audit: type=1326 audit(1732443753.123:456): ` + fields, at},
		{`Nov 24 11:22:33 host kernel: audit: type=1326 audit(1732443753.123:456): ` + fields, at},
		{`Nov 24 11:22:33 host kernel: [  123.456789] audit: type=1326 audit(1732443753.123:456): ` + fields, at},
		{`2024-11-24T11:22:33.123456+01:00 host kernel: audit: type=1326 audit(1732443753.123:456): ` + fields, at},
		{`Nov 24 11:22:33 host audispd[568]: node=host ` + auditd + fields, at},
		{`Nov 24 11:22:33 host audit[1234]: SECCOMP ` + fields, time.Time{}},
		{strings.Replace(auditd+fields, "subj=unconfined", "subj==node//child (enforce)", 1), at},
		{strings.Replace(auditd+fields, "subj=unconfined", "subj=unconfined_u:unconfined_r:unconfined_t:s0-s0:c0.c1023", 1), at},
		{strings.Replace(auditd+fields, "subj=unconfined ", "", 1), at},
	} {
		got, err := sandbox.ParseAuditLine(c.line)
		if err != nil {
			t.Error(err)
			continue
		}
		want := sandbox.Violation{
			Time: c.time, Syscall: "socket", Decoded: "socket(...)", Thread: "btcnode", Count: 1,
			Call: seccomp.Call{Arch: abi.AuditArchX86_64, Nr: sysno.Socket, IP: 0x4a5b6c}, Note: nodeIs,
			Remedy: `AllowInetSockets() permits it; or AllowUnixSockets() or AllowNetlink() or Allow("socket"): the arguments decide, which are not known here; built in, "net-open-connection" and "net-add-connection" permit it with some arguments`,
		}
		if !reflect.DeepEqual(got, want) {
			t.Errorf("%s\n got %#v\nwant %#v", c.line, got, want)
		}
	}
}

// Lines that a kernel 6.18 wrote about tests of this package.
func TestParseAuditLineOfTheKernel(t *testing.T) {
	for line, want := range map[string]string{
		`[ 9581.159899] audit: type=1326 audit(1795517726.713:331164): auid=4294967295 uid=0 gid=0 ses=4294967295 pid=5283 comm=7065657220776974682061206C6F6E exe="/tmp/b001/sandbox.test" sig=31 arch=c000003e syscall=115 compat=0 ip=0x41130e code=0x80000000`: `ERROR: The syscall "getgroups" (syscall number 115) is not allowed by the syscall sandbox in thread "peer with a lon" (policy unknown).
  call:     getgroups(...)
  answer:   killed by the kernel
  count:    1
  where:    x86_64, pc 0x41130e, 2026-11-24T10:55:26.713000000Z
  note:     process 5283, "/tmp/b001/sandbox.test"; the audit log has no arguments, policies or stack
  remedy:   Allow("getgroups") permits it; no built-in policy permits it`,
		`[11024.941180] audit: type=1326 audit(1795519170.501:430241): auid=4294967295 uid=65534 gid=65534 ses=4294967295 pid=9165 comm="test" exe="/tmp/test" sig=0 arch=c000003e syscall=39 compat=0 ip=0x5d248b code=0x7ffc0000`: `ERROR: The syscall "getpid" (syscall number 39) is not allowed by the syscall sandbox in thread "test" (policy unknown).
  call:     getpid(...)
  answer:   executed all the same
  count:    1
  where:    x86_64, pc 0x5d248b, 2026-11-24T11:19:30.501000000Z
  note:     RET_LOG; process 9165, "/tmp/test"; the audit log has no arguments, policies or stack
  remedy:   AllowGetSimpleId() permits it; or only Allow("getpid"); built in, "validation-script-check" and "net" permit it`,
	} {
		v, err := sandbox.ParseAuditLine(line)
		if err != nil {
			t.Error(err)
		} else if got := v.String(); got != want {
			t.Errorf("got\n%s\nwant\n%s", got, want)
		}
	}
}

func TestParseAuditLineValues(t *testing.T) {
	for change, check := range map[string]func(v sandbox.Violation) bool{
		// what was done
		"code=0x80000000 code=0x30000":    func(v sandbox.Violation) bool { return v.Action == sandbox.ActionInvokeSignalHandler },
		"code=0x80000000 code=0x50000":    func(v sandbox.Violation) bool { return v.Action == sandbox.ActionDeny && v.Errno == 0 },
		"code=0x80000000 code=0x50001":    func(v sandbox.Violation) bool { return v.Action == sandbox.ActionDeny && v.Errno == abi.EPERM },
		"code=0x80000000 code=0x5ffff":    func(v sandbox.Violation) bool { return v.Errno == abi.MaxErrno },
		"code=0x80000000 code=0x7ffc0000": func(v sandbox.Violation) bool { return v.Action == sandbox.UnsafeActionAllow && notes(v, "RET_LOG; ") },
		"code=0x80000000 code=0x7ff00000": func(v sandbox.Violation) bool { return v.Action == sandbox.UnsafeActionOff && notes(v, "RET_TRACE: ") },
		"code=0x80000000 code=0x7fc00000": func(v sandbox.Violation) bool {
			return v.Action == sandbox.UnsafeActionOff && notes(v, "RET_USER_NOTIF: ")
		},
		"code=0x80000000 code=0x12345678": func(v sandbox.Violation) bool { return notes(v, "the filter answered 0x12345678; ") },
		"code=0x80000000 code=0x0": func(v sandbox.Violation) bool {
			return v.Action == sandbox.ActionKillProcess && notes(v, "RET_KILL_THREAD: ")
		},
		"code=0x80000000 ":                  func(v sandbox.Violation) bool { return notes(v, "the line does not say what was done; ") },
		"sig=31 sig=0":                      func(v sandbox.Violation) bool { return v.Note == nodeIs },
		"ip=0x4a5b6c ip=0x7f0123456789":     func(v sandbox.Violation) bool { return v.Call.IP == 0x7f0123456789 },
		"ip=0x4a5b6c ":                      func(v sandbox.Violation) bool { return v.Call.IP == 0 },
		"ip=0x4a5b6c ip=0xffffffffffffffff": func(v sandbox.Violation) bool { return v.Call.IP == 1<<64-1 },
		// who
		`comm="btcnode" comm="a\x"`:                               func(v sandbox.Violation) bool { return v.Thread == `a\x` },
		`comm="btcnode" comm=610A62`:                              func(v sandbox.Violation) bool { return v.Thread == "a\nb" },
		`comm="btcnode" comm=(null)`:                              func(v sandbox.Violation) bool { return v.Thread == "" },
		`comm="btcnode" comm=?`:                                   func(v sandbox.Violation) bool { return v.Thread == "" },
		`comm="btcnode" comm="DEAD"`:                              func(v sandbox.Violation) bool { return v.Thread == "DEAD" },
		`comm="btcnode" comm=xyz`:                                 func(v sandbox.Violation) bool { return v.Thread == "xyz" },
		`comm="btcnode" comm="syscall=1"`:                         func(v sandbox.Violation) bool { return v.Syscall == "socket" },
		`exe="/usr/bin/btcnode" exe=(null)`:                       func(v sandbox.Violation) bool { return notes(v, "process 1234; the") },
		`exe="/usr/bin/btcnode" exe=2F612062202864656C6574656429`: func(v sandbox.Violation) bool { return notes(v, `process 1234, "/a b (deleted)"; `) },
		`exe="/usr/bin/btcnode" exe=2F0A`:                         func(v sandbox.Violation) bool { return notes(v, `process 1234, "/\n"; `) },
		"pid=1234 pid=many":                                       func(v sandbox.Violation) bool { return notes(v, `"/usr/bin/btcnode"; the`) },
		// which call
		"arch=c000003e arch=40000003": func(v sandbox.Violation) bool {
			return v.Syscall == "syscall 41 arch 0x40000003" && never(v, "another architecture")
		},
		"arch=c000003e arch=c00000b7": func(v sandbox.Violation) bool {
			return v.Call.Arch == 0xc00000b7 && v.Decoded == "syscall 41 arch 0xc00000b7(...)"
		},
		"syscall=41 syscall=1073741865": func(v sandbox.Violation) bool {
			return v.Syscall == "syscall 41 x32" && v.Call.Nr == abi.X32Bit|41 && never(v, "x32")
		},
		"syscall=41 syscall=-1": func(v sandbox.Violation) bool { return v.Syscall == "syscall -1" && v.Call.Nr == 1<<32-1 },
		"syscall=41 syscall=999": func(v sandbox.Violation) bool {
			return v.Syscall == "syscall 999" && never(v, "does not know the number")
		},
		"syscall=41 syscall=0":   func(v sandbox.Violation) bool { return v.Syscall == "read" },
		"syscall=41 syscall=129": func(v sandbox.Violation) bool { return never(v, "forge the signal") },
		"syscall=41 syscall=59":  func(v sandbox.Violation) bool { return strings.HasPrefix(v.Remedy, `Allow("execve") permits it; `) },
		"syscall=41 syscall=56": func(v sandbox.Violation) bool {
			return strings.HasPrefix(v.Remedy, `AllowProcessStartOrDeath().Allow("execve") permits it; `)
		},
	} {
		from, to, _ := strings.Cut(change, " ")
		line := strings.Replace(auditd+fields, from, to, 1)
		if line == auditd+fields {
			t.Fatalf("%q changes nothing", change)
		}
		if v, err := sandbox.ParseAuditLine(line); err != nil || !check(v) {
			t.Errorf("%s: error %v, %#v", change, err, v)
		}
	}
}

func notes(v sandbox.Violation, start string) bool { return strings.HasPrefix(v.Note, start) }

func never(v sandbox.Violation, why string) bool {
	return strings.HasPrefix(v.Remedy, "nothing permits it: ") && strings.Contains(v.Remedy, why)
}

func TestParseAuditLineMistakes(t *testing.T) {
	for _, c := range []struct{ line, why string }{
		{"", "no type=1326"},
		{"hello", "no type=1326"},
		{"type=SYSCALL msg=audit(1732443753.123:456): arch=c000003e syscall=41", "no type=1326"},
		{"type=1300 audit(1732443753.123:456): arch=c000003e syscall=41", "no type=1326"},
		{"xtype=1326 audit(1732443753.123:456): " + fields, "no type=1326"},
		{"type=SECCOMP " + fields, "no audit(TIME:SERIAL)"},
		{"type=SECCOMP msg=audit(): " + fields, "no audit(TIME:SERIAL)"},
		{"type=SECCOMP msg=audit(1732443753.123:456 " + fields, "no audit(TIME:SERIAL)"},
		{"type=SECCOMP msg=audit(11/24/2024 11:22:33.123:456) : " + fields, "is no time"},
		{"type=SECCOMP msg=audit(1732443753:456): " + fields, "is no time"},
		{"type=SECCOMP msg=audit(1732443753.12:456): " + fields, "is no time"},
		{"type=SECCOMP msg=audit(-5.123:456): " + fields, "is no time"},
		{"type=SECCOMP msg=audit(99999999999999.123:456): " + fields, "is no time"},
		{"type=SECCOMP msg=audit(1732443753.123): " + fields, "is no time"},
		{auditd + fields + "\n" + auditd + fields, "several lines"},
		{auditd + fields + " pid=1", "pid= is there twice"},
		{auditd + "pid=1 comm=\"a\"", "no arch= or no syscall="},
		{strings.Replace(auditd+fields, "arch=c000003e ", "", 1), "no arch= or"},
		{strings.Replace(auditd+fields, "syscall=41 ", "", 1), "or no syscall="},
		{strings.Replace(auditd+fields, "syscall=41", "syscall=", 1), "syscall= is empty"},
		{strings.Replace(auditd+fields, "syscall=41", "syscall=socket", 1), "syscall=socket is no number"},
		{strings.Replace(auditd+fields, "syscall=41", "syscall=4294967296", 1), "is no number of 32 bits"},
		{strings.Replace(auditd+fields, "arch=c000003e", "arch=x86_64", 1), "arch=x86_64 is no hexadecimal"},
		{strings.Replace(auditd+fields, "arch=c000003e", "arch=\x1b[2J", 1), `arch=\x1b[2J is no`},
		{strings.Replace(auditd+fields, "ip=0x4a5b6c", "ip=4a5b6c", 1), "ip=4a5b6c is no number"},
		{strings.Replace(auditd+fields, "code=0x80000000", "code=kill", 1), "code=kill is no number"},
		{strings.Replace(auditd+fields, "code=0x80000000", "code=0x180000000", 1), "is no number"},
	} {
		v, err := sandbox.ParseAuditLine(c.line)
		if err == nil || !reflect.DeepEqual(v, sandbox.Violation{}) {
			t.Errorf("%q: %v, %v", c.line, err, v)
			continue
		}
		if !strings.Contains(err.Error(), c.why) || !strings.Contains(err.Error(), "want a line such as type=SECCOMP msg=audit(") {
			t.Errorf("%q: %v: want %q", c.line, err, c.why)
		}
	}
}

// The line that errors give as an example is a good one.
func TestParseAuditLineLike(t *testing.T) {
	_, err := sandbox.ParseAuditLine("")
	_, like, _ := strings.Cut(err.Error(), "such as ")
	if v, err := sandbox.ParseAuditLine(like); err != nil || v.Syscall != "socket" {
		t.Error(v, err)
	}
}

func FuzzParseAuditLine(f *testing.F) {
	f.Add(auditd + fields)
	f.Add("[ 1.2] audit: type=1326 audit(1732443753.123:456): " + strings.Replace(fields, `"btcnode"`, "610A62", 1))
	f.Add("Nov 24 11:22:33 host audit[1234]: SECCOMP " + fields + "\x1dARCH=x86_64")
	f.Add("type=1326 audit(1.002:3): subj==a (b) comm=? exe=(null) sig=9 arch=40000003 syscall=-1 code=0x0")
	f.Add("type=SECCOMP msg=audit(")
	f.Fuzz(func(t *testing.T, line string) {
		v, err := sandbox.ParseAuditLine(line)
		if err != nil {
			return
		}
		for i, line := range strings.Split(v.String(), "\n") {
			if (i > 0) != strings.HasPrefix(line, "  ") || strings.ContainsFunc(line, func(r rune) bool { return r < ' ' }) {
				t.Errorf("line %d is %q", i, line)
			}
		}
		data, err := json.Marshal(v)
		if err != nil {
			t.Fatal(err)
		}
		var back sandbox.Violation
		if err := json.Unmarshal(data, &back); err != nil || !back.Time.Equal(v.Time) || back.Call != v.Call || back.Action != v.Action {
			t.Errorf("%v: read back as %v", v, back)
		}
	})
}
