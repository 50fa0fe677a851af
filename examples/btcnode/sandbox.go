// SPDX-License-Identifier: MIT

package main

import (
	"fmt"
	"os"
	"sync"

	"github.com/syscall-sandbox/sandbox"
	"github.com/syscall-sandbox/sandbox/seccomp"

	"github.com/syscall-sandbox/sandbox/examples/btcnode/internal/rpcapi"
)

// The node's own roles, where they do more than the built-in policies think: blocks are connected, and so the block files and
// the database read and written, by the message handler; whoever reads a block first after a flush opens its file.
var (
	policyMessageHandler = sandbox.NewPolicy("message-handler", sandbox.PolicyMessageHandler.Builder().AllowFiles().AllowFileLocks())
	policyNet            = sandbox.NewPolicy("net", sandbox.PolicyNet.Builder().AllowReadFiles())
)

// policySteady is the process policy after start-up: what every thread of the node may do that no role narrows further. btcd's
// peer reads and writes connections on goroutines of its own, goleveldb compacts on its own, net/http serves connections on its
// own: they all run under this policy, so it is the union of what the roles need, and the union is what the kernel guarantees
// against code execution. Threads share memory: the roles' own policies limit honest code that is led astray. What no role has:
// package net asks for the machine's name when it looks up a peer's and resolv.conf has no search domain.
var policySteady = sandbox.NewPolicy("steady", sandbox.NewSeccompPolicyBuilder().AllowNothing().AllowPolicy(
	sandbox.PolicyInitializationLoadBlocks,
	policyNet,
	sandbox.PolicyNetOpenConnection,
	policyMessageHandler,
	sandbox.PolicyValidationScriptCheck,
	sandbox.PolicyScheduler,
	sandbox.PolicyTxIndex,
	sandbox.PolicyNetHTTPServer,
	sandbox.PolicyNetHTTPServerWorker,
	sandbox.PolicyShutoff,
))

// setupSandbox puts the initialization policy on the whole process. Nothing that other people can influence happened before.
func setupSandbox(action sandbox.SyscallSandboxAction, files *sandboxFiles) error {
	return sandbox.SetupSyscallSandbox(sandbox.Config{
		Action:   action,
		Initial:  files.policy(sandbox.PolicyInitialization),
		Policies: []sandbox.SyscallSandboxPolicy{files.policy(policySteady)},
		Report:   files.report,
	})
}

// role is one job of the node on a thread of its own.
type role struct {
	name   string
	policy sandbox.SyscallSandboxPolicy
	work   func() string // what it has done so far
	done   chan struct{}
}

// roles starts roles and remembers them for getsandboxinfo.
type roles struct {
	action sandbox.SyscallSandboxAction
	scope  string // of options
	files  *sandboxFiles

	mu   sync.Mutex
	list []*role
}

// start runs fn on a thread of its own under policy p, or what --policies has instead. It returns when the policy is in force.
func (r *roles) start(p sandbox.SyscallSandboxPolicy, name string, work func() string, fn func()) error {
	p = r.files.policy(p)
	started := &role{name: name, policy: p, work: work, done: make(chan struct{})}
	r.mu.Lock()
	r.list = append(r.list, started)
	r.mu.Unlock()
	err := r.launch(p, name, func() {
		defer close(started.done)
		fn()
	})
	if err != nil {
		close(started.done)
		return fmt.Errorf("role %s: %w", name, err)
	}
	return nil
}

// wait blocks until the named roles have ended; without names, until all have.
func (r *roles) wait(names ...string) {
	for _, one := range r.snapshot() {
		if len(names) == 0 {
			<-one.done
		}
		for _, name := range names {
			if one.name == name {
				<-one.done
			}
		}
	}
}

func (r *roles) snapshot() []*role {
	r.mu.Lock()
	defer r.mu.Unlock()
	return append([]*role(nil), r.list...)
}

// info is the answer to getsandboxinfo: the roles with what the kernel says about their threads, and how many threads have no
// policy but the process's.
func (r *roles) info() (*rpcapi.SandboxInfo, error) {
	steady := r.files.policy(policySteady)
	allowed, err := countAllowed(steady, sandbox.ScopeProcess)
	if err != nil {
		return nil, err
	}
	info := &rpcapi.SandboxInfo{
		Action: r.action.String(), Enabled: sandbox.Enabled(), PID: os.Getpid(),
		ProcessPolicy: steady.String(), ProcessAllowed: allowed,
	}
	for _, one := range r.snapshot() {
		row, err := one.info()
		if err != nil {
			return nil, err
		}
		info.Roles = append(info.Roles, row)
	}
	if r.action != sandbox.UnsafeActionOff {
		threads, err := sandbox.Threads()
		if err != nil {
			info.ThreadsUnknown = err.Error() // a narrow process policy may not let /proc be read
		}
		placeThreads(info, threads)
	}
	return info, nil
}

func (r *role) info() (rpcapi.Role, error) {
	allowed, err := countAllowed(r.policy, sandbox.ScopeThread)
	row := rpcapi.Role{Name: r.name, Policy: r.policy.String(), Allowed: allowed, Work: r.work()}
	select {
	case <-r.done:
		row.Ended = true
	default:
	}
	return row, err
}

// placeThreads gives each role its thread. A thread that no role owns has the process policy only.
func placeThreads(info *rpcapi.SandboxInfo, threads []sandbox.Thread) {
	byName := make(map[string]*rpcapi.Role, len(info.Roles))
	for i := range info.Roles {
		byName[info.Roles[i].Name] = &info.Roles[i]
	}
	for _, t := range threads {
		row := byName[t.Name]
		if row == nil || len(t.Policies) == 0 || t.Policies[len(t.Policies)-1] != row.Policy {
			info.ProcessThreads++
			continue
		}
		row.TID, row.Filters, row.Chain = t.TID, t.Filters, t.Policies
	}
}

// countAllowed counts the calls that a policy lets through, those that the library adds for the Go runtime included. What happens
// to the others makes no difference here.
func countAllowed(p sandbox.SyscallSandboxPolicy, scope sandbox.Scope) (int, error) {
	filter, err := p.Filter(scope, sandbox.ActionKillProcess)
	if err != nil {
		return 0, err
	}
	calls := make(map[string]bool)
	for _, rule := range filter.Rules {
		if rule.Action == seccomp.Allow {
			calls[rule.Call] = true
		}
	}
	return len(calls), nil
}
