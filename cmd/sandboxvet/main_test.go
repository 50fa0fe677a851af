// SPDX-License-Identifier: MIT

package main

import (
	"bytes"
	"encoding/json"
	"io"
	"strings"
	"testing"

	"github.com/syscall-sandbox/sandbox/cmd/sandboxvet/internal/load"
	"github.com/syscall-sandbox/sandbox/cmd/sandboxvet/internal/vet"
)

// TestCommand looks at what people see of the programs "arguments" and "ignore".
func TestCommand(t *testing.T) {
	c := writeCorpus(t)
	reports, err := reports(load.Options{Dir: c.dir, Patterns: []string{"./arguments", "./ignore"}})
	must(t, err)
	for name, test := range map[string]struct {
		flags flags
		want  []string
		not   []string
	}{
		"text": {flags{}, []string{
			`sandbox.Go at arguments/main.go:31: own, thread "bad"`,
			"refused, but reachable: socket(AF_UNIX, SOCK_STREAM, 0)",
			"    arguments/main.go:32: corpus/arguments.main$2\n",
			"    $GOROOT/syscall/",
			`remedy for policy "own": AllowUnixSockets() or Allow("socket")`,
			"1 refused for some arguments",
			"corpus/ignore: 7 places with a policy, 6 failures, 10 ignored by comments",
		}, []string{"refused, but reachable: getgid", c.dir}},
		"verbose": {flags{Options: vet.Options{Verbose: true}}, []string{"refused for some arguments, but reachable: socket(_, SOCK_STREAM, 0)", "for example socket(", "reachable: getuid\n"}, nil},
		"why":     {flags{Options: vet.Options{Why: "getuid"}}, []string{"ignore/main.go:17: corpus/ignore.never", "getuid is not reachable"}, []string{"places with"}},
		"unused":  {flags{Options: vet.Options{Unused: true}}, []string{"allowed but unreachable: "}, nil},
		"gen": {flags{gen: true}, []string{
			"sandbox.NewPolicy(\"own\", sandbox.NewSeccompPolicyBuilder().AllowNothing().\n\tAllow(",
			`AllowIf("socket", seccomp.Arg32(0).Is(0x2, 0xa), seccomp.Arg32(1).Is(0x1), seccomp.Arg32(2).Is(0x0))`,
		}, []string{"places with"}},
	} {
		t.Run(name, func(t *testing.T) {
			var b bytes.Buffer
			must(t, test.flags.write(&b, reports))
			for _, want := range test.want {
				if !strings.Contains(b.String(), want) {
					t.Errorf("no %q in:\n%s", want, b.String())
				}
			}
			for _, not := range test.not {
				if strings.Contains(b.String(), not) {
					t.Errorf("%q in:\n%s", not, b.String())
				}
			}
		})
	}
	t.Run("json", func(t *testing.T) {
		var b bytes.Buffer
		must(t, flags{json: true}.write(&b, reports))
		var back []vet.Report
		must(t, json.Unmarshal(b.Bytes(), &back))
		if len(back) != 2 || back[1].Roles[1].Findings[0].Ignored+back[1].Roles[1].Findings[1].Ignored != "only in tests" {
			t.Errorf("%s", b.String())
		}
	})
}

func TestExitStatus(t *testing.T) {
	c := writeCorpus(t)
	t.Chdir(c.dir)
	for _, test := range []struct {
		args []string
		want int
	}{
		{[]string{"-nonsense"}, exitMistake},
		{[]string{"./nowhere"}, exitMistake},
		{[]string{"./ignore"}, exitFindings},
	} {
		if got := run(test.args, io.Discard, io.Discard); got != test.want {
			t.Errorf("%v: exit status %d, want %d", test.args, got, test.want)
		}
	}
}
