// SPDX-License-Identifier: MIT

package main

import (
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"

	"github.com/jedib0t/go-pretty/v6/table"
	"github.com/syscall-sandbox/sandbox"
	"github.com/syscall-sandbox/sandbox/seccomp"

	"github.com/syscall-sandbox/sandbox/examples/btcnode/internal/nodeproc"
	"github.com/syscall-sandbox/sandbox/examples/btcnode/internal/policyfile"
	"github.com/syscall-sandbox/sandbox/examples/btcnode/internal/rpcapi"
)

// learn runs two nodes that record what they call, makes policies of it, and runs two nodes under these that die if they call
// anything else.
func learn() error {
	want, err := expect()
	if err != nil {
		return err
	}
	return inTempDir(func(dir string) error {
		bin, err := nodeproc.Build(dir)
		if err != nil {
			return err
		}
		policies, file, err := learnPolicies(bin, dir, want)
		if err != nil {
			return err
		}
		if err := printLearned(policies); err != nil {
			return err
		}
		fmt.Println("again, with these policies: --sandbox=abort")
		pair := nodePair{bin: bin, dir: filepath.Join(dir, "learned"), want: want}
		flags := []string{"--sandbox=abort", "--policies", file}
		if err := pair.run(flags, flags); err != nil {
			return fmt.Errorf("under the learned policies: %w", err)
		}
		fmt.Printf("learn: height=%d policies=%d violations=0\n", want.height, len(policies))
		return nil
	})
}

// learnPolicies also writes the policies into a file.
func learnPolicies(bin, dir string, want expectation) (policies []sandbox.SyscallSandboxPolicy, file string, err error) {
	serving, syncing := filepath.Join(dir, "serving.json"), filepath.Join(dir, "syncing.json")
	fmt.Println("learning: --sandbox=learn")
	pair := nodePair{bin: bin, dir: filepath.Join(dir, "learning"), want: want}
	if err := pair.run([]string{"--sandbox=learn", "--learned", serving}, []string{"--sandbox=learn", "--learned", syncing}); err != nil {
		return nil, "", err
	}
	if policies, err = policyfile.Learn(serving, syncing); err != nil {
		return nil, "", err
	}
	file = filepath.Join(dir, "policies.json")
	return policies, file, policyfile.Write(file, policies)
}

// nodePair is a node that imports the blocks and one that gets them from it.
type nodePair struct {
	bin, dir string
	want     expectation
}

// run runs both until all is flushed, and asks and stops them. A node that the kernel kills is an error.
func (n *nodePair) run(serving, syncing []string) error {
	server, err := nodeproc.Start(exec.Command(n.bin, append(serving, "--import", n.want.file)...), filepath.Join(n.dir, "serving"), demoTimeout)
	if err != nil {
		return err
	}
	defer server.Kill()
	flushed := func(i *rpcapi.ChainInfo) bool { return i.Flushed == i.Blocks }
	if _, err := follow(server, "importing", n.want.height, flushed); err != nil {
		return err
	}
	client, err := nodeproc.Start(exec.Command(n.bin, append(syncing, "--connect", server.At.P2P)...), filepath.Join(n.dir, "syncing"), demoTimeout)
	if err != nil {
		return err
	}
	defer client.Kill()
	// A flush closes all files, and whose role opens them again is a matter of timing: the RPC workers', if somebody asks for
	// blocks, or the index's. So half of the time somebody does.
	chain, err := follow(client, "syncing", n.want.height, func(i *rpcapi.ChainInfo) bool {
		asks := i.Blocks/2000%2 == 0
		return (!asks || client.RPC.Call(nil, "getblock", i.BestBlockHash) == nil) && flushed(i)
	})
	if err != nil {
		return err
	}
	asked := indexed(client, chain.BestBlockHash)
	return errors.Join(asked, n.want.check(chain), client.StopByRPC(demoTimeout), server.Terminate(demoTimeout))
}

// printLearned prints what was learned next to what is built in, and one policy whole.
func printLearned(policies []sandbox.SyscallSandboxPolicy) error {
	t := table.NewWriter()
	t.SetOutputMirror(os.Stdout)
	t.SetStyle(table.StyleLight)
	t.AppendHeader(table.Row{"policy", "calls permitted", "of them by arguments", "built in: calls permitted"})
	for _, p := range policies {
		calls, some, err := permitted(p)
		if err != nil {
			return err
		}
		row := table.Row{p, calls, some, ""}
		if builtin, err := sandbox.ParsePolicy(p.String()); err == nil {
			if row[3], _, err = permitted(builtin); err != nil {
				return err
			}
		}
		t.AppendRow(row)
	}
	t.Render()
	i := slices.IndexFunc(policies, func(p sandbox.SyscallSandboxPolicy) bool { return p.String() == "net-http-server" })
	text, err := json.Marshal(policies[i])
	fmt.Printf("\nfor example: %s\n\n", text)
	return err
}

// permitted counts the calls that a policy permits on one thread, the Go runtime's included, and those of them that it permits
// with some arguments only.
func permitted(p sandbox.SyscallSandboxPolicy) (calls, some int, err error) {
	f, err := p.Filter(sandbox.ScopeThread, sandbox.ActionKillProcess)
	if err != nil {
		return 0, 0, err
	}
	conditional := make(map[string]bool) // by call
	for _, rule := range f.Rules {
		if rule.Action == seccomp.Allow {
			conditional[rule.Call] = len(rule.When) > 0
		}
	}
	for _, is := range conditional {
		if is {
			some++
		}
	}
	return len(conditional), some, nil
}
