// SPDX-License-Identifier: MIT

package main

import (
	"encoding/binary"
	"errors"
	"fmt"
	"math"
	"os"
	"slices"
	"strings"

	"github.com/spf13/cobra"
	"golang.org/x/net/bpf"

	"github.com/syscall-sandbox/sandbox/internal/abi"
	"github.com/syscall-sandbox/sandbox/internal/bpfsim"
	"github.com/syscall-sandbox/sandbox/internal/sysargs"
	"github.com/syscall-sandbox/sandbox/internal/sysno"
	"github.com/syscall-sandbox/sandbox/seccomp"
)

func lintCommand() *cobra.Command {
	cmd := &cobra.Command{
		Use:   "lint POLICY | --raw FILE",
		Short: "Look for holes in a policy, a container's profile or raw BPF",
		Long: `Look for holes: other architectures and x32, defaults that permit, dangerous calls,
calls that are refused while others that do the same are permitted, and conditions that the
upper half of a register gets past. Everything is asked as a call, so it holds for any filter.
Exit status 1: there are findings. --allow takes the names of findings that are meant.`,
		Args: cobra.MaximumNArgs(1), ValidArgsFunction: completePolicies(1),
	}
	scope := scopeFlag(cmd)
	output := outputFlag(cmd, "text", "json")
	rawFile := cmd.Flags().String("raw", "", "a file of struct sock_filter, as bubblewrap's --seccomp takes it")
	allow := cmd.Flags().StringSlice("allow", nil, "names of findings that are no findings here")
	cmd.RunE = func(cmd *cobra.Command, args []string) error {
		d, err := deciderOf(args, *rawFile, *scope)
		if err != nil {
			return err
		}
		found := slices.DeleteFunc(lint(d), func(f finding) bool { return slices.Contains(*allow, f.ID) })
		if *output == "json" {
			err = printJSON(cmd, found)
		} else {
			for _, f := range found {
				cmd.Printf("%s: %s\n    %s\n", f.ID, strings.Join(f.Calls, ", "), f.Why)
			}
		}
		if err == nil && len(found) > 0 {
			err = errNo
		}
		return err
	}
	return cmd
}

// A decider answers calls: a filter in plain Go, or a program that is run.
type decider func(seccomp.Call) (permitted bool)

func deciderOf(args []string, rawFile, scope string) (decider, error) {
	if (len(args) == 1) == (rawFile != "") {
		return nil, errors.New("lint wants a POLICY or --raw FILE, one of them")
	}
	if rawFile != "" {
		return rawDecider(rawFile)
	}
	s, err := load(args[0])
	if err != nil {
		return nil, err
	}
	f, err := s.filter(scope)
	if err != nil {
		return nil, err
	}
	return func(c seccomp.Call) bool {
		action, _ := f.Decide(c)
		return action.Permits()
	}, nil
}

// rawDecider reads an array of struct sock_filter and runs it as the kernel does.
func rawDecider(file string) (decider, error) {
	text, err := os.ReadFile(file)
	if err != nil {
		return nil, err
	}
	if len(text)%8 != 0 {
		return nil, fmt.Errorf("%s: %d bytes are no array of struct sock_filter, which has 8", file, len(text))
	}
	var code []bpf.RawInstruction
	for in := range slices.Chunk(text, 8) {
		code = append(code, bpf.RawInstruction{Op: binary.LittleEndian.Uint16(in), Jt: in[2], Jf: in[3], K: binary.LittleEndian.Uint32(in[4:])})
	}
	if err := bpfsim.Verify(code); err != nil {
		return nil, fmt.Errorf("%s: the kernel refuses it: %w", file, err)
	}
	return func(c seccomp.Call) bool {
		ret, err := bpfsim.Run(code, bpfsim.Data{Nr: c.Nr, Arch: c.Arch, IP: c.IP, Args: c.Args})
		if err != nil {
			return false
		}
		switch ret & abi.RetActionFull {
		case abi.RetAllow, abi.RetLog, abi.RetTrace, abi.RetUserNotif:
			return true
		}
		return false
	}, nil
}

