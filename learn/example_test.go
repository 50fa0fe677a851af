// SPDX-License-Identifier: MIT

package learn_test

import (
	"fmt"
	"log"

	"github.com/syscall-sandbox/sandbox/learn"
	"github.com/syscall-sandbox/sandbox/seccomp"
)

// Two runs of a program, as [learn.Recording.JSON] wrote them, shortened.
const monday, tuesday = `{"program": "node", "go": "go1.26.8", "runs": 1, "phases": [
	{"policies": ["initialization", "net"], "thread": true, "calls": [
		{"syscall": "close", "count": 4},
		{"syscall": "fcntl", "args": "0x0, 0x3", "count": 2}]}]}`, `{"program": "node", "go": "go1.26.8", "runs": 1, "phases": [
	{"policies": ["initialization", "net"], "thread": true, "calls": [
		{"syscall": "accept4", "args": "0x0, 0x0, 0x0, 0x80800", "count": 1},
		{"syscall": "fcntl", "args": "0x0, 0x4", "count": 1}]}]}`

func merged() *learn.Recording {
	var runs []*learn.Recording
	for _, text := range []string{monday, tuesday} {
		r, err := learn.Parse([]byte(text))
		if err != nil {
			log.Fatal(err)
		}
		runs = append(runs, r)
	}
	all, err := learn.Merge(runs...)
	if err != nil {
		log.Fatal(err)
	}
	return all
}

// From two runs to the source of the policy.
func ExampleRecording_GoSource() {
	source, err := merged().GoSource("main")
	if err != nil {
		log.Fatal(err)
	}
	fmt.Printf("%s", source)
	// Output:
	// // Learned from 2 runs of node (go1.26.8).
	// // A run shows only what it did: what these did not do, these policies refuse. Run under
	// // log-and-allow before refusing.
	//
	// package main
	//
	// import (
	// 	"github.com/syscall-sandbox/sandbox"
	// 	"github.com/syscall-sandbox/sandbox/seccomp"
	// )
	//
	// // PolicyNetLearned is what was called on threads under "initialization" > "net".
	// var PolicyNetLearned = sandbox.NewPolicy("net", sandbox.NewSeccompPolicyBuilder().AllowNothing().
	// 	Allow("close").
	// 	// fcntl(_, F_GETFL, _)
	// 	// fcntl(_, F_SETFL, _)
	// 	AllowIf("fcntl", seccomp.Arg32(1).Is(3, 4)).
	// 	// accept4(_, _, _, SOCK_CLOEXEC|SOCK_NONBLOCK)
	// 	AllowIf("accept4", seccomp.Arg32(3).Is(0x80800)))
}

// What the policy in force should permit besides, and what it need not.
func ExamplePhase_Compare() {
	inForce := seccomp.Filter{Rules: []seccomp.Rule{
		{Call: "close", Action: seccomp.Allow},
		{Call: "fcntl", Action: seccomp.Allow},
		{Call: "openat", Action: seccomp.Allow},
	}}
	fmt.Println(merged().Phases[0].Compare(inForce))
	// Output:
	// missing: accept4(_, _, _, SOCK_CLOEXEC|SOCK_NONBLOCK)
	// unused: openat
	// wider: fcntl, used for
	//   fcntl(_, F_GETFL, _) (2 times)
	//   fcntl(_, F_SETFL, _) (once)
}

// What a policy must allow so that it permits just what was recorded.
func ExamplePhase_Rules() {
	for _, r := range merged().Phases[0].Rules() {
		fmt.Println(r.Call, r.When)
	}
	// Output:
	// close []
	// fcntl [arg1:32 in {0x3, 0x4}]
	// accept4 [arg3:32 == 0x80800]
}
