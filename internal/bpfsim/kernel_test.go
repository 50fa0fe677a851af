// SPDX-License-Identifier: MIT

package bpfsim_test

import (
	"math/rand/v2"
	"slices"
	"testing"

	"github.com/syscall-sandbox/sandbox/internal/abi"
	"github.com/syscall-sandbox/sandbox/internal/bpfsim"
)

const (
	ldNr   = 0
	ldArch = 4
	ldArg  = 16
)

var allowed, refused = raw{Op: 0x06, K: abi.RetAllow}, raw{Op: 0x06, K: abi.RetErrno | 1}

// What kernel/seccomp.c seccomp_is_const_allow says to each kind of instruction, by
// reading: whether it knows it, and what it makes of it. (Where the kernel has
// CONFIG_SECCOMP_CACHE_DEBUG, /proc/PID/seccomp_cache shows the same.)
func TestCached(t *testing.T) {
	for _, c := range []struct {
		name string
		prog []raw
		want bool
	}{
		{"allow", []raw{allowed}, true},
		{"allow with data", []raw{{Op: 0x06, K: abi.RetAllow | 1}}, false},
		{"log", []raw{{Op: 0x06, K: abi.RetLog}}, false},
		{"user notification", []raw{{Op: 0x06, K: abi.RetUserNotif}}, false},
		{"trace", []raw{{Op: 0x06, K: abi.RetTrace}}, false},
		{"errno", []raw{refused}, false},
		{"kill thread", []raw{{Op: 0x06}}, false},
		{"A begins as 0", []raw{{Op: 0x15, K: 0, Jf: 1}, allowed, refused}, true},
		{"ld nr", []raw{{Op: 0x20, K: ldNr}, {Op: 0x15, K: 7, Jf: 1}, allowed, refused}, true},
		{"ld nr, no", []raw{{Op: 0x20, K: ldNr}, {Op: 0x15, K: 8, Jf: 1}, allowed, refused}, false},
		{"ld arch", []raw{{Op: 0x20, K: ldArch}, {Op: 0x15, K: abi.AuditArchX86_64, Jf: 1}, allowed, refused}, true},
		{"ld arch, other", []raw{{Op: 0x20, K: ldArch}, {Op: 0x15, K: abi.AuditArchI386, Jf: 1}, allowed, refused}, false},
		{"ld ip", []raw{{Op: 0x20, K: 8}, allowed}, false},
		{"ld upper half of ip", []raw{{Op: 0x20, K: 12}, allowed}, false},
		{"ld ip on the way to an errno", []raw{{Op: 0x20, K: ldNr}, {Op: 0x15, K: 7, Jf: 3}, {Op: 0x20, K: 8}, {Op: 0x35, K: 5, Jf: 1}, allowed, refused}, false},
		{"ld ip on another path", []raw{{Op: 0x20, K: ldNr}, {Op: 0x15, K: 7, Jt: 1}, {Op: 0x20, K: 8}, allowed}, true},
		{"ld argument", []raw{{Op: 0x20, K: ldArg}, allowed}, false},
		{"ld upper half of the last argument", []raw{{Op: 0x20, K: 60}, allowed}, false},
		{"ld argument on another path", []raw{{Op: 0x20, K: ldNr}, {Op: 0x15, K: 7, Jt: 1}, {Op: 0x20, K: ldArg}, allowed}, true},
		{"jge", []raw{{Op: 0x20, K: ldNr}, {Op: 0x35, K: 7, Jf: 1}, allowed, refused}, true},
		{"jge, no", []raw{{Op: 0x20, K: ldNr}, {Op: 0x35, K: 8, Jf: 1}, allowed, refused}, false},
		{"jgt", []raw{{Op: 0x20, K: ldNr}, {Op: 0x25, K: 6, Jf: 1}, allowed, refused}, true},
		{"jgt, no", []raw{{Op: 0x20, K: ldNr}, {Op: 0x25, K: 7, Jf: 1}, allowed, refused}, false},
		{"jset", []raw{{Op: 0x20, K: ldNr}, {Op: 0x45, K: 0xc, Jf: 1}, allowed, refused}, true},
		{"jset, no", []raw{{Op: 0x20, K: ldNr}, {Op: 0x45, K: 8, Jf: 1}, allowed, refused}, false},
		{"ja", []raw{{Op: 0x05, K: 1}, refused, allowed}, true},
		{"and", []raw{{Op: 0x20, K: ldNr}, {Op: 0x54, K: 3}, {Op: 0x15, K: 3, Jf: 1}, allowed, refused}, true},
		{"and with X", []raw{{Op: 0x20, K: ldNr}, {Op: 0x5c}, allowed}, false},
		{"or", []raw{{Op: 0x44, K: 0}, allowed}, false},
		{"add", []raw{{Op: 0x04, K: 0}, allowed}, false},
		{"jeq with X", []raw{{Op: 0x1d}, allowed}, false},
		{"ld immediate", []raw{{Op: 0x00, K: 1}, allowed}, false},
		{"ld length", []raw{{Op: 0x80}, allowed}, false},
		{"tax", []raw{{Op: 0x07}, allowed}, false},
		{"store", []raw{{Op: 0x02}, allowed}, false},
		{"ret A", []raw{{Op: 0x20, K: ldNr}, {Op: 0x16}}, false},
	} {
		if err := bpfsim.Verify(c.prog); err != nil {
			t.Fatalf("%s: %v", c.name, err)
		}
		if got := bpfsim.Cached(c.prog, 7, abi.AuditArchX86_64); got != c.want {
			t.Errorf("%s: %v", c.name, got)
		}
	}
	if bpfsim.Cached(nil, 7, 0) || bpfsim.Cached([]raw{{Op: 0x05, K: 9}}, 7, 0) {
		t.Error("past the end")
	}
}