// A finding is a hole.
type finding struct {
	ID    string   `json:"id"`
	Calls []string `json:"calls"` // that show it
	Why   string   `json:"why"`
}

func lint(d decider) []finding {
	found := []finding{}
	for _, f := range slices.Concat(lintABIs(d), lintChecks(d), lintFamilies(d), lintHalves(d)) {
		if len(f.Calls) > 0 {
			found = append(found, f)
		}
	}
	return found
}

// lintABIs looks at the two other tables of calls that a 64-bit program reaches, and at
// numbers that nobody knows.
func lintABIs(d decider) []finding {
	foreign := finding{ID: "architecture", Why: "int 0x80 reaches the table of another architecture, where numbers mean other calls"}
	x32 := finding{ID: "x32", Why: "with bit 30 set a number means a call of the x32 ABI; before Linux 5.4 also others"}
	unknown := finding{ID: "permissive-default", Why: "calls that are newer than the filter are permitted"}
	for nr := range uint32(548) {
		if c := (seccomp.Call{Arch: abi.AuditArchI386, Nr: nr}); len(foreign.Calls) < 3 && d(c) {
			foreign.Calls = append(foreign.Calls, c.String())
		}
		if c := (seccomp.Call{Arch: abi.AuditArchX86_64, Nr: nr | abi.X32Bit}); len(x32.Calls) < 3 && d(c) {
			x32.Calls = append(x32.Calls, c.String())
		}
	}
	for _, nr := range [...]uint32{sysno.Max + 1, 1000, 1 << 20} {
		if c := (seccomp.Call{Arch: abi.AuditArchX86_64, Nr: nr}); d(c) {
			unknown.Calls = append(unknown.Calls, c.String())
		}
	}
	return []finding{foreign, x32, unknown}
}

func lintChecks(d decider) (all []finding) {
	for _, c := range checks {
		all = append(all, finding{ID: c.id, Calls: permittedOf(d, c.calls), Why: c.why})
	}
	return all
}

// permittedOf are the calls of a table that are permitted.
func permittedOf(d decider, texts []string) (permitted []string) {
	for _, text := range texts {
		call, err := seccomp.ParseCall(text)
		must(err) // the tables are constant, and a test reads them
		if d(call) {
			permitted = append(permitted, text)
		}
	}
	return permitted
}

// lintFamilies looks for calls that are permitted while the usual one of their family is
// refused, and in lists of what is refused also the other way round.
func lintFamilies(d decider) (all []finding) {
	refuses := d(seccomp.Call{Arch: abi.AuditArchX86_64, Nr: sysno.Max + 1})
	for _, f := range families {
		permitted := permittedOf(d, f.calls)
		var refused []string
		for _, text := range f.calls {
			if !slices.Contains(permitted, text) {
				refused = append(refused, text)
			}
		}
		if len(refused) > 0 && (refuses || refused[0] == f.calls[0]) {
			all = append(all, finding{ID: "sibling-gap", Calls: permitted, Why: "what " + f.what + " in another way is refused: " + strings.Join(refused, ", ")})
		}
	}
	return all
}

// lintHalves looks for conditions on an int that compare the whole register: code that
// sets the upper half, which the kernel ignores, gets past a refusal.
func lintHalves(d decider) []finding {
	f := finding{ID: "upper-half", Why: "refused, but permitted with the upper half of the register set, which the kernel ignores: compare 32 bits"}
	for _, c := range checks {
		for _, text := range c.calls {
			call, err := seccomp.ParseCall(text)
			must(err)
			if above, ok := getsPast(d, call); ok {
				f.Calls = append(f.Calls, above.String())
			}
		}
	}
	return []finding{f}
}

// getsPast returns a refused call as it is permitted with an upper half.
func getsPast(d decider, call seccomp.Call) (seccomp.Call, bool) {
	for i := range sysargs.Count(call.Nr) {
		above := call
		above.Args[i] ^= 1 << 40
		if sysargs.Chosen(call.Nr, i) == math.MaxUint32 && !d(call) && d(above) {
			return above, true
		}
	}
	return call, false
}
