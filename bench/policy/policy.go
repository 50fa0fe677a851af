// SPDX-License-Identifier: MIT

// Package policy is the neutral form in which the benchmark hands one policy to
// every compiler: JSON, and what it means in plain Go.
package policy

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"strconv"
	"strings"

	"github.com/syscall-sandbox/sandbox/internal/abi"
)

// A Policy answers every call: a number by its rule, any other number of
// AUDIT_ARCH_X86_64 (x32 too) by Default, another architecture by BadArch.
type Policy struct {
	Name    string `json:"name"`
	Arch    string `json:"arch"`
	Default Action `json:"default"`
	BadArch Action `json:"bad_arch"`
	Rules   []Rule `json:"rules"`
}

// A Rule answers one number with Action if one conjunction of Any holds, and with
// the policy's Default otherwise. Without Any it always holds.
type Rule struct {
	Nr     uint32   `json:"nr"`
	Name   string   `json:"name"`
	Action Action   `json:"action"`
	Any    [][]Cond `json:"any,omitempty"`
}

// A Cond compares one argument, as an unsigned 64-bit number.
type Cond struct {
	Arg   int    `json:"arg"`
	Op    string `json:"op"` // eq ne gt ge lt le; masked_eq: arg & mask == value
	Value Number `json:"value"`
	Mask  Number `json:"mask,omitzero"`
}

// A Number is written in hexadecimal; decimal strings and JSON numbers are read too.
type Number uint64

// MarshalText writes "0x...".
func (n Number) MarshalText() ([]byte, error) {
	return fmt.Appendf(nil, "%#x", uint64(n)), nil
}

// UnmarshalJSON reads "0x1f", "31" and 31.
func (n *Number) UnmarshalJSON(b []byte) error {
	v, err := strconv.ParseUint(strings.Trim(string(b), `"`), 0, 64)
	if err != nil {
		return fmt.Errorf("%s is no unsigned 64-bit number", b)
	}
	*n = Number(v)
	return nil
}

// An Action is a SECCOMP_RET_ value, data included.
type Action uint32

var actionNames = map[string]Action{
	"allow":        Allow,
	"log":          Log,
	"trap":         Trap,
	"kill_process": KillProcess,
	"kill_thread":  KillThread,
}

// Actions by name.
const (
	Allow       Action = abi.RetAllow
	Log         Action = abi.RetLog
	Trap        Action = abi.RetTrap
	KillProcess Action = abi.RetKillProcess
	KillThread  Action = abi.RetKillThread
)

// Errno returns the errno that the action gives, if it gives one.
func (a Action) Errno() (uint16, bool) {
	return uint16(a & abi.RetData), a&abi.RetActionFull == abi.RetErrno
}

// String returns the action as it stands in JSON.
func (a Action) String() string {
	for name, v := range actionNames {
		if a == v {
			return name
		}
	}
	if n, ok := a.Errno(); ok {
		return fmt.Sprintf("errno:%d", n)
	}
	return fmt.Sprintf("%#x", uint32(a))
}

// MarshalText is String.
func (a Action) MarshalText() ([]byte, error) { return []byte(a.String()), nil }

// UnmarshalText is the inverse of MarshalText. The kernel gives 4095 for a greater
// errno (kernel/seccomp.c __seccomp_filter).
func (a *Action) UnmarshalText(b []byte) error {
	if v, ok := actionNames[string(b)]; ok {
		*a = v
		return nil
	}
	if digits, ok := strings.CutPrefix(string(b), "errno:"); ok {
		if n, err := strconv.ParseUint(digits, 10, 16); err == nil {
			*a = abi.RetErrno | Action(n)
			return nil
		}
	}
	return fmt.Errorf("unknown action %q", b)
}

// Parse reads one policy and refuses what it cannot give a meaning to.
func Parse(r io.Reader) (*Policy, error) {
	d := json.NewDecoder(r)
	d.DisallowUnknownFields() // a field that is not understood could be a condition
	p := new(Policy)
	if err := d.Decode(p); err != nil {
		return nil, err
	}
	if _, err := d.Token(); err != io.EOF {
		return nil, errors.New("something follows the policy")
	}
	return p, p.Validate()
}

// MustParse is Parse for the policies that this module carries.
func MustParse(b []byte) *Policy {
	p, err := Parse(bytes.NewReader(b))
	if err != nil {
		panic(err)
	}
	return p
}

