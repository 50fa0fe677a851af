// SPDX-License-Identifier: MIT

// Package wire is the protocol between the benchmark and compilers in processes of
// their own: a policy in JSON on stdin, the program as raw sock_filters (8 bytes
// each, little-endian) on stdout; exit 3 with a reason on stderr if the compiler
// has no words for the policy. With BENCH_COMPILE=1 stdout is the measured cost of one
// compilation instead, as JSON.
package wire

import (
	"encoding/binary"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"

	"golang.org/x/net/bpf"

	"github.com/syscall-sandbox/sandbox/bench/measure"
	"github.com/syscall-sandbox/sandbox/bench/policy"
)

// Exit codes of a command that speaks the protocol.
const (
	ExitOK            = 0
	ExitFailed        = 1
	ExitInexpressible = 3
)

// CompileEnv asks for the cost.
const CompileEnv = "BENCH_COMPILE"

// A Compile makes a program of the policy for which it was prepared.
type Compile func() ([]bpf.RawInstruction, error)

// Prepare translates a policy into a compiler's own form. What it does is not
// measured, what the Compile does is.
type Prepare func(*policy.Policy) (Compile, error)

// Main serves one request and returns the exit code.
func Main(prepare Prepare) int {
	err := serve(prepare, os.Stdin, os.Stdout, os.Getenv(CompileEnv) == "1")
	if err == nil {
		return ExitOK
	}
	fmt.Fprintln(os.Stderr, err)
	if _, ok := errors.AsType[*policy.Inexpressible](err); ok {
		return ExitInexpressible
	}
	return ExitFailed
}

func serve(prepare Prepare, in io.Reader, out io.Writer, cost bool) error {
	p, err := policy.Parse(in)
	if err != nil {
		return &policy.Inexpressible{Reason: err.Error()}
	}
	compile, err := prepare(p)
	if err != nil {
		return err
	}
	prog, err := compile()
	if err != nil {
		return err
	}
	if !cost {
		_, err = out.Write(Encode(prog))
		return err
	}
	c, err := measure.Compile(func() error { _, err := compile(); return err })
	if err != nil {
		return err
	}
	return json.NewEncoder(out).Encode(c)
}

// Encode returns a program as an array of struct sock_filter.
func Encode(prog []bpf.RawInstruction) []byte {
	b := make([]byte, 0, 8*len(prog))
	for _, in := range prog {
		b = binary.LittleEndian.AppendUint16(b, in.Op)
		b = append(b, in.Jt, in.Jf)
		b = binary.LittleEndian.AppendUint32(b, in.K)
	}
	return b
}

// Decode is the inverse of Encode.
func Decode(b []byte) ([]bpf.RawInstruction, error) {
	if len(b) == 0 || len(b)%8 != 0 {
		return nil, fmt.Errorf("%d bytes are no program", len(b))
	}
	prog := make([]bpf.RawInstruction, 0, len(b)/8)
	for ; len(b) > 0; b = b[8:] {
		prog = append(prog, bpf.RawInstruction{
			Op: binary.LittleEndian.Uint16(b), Jt: b[2], Jf: b[3], K: binary.LittleEndian.Uint32(b[4:]),
		})
	}
	return prog, nil
}
