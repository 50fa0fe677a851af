// SPDX-License-Identifier: MIT

package main

import (
	"encoding/json"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/rogpeppe/go-internal/testscript"

	"github.com/syscall-sandbox/sandbox"
	"github.com/syscall-sandbox/sandbox/seccomp"
)

func TestMain(m *testing.M) {
	testscript.Main(m, map[string]func(){
		"sandboxctl":    func() { os.Exit(run(os.Args[1:])) },
		"writepolicy":   writePolicy,
		"dockerprofile": dockerProfile,
	})
}

// TestScript runs testdata/script: what people type, what they see, the exit status.
func TestScript(t *testing.T) {
	testscript.Run(t, testscript.Params{
		Dir:                 "testdata/script",
		RequireExplicitExec: true,
		RequireUniqueNames:  true,
		Setup: func(e *testscript.Env) error {
			learn, err := filepath.Abs("../../learn/testdata")
			e.Setenv("LEARN", learn)
			return err
		},
		Cmds: map[string]func(*testscript.TestScript, bool, []string){"isjson": isJSON, "status": status},
	})
}

// status checks the exit status of a program: status 1 sandboxctl diff net shutoff
func status(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) < 2 {
		ts.Fatalf("usage: status CODE PROGRAM ARGUMENTS")
	}
	err := ts.Exec(args[1], args[2:]...)
	code := "0"
	if exit, ok := err.(*exec.ExitError); ok {
		code = strings.TrimPrefix(exit.String(), "exit status ")
	} else if err != nil {
		ts.Fatalf("%v", err)
	}
	if code != args[0] {
		ts.Fatalf("exit status %s, not %s", code, args[0])
	}
}

func isJSON(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) != 1 {
		ts.Fatalf("usage: isjson FILE")
	}
	if !json.Valid([]byte(ts.ReadFile(args[0]))) {
		ts.Fatalf("%s is no JSON", args[0])
	}
}

// writePolicy is the README's few lines: a user's program that writes a policy of its own.
func writePolicy() {
	p := sandbox.NewPolicy("index", sandbox.NewSeccompPolicyBuilder().AllowNothing().AllowOpenFiles().
		AllowIf("socket", seccomp.Arg32(0).Is(2), seccomp.Arg32(1).Is(0x80801)))
	if err := json.NewEncoder(os.Stdout).Encode(p); err != nil {
		os.Exit(1)
	}
}