// On random programs: what is cached is allowed whatever the arguments are.
func TestCachedIsAllowed(t *testing.T) {
	r := rand.New(rand.NewPCG(21, 1))
	cached := 0
	for _, prog := range randomPrograms(14, 40000) {
		if bpfsim.Verify(prog) != nil || !bpfsim.Cached(prog, 2, 3) {
			continue
		}
		cached++
		for range 8 {
			d := bpfsim.Data{Nr: 2, Arch: 3, IP: r.Uint64(), Args: [6]uint64{r.Uint64N(5), r.Uint64(), r.Uint64N(5), r.Uint64(), r.Uint64(), r.Uint64()}}
			if got, err := bpfsim.Run(prog, d); err != nil || got != abi.RetAllow {
				t.Fatalf("%v\n%+v: %#x, %v", prog, d, got, err)
			}
		}
	}
	if cached < 100 {
		t.Errorf("only %d programs", cached)
	}
}

// The lengths that net/core/filter.c bpf_convert_filter gives to each kind of
// instruction. That the kernel counts so is shown in package seccomp, where filters
// are put on top of each other until there is no room.
func TestConverted(t *testing.T) {
	const prologue = 3
	for _, c := range []struct {
		name string
		in   raw
		want int
	}{
		{"ld abs", raw{Op: 0x20}, 1},
		{"ld immediate", raw{Op: 0x00, K: 0xffffffff}, 1},
		{"and", raw{Op: 0x54, K: 0xffffffff}, 1},
		{"ja", raw{Op: 0x05, K: 2}, 1},
		{"ret", raw{Op: 0x06}, 2},
		{"jeq both", raw{Op: 0x15, K: 7, Jt: 1, Jf: 2}, 2},
		{"jeq yes", raw{Op: 0x15, K: 7, Jt: 1}, 1},
		{"jeq no", raw{Op: 0x15, K: 7, Jf: 1}, 1},
		{"jge no", raw{Op: 0x35, K: 7, Jf: 1}, 1},
		{"jgt no", raw{Op: 0x25, K: 7, Jf: 1}, 1},
		{"jset no: it has no opposite", raw{Op: 0x45, K: 7, Jf: 1}, 2},
		{"jset yes", raw{Op: 0x45, K: 7, Jt: 1}, 1},
		{"jset X no", raw{Op: 0x4d, Jf: 1}, 2},
		{"jeq with a constant that is negative", raw{Op: 0x15, K: 0x80000000, Jt: 1}, 2},
		{"both, negative", raw{Op: 0x35, K: 0xc000003e, Jt: 1, Jf: 2}, 3},
		{"jeq X", raw{Op: 0x1d, K: 0xc000003e, Jt: 1}, 1},
		{"div by X", raw{Op: 0x3c}, 5},
	} {
		if got := bpfsim.Converted([]raw{c.in}) - prologue; got != c.want {
			t.Errorf("%s: %d, want %d", c.name, got, c.want)
		}
	}
}

