// SPDX-License-Identifier: MIT

package main

import (
	"errors"
	"fmt"
	"os"
	"slices"

	"github.com/jedib0t/go-pretty/v6/table"

	"github.com/syscall-sandbox/sandbox/examples/btcnode/internal/rpcapi"
)

// printTable prints a line per role, then the threads that have the process policy only.
func printTable(info *rpcapi.SandboxInfo) {
	t := table.NewWriter()
	t.SetOutputMirror(os.Stdout)
	t.SetStyle(table.StyleLight)
	t.AppendHeader(table.Row{"thread", "policy", "calls allowed", "work done"})
	for _, role := range info.Roles {
		t.AppendRow(table.Row{role.Name, role.Policy, role.Allowed, role.Work})
	}
	t.AppendSeparator()
	t.AppendRow(table.Row{
		fmt.Sprintf("%d other threads", info.ProcessThreads), info.ProcessPolicy + " (process)", info.ProcessAllowed,
		"goroutines of btcd's peer, goleveldb, net/http; the runtime",
	})
	fmt.Println()
	t.Render()
	fmt.Printf("%d threads run under the process policy only: %s. The shutoff role starts when the node stops.\n\n", info.ProcessThreads, info.ProcessPolicy)
}

// count counts the threads with a policy of their own and the policies in force in the process.
func count(info *rpcapi.SandboxInfo) (threads, policies int) {
	seen := make(map[string]bool)
	for _, role := range info.Roles {
		if role.TID != 0 {
			threads++
		}
		for _, name := range role.Chain {
			seen[name] = true
		}
	}
	return threads, len(seen)
}

// checkSandbox checks what the kernel says: every role is on a thread that has the process's filters and one more.
func checkSandbox(info *rpcapi.SandboxInfo) error {
	var errs []error
	if !info.Enabled {
		errs = append(errs, errors.New("the sandbox is not enabled"))
	}
	for _, want := range []string{"net", "opencon", "msghand", "scriptch.0", "scheduler", "txindex", "http", "httpworker.0"} {
		if !slices.ContainsFunc(info.Roles, func(r rpcapi.Role) bool { return r.Name == want }) {
			errs = append(errs, fmt.Errorf("no role %s", want))
		}
	}
	for _, role := range info.Roles {
		if role.TID == 0 || role.Filters != len(role.Chain) {
			errs = append(errs, fmt.Errorf("role %s: thread %d has %d filters for the policies %q", role.Name, role.TID, role.Filters, role.Chain))
		}
	}
	return errors.Join(errs...)
}
