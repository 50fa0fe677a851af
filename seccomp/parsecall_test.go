// SPDX-License-Identifier: MIT

package seccomp

import (
	"fmt"
	"strings"
	"testing"
)

func TestParseCall(t *testing.T) {
	for text, want := range map[string]string{
		`openat(AT_FDCWD, "/x", O_RDWR|O_CREAT)`: "openat(0xffffffffffffff9c, 0x0, 0x42, 0x0, 0x0, 0x0)",
		"clone(flags=0x5111)":                    "clone(0x5111, 0x0, 0x0, 0x0, 0x0, 0x0)",
		"socket(AF_UNIX, _)":                     "socket(0x1, 0x0, 0x0, 0x0, 0x0, 0x0)",
		"getgroups":                              "getgroups(0x0, 0x0, 0x0, 0x0, 0x0, 0x0)",
	} {
		c, err := ParseCall(text)
		if err != nil || !c.Native() || c.String() != want {
			t.Errorf("%s: %s, %v", text, c, err)
		}
	}
	for text, want := range map[string]string{
		"opennat()":              `did you mean "openat"?`,
		"close(1":                "no closing bracket",
		"openat(1, 2, O_RDWRR)":  "O_RDWRR",
		"getgroups(1, 2, 3)":     "takes",
		"openat(nothing=O_RDWR)": "nothing",
	} {
		if _, err := ParseCall(text); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: %v", text, err)
		}
	}
}

func ExampleParseCall() {
	p, err := Filter{Rules: []Rule{{Call: "openat", When: []Cond{Arg32(2).Only(0x80000)}, Action: Allow}}}.Compile()
	if err != nil {
		fmt.Println(err)
		return
	}
	for _, text := range []string{"openat(AT_FDCWD, _, O_CLOEXEC)", "openat(AT_FDCWD, _, O_RDWR)"} {
		call, err := ParseCall(text)
		if err != nil {
			fmt.Println(err)
			return
		}
		fmt.Println(text, p.Explain(call).Action)
	}
	// Output:
	// openat(AT_FDCWD, _, O_CLOEXEC) allow
	// openat(AT_FDCWD, _, O_RDWR) kill_process
}

func TestParseConds(t *testing.T) {
	conds, err := ParseConds("arg0:32 == 0x2 && arg1:32 & 0x4 == 0x0")
	if err != nil || fmt.Sprint(conds) != "[arg0:32 == 0x2 arg1:32 & 0x4 == 0x0]" {
		t.Error(conds, err)
	}
	if conds, err := ParseConds(""); conds != nil || err != nil {
		t.Error(conds, err)
	}
	if conds, err := ParseConds("arg0 == 0x2 && arg9"); conds != nil || err == nil {
		t.Error("half of it is read:", conds)
	}
}
