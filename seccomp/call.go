// SPDX-License-Identifier: MIT

package seccomp

import (
	"fmt"
	"strings"

	"github.com/syscall-sandbox/sandbox/internal/abi"
	"github.com/syscall-sandbox/sandbox/internal/sysno"
)

// A Call is what a filter sees of a system call.
type Call struct {
	Arch uint32    // the kernel's AUDIT_ARCH_ number; CallOf fills it in
	Nr   uint32    // the number; its meaning depends on Arch
	IP   uint64    // address after the call instruction
	Args [6]uint64 // the registers, whether the call uses them or not
}

// CallOf returns the linux/amd64 call of that name with all arguments 0.
func CallOf(name string) (Call, bool) {
	nr, ok := sysno.Number(name)
	return Call{Arch: abi.AuditArchX86_64, Nr: nr}, ok
}

// Native reports whether the number is one of linux/amd64's own: neither of another
// architecture nor of the x32 ABI.
func (c Call) Native() bool {
	return c.Arch == abi.AuditArchX86_64 && c.Nr < abi.X32Bit
}

// Name returns the call's name, or "" when the table has none: for a foreign
// architecture, x32, and numbers newer than this library.
func (c Call) Name() string {
	if !c.Native() {
		return ""
	}
	name, _ := sysno.Name(c.Nr)
	return name
}

// String returns the name and all six argument registers, of which the call
// may use fewer: "getgroups(0x0, 0x0, 0x0, 0x0, 0x0, 0x0)". Without a name it is
// "syscall 999(...)", with " arch 0x40000003" or " x32" before the bracket.
func (c Call) String() string {
	var b strings.Builder
	b.WriteString(c.label())
	for i, arg := range c.Args {
		sep := ", "
		if i == 0 {
			sep = "("
		}
		fmt.Fprintf(&b, "%s%#x", sep, arg)
	}
	b.WriteByte(')')
	return b.String()
}

func (c Call) label() string {
	switch {
	case c.Name() != "":
		return c.Name()
	case c.Arch != abi.AuditArchX86_64:
		return fmt.Sprintf("syscall %d arch %#x", int32(c.Nr), c.Arch)
	case int32(c.Nr) >= abi.X32Bit:
		return fmt.Sprintf("syscall %d x32", c.Nr-abi.X32Bit)
	}
	return fmt.Sprintf("syscall %d", int32(c.Nr))
}
