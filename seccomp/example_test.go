// SPDX-License-Identifier: MIT

package seccomp_test

import (
	"fmt"

	"github.com/syscall-sandbox/sandbox/seccomp"
)

// allowedBy says for which values of argument 1 of fcntl a condition holds.
func allowedBy(cond seccomp.Cond, values ...uint64) (allowed []string) {
	f := seccomp.Filter{Rules: []seccomp.Rule{{Call: "fcntl", When: []seccomp.Cond{cond}, Action: seccomp.Allow}}}
	for _, v := range values {
		c, _ := seccomp.CallOf("fcntl")
		c.Args[1] = v
		if action, _ := f.Decide(c); action == seccomp.Allow {
			allowed = append(allowed, fmt.Sprintf("%#x", v))
		}
	}
	return allowed
}

// Arg64 compares all of the register: a pointer, a size, a long.
func ExampleArg64() {
	values := []uint64{1, 5, 0x100000005, 1 << 63}
	a := seccomp.Arg64(1)
	for _, cond := range []seccomp.Cond{a.Is(1, 5), a.Not(1, 5), a.Less(5), a.LessOrEqual(5), a.Greater(5), a.GreaterOrEqual(5)} {
		fmt.Println(cond, "->", allowedBy(cond, values...))
	}
	// Output:
	// arg1 in {0x1, 0x5} -> [0x1 0x5]
	// arg1 not in {0x1, 0x5} -> [0x100000005 0x8000000000000000]
	// arg1 < 0x5 -> [0x1]
	// arg1 <= 0x5 -> [0x1 0x5]
	// arg1 > 0x5 -> [0x100000005 0x8000000000000000]
	// arg1 >= 0x5 -> [0x5 0x100000005 0x8000000000000000]
}

// A negative int, such as AT_FDCWD, is a large unsigned number in 32 bits; what the
// program put into the upper half does not matter.
func ExampleInt() {
	cond := seccomp.Arg32(1).Is(seccomp.Int(-100))
	fmt.Println(cond, "->", allowedBy(cond, 0xffffff9c, 0xffffffffffffff9c, 100))
	// Output: arg1:32 == 0xffffff9c -> [0xffffff9c 0xffffffffffffff9c]
}

// Both ends of a range belong to it.
func ExampleArg_Between() {
	cond := seccomp.Arg32(1).Between(3, 5)
	fmt.Println(cond, "->", allowedBy(cond, 2, 3, 4, 5, 6, 0x100000003))
	// Output: arg1:32 in 0x3..0x5 -> [0x3 0x4 0x5 0x100000003]
}

// Flags of which only O_CLOEXEC and O_NONBLOCK may be set, one, both or none.
func ExampleArg_Only() {
	cond := seccomp.Arg32(1).Only(0x80000 | 0x800)
	fmt.Println(cond, "->", allowedBy(cond, 0, 0x800, 0x80800, 0x801, 0x40))
	// Output: arg1:32 & 0xfff7f7ff == 0x0 -> [0x0 0x800 0x80800]
}

// The access mode of open(2) is the lowest two bits: 0 is O_RDONLY.
func ExampleArg_Masked() {
	cond := seccomp.Arg32(1).Masked(3, 0)
	fmt.Println(cond, "->", allowedBy(cond, 0, 0x80000, 1, 2, 0x42))
	// Output: arg1:32 & 0x3 == 0x0 -> [0x0 0x80000]
}

// A process may send signals to itself alone. SetFilter puts its id in; here ForPID does.
func ExampleArg_IsSelf() {
	p, err := seccomp.Filter{Default: seccomp.Errno(1), Rules: []seccomp.Rule{
		{Call: "kill", When: []seccomp.Cond{seccomp.Arg32(0).IsSelf()}, Action: seccomp.Allow},
	}}.Compile()
	if err != nil {
		fmt.Println(err)
		return
	}
	for _, pid := range []uint64{4242, 1} {
		c, _ := seccomp.CallOf("kill")
		c.Args[0] = pid
		fmt.Println(pid, p.ForPID(4242).Explain(c).Action)
	}
	// Output:
	// 4242 allow
	// 1 errno(EPERM)
}

func ExampleParseCond() {
	for _, s := range []string{"arg1:32 in {21505, 0x5413}", "arg0 & 0xf != 1", "arg9 == 1", "arg0:32 < 0x100000000"} {
		c, err := seccomp.ParseCond(s)
		if err != nil {
			fmt.Println(err)
			continue
		}
		fmt.Println(c)
	}
	// Output:
	// arg1:32 in {0x5401, 0x5413}
	// arg0 & 0xf != 0x1
	// seccomp: condition "arg9 == 1": a call has arguments 0 to 5, not 9
	// seccomp: condition "arg0:32 < 0x100000000": arg0:32 < 0x100000000: 0x100000000 is wider than 32 bits: use Arg64, or Int for a negative number
}

// All mistakes are reported at once. A rule behind others that leave it no call is one of
// them: whoever wrote it meant something else.
func ExampleFilter_Compile_mistakes() {
	a := seccomp.Arg32(0)
	_, err := seccomp.Filter{Rules: []seccomp.Rule{
		{Call: "socket", When: []seccomp.Cond{a.LessOrEqual(10)}, Action: seccomp.Allow},
		{Call: "socket", When: []seccomp.Cond{a.Is(1, 2)}, Action: seccomp.Errno(97)},
		{Call: "fcntl", When: []seccomp.Cond{seccomp.Arg64(6).Is(1), a.Between(9, 3)}, Action: seccomp.Allow},
	}}.Compile()
	fmt.Println(err)
	// Output:
	// seccomp: rule 1 ("socket"): no call reaches it: its conditions exclude each other, or earlier rules of the call answer all that they leave
	// seccomp: rule 2 ("fcntl"): a call has arguments 0 to 5, not 6
	// seccomp: rule 2 ("fcntl"): arg0: 0x9 is greater than 0x3
}