// Validate returns all mistakes, joined.
func (p *Policy) Validate() error {
	var errs []error
	if p.Arch != "" && p.Arch != "x86_64" {
		errs = append(errs, fmt.Errorf("architecture %q: only x86_64 has a meaning here", p.Arch))
	}
	seen := make(map[uint32]bool)
	for _, r := range p.Rules {
		if seen[r.Nr] {
			errs = append(errs, fmt.Errorf("number %d has two rules", r.Nr))
		}
		seen[r.Nr] = true
		if r.Any != nil && len(r.Any) == 0 {
			errs = append(errs, fmt.Errorf("number %d: an empty \"any\" has no defined meaning", r.Nr))
		}
		for _, conj := range r.Any {
			for _, c := range conj {
				if err := c.validate(); err != nil {
					errs = append(errs, fmt.Errorf("number %d: %w", r.Nr, err))
				}
			}
		}
	}
	return errors.Join(errs...)
}

func (c Cond) validate() error {
	if c.Arg < 0 || c.Arg >= abi.NumArgs {
		return fmt.Errorf("argument %d", c.Arg)
	}
	switch c.Op {
	case "eq", "ne", "gt", "ge", "lt", "le", "masked_eq":
		return nil
	}
	return fmt.Errorf("unknown operator %q", c.Op)
}

// A Call is one question to a policy or a program.
type Call struct {
	Arch, Nr uint32
	Args     [abi.NumArgs]uint64
}

// Native returns a call of AUDIT_ARCH_X86_64.
func Native(nr uint32, args [abi.NumArgs]uint64) Call {
	return Call{Arch: abi.AuditArchX86_64, Nr: nr, Args: args}
}

// Native reports whether the call is neither of another architecture nor of x32.
func (c Call) Native() bool { return c.Arch == abi.AuditArchX86_64 && c.Nr < abi.X32Bit }

// String shows the number, the architecture if foreign, and the arguments up to the
// last that is not zero.
func (c Call) String() string {
	last := 0
	for i, a := range c.Args {
		if a != 0 {
			last = i + 1
		}
	}
	var b strings.Builder
	fmt.Fprintf(&b, "%#x(", c.Nr)
	if c.Nr < abi.X32Bit {
		b.Reset()
		fmt.Fprintf(&b, "%d(", c.Nr)
	}
	for i, a := range c.Args[:last] {
		if i > 0 {
			b.WriteString(", ")
		}
		fmt.Fprintf(&b, "%#x", a)
	}
	b.WriteByte(')')
	if c.Arch != abi.AuditArchX86_64 {
		fmt.Fprintf(&b, " arch %#x", c.Arch)
	}
	return b.String()
}

// Eval is what the policy answers. It is written to be read, not to be fast: it is
// what every compiler's program is compared with.
func (p *Policy) Eval(c Call) Action {
	if c.Arch != abi.AuditArchX86_64 {
		return p.BadArch
	}
	for i := range p.Rules {
		if r := &p.Rules[i]; r.Nr == c.Nr && r.holds(c.Args) {
			return r.Action
		}
	}
	return p.Default
}

func (r *Rule) holds(args [abi.NumArgs]uint64) bool {
	if r.Any == nil {
		return true
	}
	for _, conj := range r.Any {
		if Holds(conj, args) {
			return true
		}
	}
	return false
}

// Holds reports whether all conditions hold.
func Holds(conj []Cond, args [abi.NumArgs]uint64) bool {
	for _, c := range conj {
		if !c.holds(args[c.Arg]) {
			return false
		}
	}
	return true
}

func (c Cond) holds(a uint64) bool {
	v := uint64(c.Value)
	switch c.Op {
	case "eq":
		return a == v
	case "ne":
		return a != v
	case "gt":
		return a > v
	case "ge":
		return a >= v
	case "lt":
		return a < v
	case "le":
		return a <= v
	default: // masked_eq; Validate has seen to the rest
		return a&uint64(c.Mask) == v
	}
}

// Checked reports whether the number's answer depends on arguments.
func (r Rule) Checked() bool { return r.Any != nil }

// HasArgs reports whether any number's answer depends on arguments.
func (p *Policy) HasArgs() bool {
	for _, r := range p.Rules {
		if r.Checked() {
			return true
		}
	}
	return false
}
