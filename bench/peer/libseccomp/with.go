// SPDX-License-Identifier: MIT

//go:build cgo && libseccomp

package main

/*
#cgo pkg-config: libseccomp
#include <seccomp.h>
*/
import "C"

import (
	"fmt"
	"os"
	"syscall"

	"golang.org/x/net/bpf"
	"golang.org/x/sys/unix"

	"github.com/syscall-sandbox/sandbox/bench/policy"
	"github.com/syscall-sandbox/sandbox/bench/wire"
)

type rule struct {
	action C.uint32_t
	nr     C.int
	args   []C.struct_scmp_arg_cmp
}

// prepare translates the policy; measured are seccomp_init, adding the rules and
// exporting the program to a memory file. Its allocations are the C library's.
func prepare(p *policy.Policy) (wire.Compile, error) {
	var rules []rule
	for _, r := range p.Rules {
		if r.Action == p.Default {
			continue // it would refuse a rule that changes nothing
		}
		alternatives := r.Any
		if !r.Checked() {
			alternatives = [][]policy.Cond{nil}
		}
		for _, conj := range alternatives {
			args, err := compare(conj)
			if err != nil {
				return nil, err
			}
			rules = append(rules, rule{C.uint32_t(r.Action), C.int(r.Nr), args})
		}
	}
	fd, err := unix.MemfdCreate("program", unix.MFD_CLOEXEC)
	if err != nil {
		return nil, err
	}
	file := os.NewFile(uintptr(fd), "program")
	return func() ([]bpf.RawInstruction, error) { return compile(p, rules, file) }, nil
}

var ops = map[string]C.enum_scmp_compare{
	"eq": C.SCMP_CMP_EQ, "ne": C.SCMP_CMP_NE, "gt": C.SCMP_CMP_GT, "ge": C.SCMP_CMP_GE,
	"lt": C.SCMP_CMP_LT, "le": C.SCMP_CMP_LE, "masked_eq": C.SCMP_CMP_MASKED_EQ,
}

func compare(conj []policy.Cond) ([]C.struct_scmp_arg_cmp, error) {
	var args []C.struct_scmp_arg_cmp
	seen := make(map[int]bool)
	for _, c := range conj {
		if seen[c.Arg] {
			return nil, &policy.Inexpressible{Reason: "libseccomp takes one comparison of an argument in a rule"}
		}
		seen[c.Arg] = true
		a := C.struct_scmp_arg_cmp{arg: C.uint(c.Arg), op: ops[c.Op], datum_a: C.scmp_datum_t(c.Value)}
		if c.Op == "masked_eq" {
			a.datum_a, a.datum_b = C.scmp_datum_t(c.Mask), C.scmp_datum_t(c.Value)
		}
		args = append(args, a)
	}
	return args, nil
}

func compile(p *policy.Policy, rules []rule, file *os.File) ([]bpf.RawInstruction, error) {
	ctx := C.seccomp_init(C.uint32_t(p.Default))
	if ctx == nil {
		return nil, fmt.Errorf("seccomp_init refuses %s", p.Default)
	}
	defer C.seccomp_release(ctx)
	if r := C.seccomp_attr_set(ctx, C.SCMP_FLTATR_ACT_BADARCH, C.uint32_t(p.BadArch)); r != 0 {
		return nil, fmt.Errorf("bad_arch: %w", syscall.Errno(-r))
	}
	if r := C.seccomp_attr_set(ctx, C.SCMP_FLTATR_CTL_OPTIMIZE, 2); r != 0 {
		return nil, fmt.Errorf("optimisation level 2: %w", syscall.Errno(-r))
	}
	for _, r := range rules {
		var args *C.struct_scmp_arg_cmp
		if len(r.args) > 0 {
			args = &r.args[0]
		}
		if rc := C.seccomp_rule_add_exact_array(ctx, r.action, r.nr, C.uint(len(r.args)), args); rc != 0 {
			return nil, &policy.Inexpressible{Reason: fmt.Sprintf("libseccomp refuses a rule for number %d: %v", r.nr, syscall.Errno(-rc))}
		}
	}
	return export(ctx, file)
}

func export(ctx C.scmp_filter_ctx, file *os.File) ([]bpf.RawInstruction, error) {
	if err := file.Truncate(0); err != nil {
		return nil, err
	}
	if _, err := file.Seek(0, 0); err != nil {
		return nil, err
	}
	if rc := C.seccomp_export_bpf(ctx, C.int(file.Fd())); rc != 0 {
		return nil, fmt.Errorf("seccomp_export_bpf: %w", syscall.Errno(-rc))
	}
	info, err := file.Stat()
	if err != nil {
		return nil, err
	}
	b := make([]byte, info.Size())
	if _, err := file.ReadAt(b, 0); err != nil {
		return nil, err
	}
	return wire.Decode(b)
}
