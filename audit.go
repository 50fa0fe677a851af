// SPDX-License-Identifier: MIT

package sandbox

import (
	"encoding/hex"
	"errors"
	"fmt"
	"math"
	"strconv"
	"strings"
	"time"

	"github.com/syscall-sandbox/sandbox/internal/abi"
	"github.com/syscall-sandbox/sandbox/seccomp"
)

// ParseAuditLine reads a record that the kernel wrote about a refused call (type 1326,
// AUDIT_SECCOMP): all that remains of a violation under [ActionKillProcess]. It takes
// the line as auditd writes it, enriched or not, and as dmesg, syslog and journalctl
// show it, with what they put before it:
//
//	type=SECCOMP msg=audit(1732443753.123:456): auid=... pid=1234 comm="node" ...
//	[  123.456] audit: type=1326 audit(1732443753.123:456): auid=... pid=1234 ...
//	Nov 24 11:22:33 host audit[1234]: SECCOMP auid=... pid=1234 comm="node" ...
//
// The interpreted form (ausearch -i) is an error. The record has no arguments, policies,
// thread id and stack, and where the action was an errno not which; the last of the
// three forms has no time. Thread is the kernel's name of the thread, at most 15 bytes;
// process id and program are in Note. Action is the one that has the effect; where none
// has, as with a supervisor, it is UnsafeActionOff and Note names the kernel's. Nothing
// in a line proves that the kernel wrote it.
func ParseAuditLine(s string) (Violation, error) {
	v, err := parseAudit(strings.TrimRight(s, " \t\r\n"))
	if err != nil {
		return Violation{}, fmt.Errorf("sandbox: no audit record of a refused call: %w: want a line such as %s", err, auditLike)
	}
	return v, nil
}

const auditLike = `type=SECCOMP msg=audit(1732443753.123:456): auid=0 uid=0 gid=0 ses=1 pid=1234 comm="node" exe="/bin/node" sig=31 arch=c000003e syscall=41 compat=0 ip=0x4a5b6c code=0x80000000`

func parseAudit(s string) (Violation, error) {
	if strings.ContainsAny(s, "\r\n") {
		return Violation{}, errors.New("several lines")
	}
	s, _, _ = strings.Cut(s, "\x1d") // what auditd appends when it enriches
	stamp, body, err := cutAudit(s)
	if err != nil {
		return Violation{}, err
	}
	r, err := auditFields(body)
	if err != nil {
		return Violation{}, err
	}
	v := Violation{Count: 1, Thread: untrusted(r.comm)}
	if v.Time, err = auditTime(stamp); err != nil {
		return Violation{}, err
	}
	if v.Call, err = r.call(); err != nil {
		return Violation{}, err
	}
	note, err := r.action(&v)
	if err != nil {
		return Violation{}, err
	}
	v.Syscall, _, _ = strings.Cut(v.Call.String(), "(")
	v.Decoded = v.Syscall + "(...)"
	v.Remedy = remedyFor(v.Call, chain{})
	v.Note = note + r.process() + "the audit log has no arguments, policies or stack"
	return v, nil
}

// cutAudit finds the record in a line and cuts it in time and fields.
func cutAudit(s string) (stamp, body string, err error) {
	for _, marker := range [...]string{"type=1326 ", "type=SECCOMP ", "type=UNKNOWN[1326] "} {
		before, rest, ok := strings.Cut(s, marker)
		if !ok || before != "" && !strings.HasSuffix(before, " ") {
			continue
		}
		rest, ok = strings.CutPrefix(strings.TrimPrefix(rest, "msg="), "audit(")
		stamp, body, closed := strings.Cut(rest, ")")
		if !ok || !closed || stamp == "" {
			return "", "", errors.New("no audit(TIME:SERIAL) after the type")
		}
		return stamp, strings.TrimLeft(body, ": "), nil
	}
	// systemd-journald reads the records itself and keeps the time elsewhere.
	if _, body, ok := strings.Cut(s, "]: SECCOMP "); ok {
		return "", body, nil
	}
	return "", "", errors.New("no type=1326 or type=SECCOMP")
}

// An auditRecord is the values of the fields that matter here, as they stand: see
// kernel/auditsc.c audit_seccomp and audit_log_task.
type auditRecord struct{ pid, comm, exe, sig, arch, syscall, ip, code string }

func (r *auditRecord) field(name string) *string {
	switch name {
	case "pid":
		return &r.pid
	case "comm":
		return &r.comm
	case "exe":
		return &r.exe
	case "sig":
		return &r.sig
	case "arch":
		return &r.arch
	case "syscall":
		return &r.syscall
	case "ip":
		return &r.ip
	case "code":
		return &r.code
	}
	return nil
}

