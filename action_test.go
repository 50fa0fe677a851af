// SPDX-License-Identifier: MIT

package sandbox

import (
	"encoding/json"
	"flag"
	"io"
	"testing"
)

func TestActionTextForms(t *testing.T) {
	for a, text := range map[SyscallSandboxAction]string{
		ActionKillProcess:         "abort",
		ActionInvokeSignalHandler: "log-and-abort",
		ActionDeny:                "log-and-deny",
		UnsafeActionAllow:         "log-and-allow",
		UnsafeActionLearn:         "learn",
		UnsafeActionOff:           "off",
	} {
		var read SyscallSandboxAction
		if err := read.UnmarshalText([]byte(text)); err != nil || read != a {
			t.Errorf("UnmarshalText(%q) = %v, %v", text, read, err)
		}
		if err := read.UnmarshalFlag(text); err != nil || read != a {
			t.Errorf("UnmarshalFlag(%q) = %v, %v", text, read, err)
		}
		if written, err := a.MarshalFlag(); err != nil || written != text || a.String() != text {
			t.Errorf("MarshalFlag of %d = %q, %v", a, written, err)
		}
	}
}

func TestActionUnknownTextLeavesValue(t *testing.T) {
	for _, text := range []string{"", "2", "Abort", "abort ", "log-and-Deny", "deny", "allow", "learn ", "kill"} {
		a := ActionInvokeSignalHandler
		if err := a.UnmarshalText([]byte(text)); err == nil {
			t.Errorf("%q is taken for %v", text, a)
		}
		if err := a.UnmarshalFlag(text); err == nil || a != ActionInvokeSignalHandler {
			t.Errorf("UnmarshalFlag(%q): %v, value now %v", text, err, a)
		}
	}
}

func TestActionZeroKills(t *testing.T) {
	var c Config
	if c.Action != ActionKillProcess {
		t.Errorf("zero action is %v", c.Action)
	}
}

func TestActionOutOfRange(t *testing.T) {
	a := SyscallSandboxAction(200)
	if _, err := a.MarshalText(); err == nil {
		t.Error("MarshalText accepts 200")
	}
	if got := a.String(); got != "SyscallSandboxAction(200)" {
		t.Error(got)
	}
	if _, err := PolicyNet.Filter(ScopeThread, a); err == nil {
		t.Error("Filter accepts 200")
	}
	if err := SetupSyscallSandbox(Config{Action: a}); err == nil {
		t.Error("SetupSyscallSandbox accepts 200")
	}
}

func TestActionWithFlagAndJSON(t *testing.T) {
	var a SyscallSandboxAction
	fs := flag.NewFlagSet("node", flag.ContinueOnError)
	fs.SetOutput(io.Discard)
	fs.TextVar(&a, "sandbox", ActionInvokeSignalHandler, "")
	if err := fs.Parse([]string{"-sandbox=off"}); err != nil || a != UnsafeActionOff {
		t.Errorf("%v, %v", a, err)
	}
	if err := fs.Parse([]string{"-sandbox=2"}); err == nil {
		t.Error("a number is taken for an action")
	}
	if b, err := json.Marshal(a); err != nil || string(b) != `"off"` {
		t.Errorf("%s, %v", b, err)
	}
}
