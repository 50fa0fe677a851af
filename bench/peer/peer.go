// SPDX-License-Identifier: MIT

// Package peer holds the compilers that the benchmark compares.
package peer

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"time"

	"golang.org/x/net/bpf"

	"github.com/syscall-sandbox/sandbox/bench/measure"
	"github.com/syscall-sandbox/sandbox/bench/policy"
	"github.com/syscall-sandbox/sandbox/bench/wire"
)

// A Peer is a compiler: a function in this process, or a command.
type Peer struct {
	Name    string
	Prepare wire.Prepare
	Command string
}

// InProcess are the peers that need nothing but Go.
func InProcess() []Peer {
	return []Peer{
		{Name: "sandbox", Prepare: Sandbox},
		{Name: "linear", Prepare: Linear},
		{Name: "elastic", Prepare: Elastic},
		{Name: "gvisor", Prepare: GVisor},
	}
}

// timeout bounds one answer of a command; libseccomp is known to hang on some policies.
const timeout = 20 * time.Second

// Program compiles a policy; an error that is a *policy.Inexpressible says that the peer
// has no words for it.
func (p Peer) Program(pol *policy.Policy) ([]bpf.RawInstruction, error) {
	if p.Command != "" {
		out, err := p.run(pol, "0")
		if err != nil {
			return nil, err
		}
		return wire.Decode(out)
	}
	compile, err := p.Prepare(pol)
	if err != nil {
		return nil, err
	}
	return compile()
}

// Cost measures one compilation, in the peer's own process if it has one.
func (p Peer) Cost(pol *policy.Policy) (cost measure.Cost, err error) {
	if p.Command != "" {
		out, err := p.run(pol, "1")
		if err != nil {
			return cost, err
		}
		return cost, json.Unmarshal(out, &cost)
	}
	compile, err := p.Prepare(pol)
	if err != nil {
		return cost, err
	}
	return measure.Compile(func() error { _, err := compile(); return err })
}

func (p Peer) run(pol *policy.Policy, cost string) ([]byte, error) {
	in, err := json.Marshal(pol)
	if err != nil {
		return nil, err
	}
	ctx, cancel := context.WithTimeout(context.Background(), timeout)
	defer cancel()
	var stdout, stderr bytes.Buffer
	cmd := exec.CommandContext(ctx, p.Command)
	cmd.Stdin, cmd.Stdout, cmd.Stderr = bytes.NewReader(in), &stdout, &stderr
	cmd.Env = append(os.Environ(), wire.CompileEnv+"="+cost)
	if err := cmd.Run(); err != nil {
		reason := strings.TrimSpace(stderr.String())
		if exit, ok := errors.AsType[*exec.ExitError](err); ok && exit.ExitCode() == wire.ExitInexpressible {
			return nil, &policy.Inexpressible{Reason: reason}
		}
		return nil, fmt.Errorf("%s: %w: %s", p.Name, err, reason)
	}
	return stdout.Bytes(), nil
}

// Libseccomp builds the command in peer/libseccomp into dir, if pkg-config knows the
// library; otherwise it returns the reason why there is no such peer.
func Libseccomp(dir string) (Peer, error) {
	if out, err := exec.Command("pkg-config", "--exists", "--print-errors", "libseccomp").CombinedOutput(); err != nil {
		return Peer{}, fmt.Errorf("pkg-config finds no libseccomp: %w %s", err, bytes.TrimSpace(out))
	}
	bin := filepath.Join(dir, "libseccomp")
	build := exec.Command("go", "build", "-tags", "libseccomp", "-o", bin, "github.com/syscall-sandbox/sandbox/bench/peer/libseccomp")
	build.Env = append(os.Environ(), "CGO_ENABLED=1")
	if out, err := build.CombinedOutput(); err != nil {
		return Peer{}, fmt.Errorf("building the libseccomp peer: %w\n%s", err, out)
	}
	return Peer{Name: "libseccomp-o2", Command: bin}, nil
}
