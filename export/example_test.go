// SPDX-License-Identifier: MIT

package export_test

import (
	"fmt"
	"strings"

	"github.com/syscall-sandbox/sandbox"
	"github.com/syscall-sandbox/sandbox/export"
	"github.com/syscall-sandbox/sandbox/seccomp"
)

// A profile for a container is in force before main, so it is made of the policy that the
// program starts with. Read back, it permits what the policy does, and what runc calls under it.
func ExampleOCI() {
	f, err := sandbox.PolicyValidationScriptCheck.Filter(sandbox.ScopeContainer, sandbox.ActionDeny)
	if err != nil {
		fmt.Println(err)
		return
	}
	text, _, err := export.OCI(export.ForLauncher(f, export.Runc), export.Options{})
	fmt.Println(strings.Contains(string(text), `"defaultAction": "SCMP_ACT_ERRNO"`), err)
	again, _, err := export.ParseOCI(text)
	if err != nil {
		fmt.Println(err)
		return
	}
	witnesses, undecided := seccomp.Uncovered(f, again)
	for _, call := range witnesses {
		fmt.Println("for runc:", call.Name())
	}
	fmt.Println(len(undecided))
	// Output:
	// true <nil>
	// for runc: fstatfs
	// for runc: openat
	// 0
}

// A unit lists calls by name. What it would open is an error, unless it is agreed to.
func ExampleSystemdUnit() {
	p := sandbox.NewPolicy("asks", sandbox.NewSeccompPolicyBuilder().AllowNothing().AllowTerminal())
	f, err := p.Filter(sandbox.ScopeContainer, sandbox.ActionDeny)
	if err != nil {
		fmt.Println(err)
		return
	}
	_, losses, err := export.SystemdUnit(f, export.Options{})
	fmt.Println(err != nil)
	for _, l := range losses {
		if l.Call == "ioctl" {
			fmt.Println(l)
		}
	}
	// Output:
	// true
	// ioctl: permitted whatever its arguments, not only for arg1:32 in {0x5401, 0x5413} (wider)
}
