// SPDX-License-Identifier: MIT

// Command hotcalls shows that the calls a busy server makes most are answered from
// the kernel's action cache under every built-in policy: ../README.md says how.
package main

import (
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"strings"

	"github.com/syscall-sandbox/sandbox"
)

// childArg, a policy's name and whether there is ballast make this program a child.
const childArg = "hot-calls-child"

func main() {
	var err error
	if len(os.Args) == 4 && os.Args[1] == childArg {
		err = child(os.Args[2], os.Args[3] == "true")
	} else {
		err = run(os.Args[1:], os.Stdout)
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, "hotcalls:", err)
		os.Exit(1)
	}
}

func run(args []string, out io.Writer) error {
	flags := flag.NewFlagSet("hotcalls", flag.ContinueOnError)
	only := flags.String("only", "", "measure only the policies whose name contains this")
	rounds := flags.Int("rounds", 21, "rounds of all ways to make a call")
	if err := flags.Parse(args); err != nil {
		return err
	}
	bare, err := startChild("", false)
	if err != nil {
		return err
	}
	var rows []row
	for _, p := range sandbox.Policies() {
		if !strings.Contains(p.String(), *only) {
			continue
		}
		some, err := measure(p, bare, *rounds)
		if err != nil {
			return errors.Join(fmt.Errorf("%s: %w", p, err), bare.end())
		}
		rows = append(rows, some...)
	}
	if err := bare.end(); err != nil {
		return err
	}
	if len(rows) == 0 {
		return fmt.Errorf("no policy's name contains %q", *only)
	}
	return errors.Join(print(out, rows), judge(out, rows))
}

// measure is one policy: all calls that it permits, in turns with the same calls
// without a filter.
func measure(p sandbox.SyscallSandboxPolicy, bare *process, rounds int) ([]row, error) {
	light, err := startChild(p.String(), false)
	if err != nil {
		return nil, err
	}
	heavy, err := startChild(p.String(), true)
	if err != nil {
		return nil, errors.Join(err, light.end())
	}
	rows, err := inTurns(p, turns{bare, light, heavy}, rounds)
	return rows, errors.Join(err, light.end(), heavy.end())
}

// turns are the processes that take turns: without a filter, with the policy, and with
// ballast below the policy.
type turns struct{ bare, light, heavy *process }

func inTurns(p sandbox.SyscallSandboxPolicy, t turns, rounds int) ([]row, error) {
	var rows []row
	for _, name := range names {
		r := row{policy: p.String(), call: name}
		var err error
		if r.permitted, r.predicted, err = predict(p, name); err != nil {
			return nil, err
		}
		if r.permitted {
			for range rounds {
				if err := r.round(t); err != nil {
					return nil, fmt.Errorf("%s: %w", name, err)
				}
			}
		}
		rows = append(rows, r)
	}
	return rows, nil
}

const (
	batch = 1000
	few   = 100 // where a call takes microseconds
)

// round times each way to make the call once.
func (r *row) round(t turns) error {
	for _, way := range []struct {
		of    *process
		spoil bool
		n     int
		to    *[]float64
	}{
		{t.bare, false, batch, &r.bare},
		{t.light, false, batch, &r.hit}, {t.light, true, batch, &r.miss},
		{t.heavy, false, batch, &r.heavyHit}, {t.heavy, true, few, &r.heavyMiss},
	} {
		ns, err := way.of.ask(job{Call: r.call, Spoil: way.spoil, N: way.n})
		if err != nil {
			return err
		}
		*way.to = append(*way.to, ns)
	}
	return nil
}