// auditFields splits at spaces: the kernel writes strings with spaces as hexadecimal
// (kernel/audit.c audit_log_n_untrustedstring), but for the security module's label in
// subj=, which comes before the fields that are read here.
func auditFields(body string) (r auditRecord, err error) {
	for word := range strings.SplitSeq(body, " ") {
		name, value, ok := strings.Cut(word, "=")
		field := r.field(name)
		if !ok || field == nil {
			continue
		}
		if *field != "" {
			return r, fmt.Errorf("%s= is there twice", name)
		}
		if value == "" {
			return r, fmt.Errorf("%s= is empty", name)
		}
		*field = value
	}
	return r, nil
}

func (r *auditRecord) call() (c seccomp.Call, err error) {
	if r.arch == "" || r.syscall == "" {
		return c, errors.New("no arch= or no syscall=")
	}
	arch, err := strconv.ParseUint(r.arch, 16, 32)
	if err != nil {
		return c, fmt.Errorf("arch=%s is no hexadecimal number of 32 bits", escape(r.arch))
	}
	nr, err := strconv.ParseInt(r.syscall, 10, 32)
	if err != nil {
		return c, fmt.Errorf("syscall=%s is no number of 32 bits", escape(r.syscall))
	}
	ip, err := hexNumber(r.ip, 64)
	if err != nil {
		return c, fmt.Errorf("ip=%w", err)
	}
	return seccomp.Call{Arch: uint32(arch), Nr: uint32(int32(nr)), IP: ip}, nil
}

// hexNumber reads 0x4a5b6c; a field that is not there is 0.
func hexNumber(s string, bits int) (uint64, error) {
	if s == "" {
		return 0, nil
	}
	digits, ok := strings.CutPrefix(s, "0x")
	n, err := strconv.ParseUint(digits, 16, bits)
	if !ok || err != nil {
		return 0, fmt.Errorf("%s is no number such as 0x4a5b6c", escape(s))
	}
	return n, nil
}

// action turns the answer of the filter into the action that has its effect, and into
// words where there is none. The kernel writes it without its data.
func (r *auditRecord) action(v *Violation) (note string, err error) {
	code, err := hexNumber(r.code, 32)
	if err != nil {
		return "", fmt.Errorf("code=%w", err)
	}
	switch code & abi.RetActionFull {
	case abi.RetKillProcess:
		v.Action = ActionKillProcess
	case abi.RetKillThread: // also SECCOMP_SET_MODE_STRICT, and all there was before Linux 4.14
		v.Action, note = ActionKillProcess, "RET_KILL_THREAD: only the thread ended; "
		if r.sig == "9" {
			note = "strict mode; "
		}
		if r.code == "" {
			note = "the line does not say what was done; "
		}
	case abi.RetTrap:
		v.Action = ActionInvokeSignalHandler
	case abi.RetErrno:
		v.Action, v.Errno = ActionDeny, uint16(min(code&abi.RetData, abi.MaxErrno))
	case abi.RetLog:
		v.Action, note = UnsafeActionAllow, "RET_LOG; "
	case abi.RetTrace:
		v.Action, note = UnsafeActionOff, "RET_TRACE: a tracer was asked; "
	case abi.RetUserNotif:
		v.Action, note = UnsafeActionOff, "RET_USER_NOTIF: a supervisor was asked; "
	default:
		v.Action, note = UnsafeActionOff, fmt.Sprintf("the filter answered %#x; ", code)
	}
	return note, nil
}

// process says which process it was: the kernel's pid= is that of the process, not of
// the thread.
func (r *auditRecord) process() string {
	pid, err := strconv.Atoi(r.pid)
	exe := untrusted(r.exe)
	switch {
	case err != nil && exe == "":
		return ""
	case err != nil:
		return strconv.Quote(exe) + "; "
	case exe == "":
		return fmt.Sprintf("process %d; ", pid)
	}
	return fmt.Sprintf("process %d, %q; ", pid, exe)
}

// untrusted reads what audit_log_untrustedstring wrote: in quotes, or as hexadecimal
// where it has spaces, quotes or characters that do not print.
func untrusted(s string) string {
	if len(s) >= 2 && s[0] == '"' && s[len(s)-1] == '"' {
		return s[1 : len(s)-1]
	}
	if s == "(null)" || s == "?" {
		return ""
	}
	if text, err := hex.DecodeString(s); err == nil {
		return string(text)
	}
	return s
}

// auditTime reads seconds, milliseconds and serial number: "1732443753.123:456".
func auditTime(stamp string) (time.Time, error) {
	if stamp == "" {
		return time.Time{}, nil
	}
	clock, serial, _ := strings.Cut(stamp, ":")
	secs, millis, _ := strings.Cut(clock, ".")
	s, err := strconv.ParseUint(secs, 10, 63)
	ms, err2 := strconv.ParseUint(millis, 10, 16)
	_, err3 := strconv.ParseUint(serial, 10, 64)
	if err := errors.Join(err, err2, err3); err != nil || len(millis) != 3 || s > math.MaxUint32 {
		return time.Time{}, fmt.Errorf("audit(%s) is no time such as audit(1732443753.123:456)", escape(stamp))
	}
	return time.Unix(int64(s), int64(ms)*1e6).UTC(), nil
}