// reachable finds by trying all values of the two words that such programs load which
// instructions some call executes.
func reachable(prog []raw) []bool {
	reached := make([]bool, len(prog))
	var trace []int
	for nr := range uint32(16) {
		for arg := range uint64(16) {
			_, trace, _ = bpfsim.RunTrace(prog, bpfsim.Data{Nr: nr, Args: [6]uint64{arg}}, trace[:0])
			for _, i := range trace {
				reached[i] = true
			}
		}
	}
	return reached
}

// Reach finds exactly the instructions that some call executes, and calls that do.
// Constants and masks are below 8, so the values 0 to 15 are all that can make a
// difference.
func TestReachIsExact(t *testing.T) {
	r := rand.New(rand.NewPCG(22, 1))
	dead, alive := 0, 0
	for range 6000 {
		n := 3 + r.IntN(14)
		prog := []raw{{Op: 0x20, K: ldNr}}
		for i := 1; i < n; i++ {
			in := raw{Op: []uint16{0x20, 0x54, 0x15, 0x15, 0x35, 0x25, 0x45, 0x05, 0x06}[r.IntN(9)], K: r.Uint32N(8)}
			switch in.Op {
			case 0x20:
				in.K = uint32(r.IntN(2)) * ldArg
			case 0x05:
				in.K = r.Uint32N(uint32(n - i))
			case 0x15, 0x35, 0x25, 0x45:
				in.Jt, in.Jf = uint8(r.IntN(min(4, n-i))), uint8(r.IntN(min(4, n-i)))
			}
			prog = append(prog, in)
		}
		prog = append(prog, allowed)
		want := reachable(prog)
		calls, ok, done := bpfsim.Reach(prog)
		if !done {
			t.Fatalf("given up: %v", prog)
		}
		for i := range prog {
			if ok[i] != want[i] {
				t.Fatalf("instruction %d: Reach says %v\n%v", i, ok[i], prog)
			}
			if !ok[i] {
				dead++
				continue
			}
			alive++
			if _, trace, err := bpfsim.RunTrace(prog, calls[i], nil); err != nil || !slices.Contains(trace, i) {
				t.Fatalf("instruction %d is not executed by %+v: %v, %v\n%v", i, calls[i], trace, err, prog)
			}
		}
	}
	if dead < 1000 || alive < 1000 {
		t.Errorf("%d dead, %d alive: the sample tells little", dead, alive)
	}
}

// The instruction pointer is solved for like arguments, both words.
func TestReachIP(t *testing.T) {
	prog := []raw{
		{Op: 0x20, K: abi.OffIP + 4}, {Op: 0x15, K: 0x7fff, Jf: 5},
		{Op: 0x20, K: abi.OffIP}, {Op: 0x35, K: 0x401000, Jf: 3}, {Op: 0x54, K: 0xfff}, {Op: 0x15, K: 0x17, Jf: 1}, allowed, refused,
	}
	calls, ok, done := bpfsim.Reach(prog)
	for i := range prog {
		_, trace, err := bpfsim.RunTrace(prog, calls[i], nil)
		if !ok[i] || !done || err != nil || !slices.Contains(trace, i) {
			t.Errorf("instruction %d: %+v, %v, %v", i, calls[i], trace, err)
		}
	}
	if at := calls[6].IP; at>>32 != 0x7fff || uint32(at) < 0x401000 || at&0xfff != 0x17 {
		t.Errorf("allowed at %#x", at)
	}
}

// What Reach does not understand, and where it gives up, it says.
func TestReachGivesUp(t *testing.T) {
	for _, in := range []raw{{Op: 0x07}, {Op: 0x04, K: 1}, {Op: 0x1d}, {Op: 0x00}, {Op: 0x16}} {
		if _, ok, done := bpfsim.Reach([]raw{{Op: 0x20}, in, allowed}); done || !ok[0] || ok[2] {
			t.Errorf("%v: reached %v, done %v", in, ok, done)
		}
	}
}
