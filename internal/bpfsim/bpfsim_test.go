// SPDX-License-Identifier: MIT

package bpfsim_test

import (
	"errors"
	"math/rand/v2"
	"slices"
	"testing"

	"golang.org/x/net/bpf"

	"github.com/syscall-sandbox/sandbox/internal/abi"
	"github.com/syscall-sandbox/sandbox/internal/bpfsim"
)

type raw = bpf.RawInstruction

var ret = raw{Op: 0x06, K: abi.RetAllow}

// nops returns n programs' worth of harmless instructions and a RET.
func nops(n int) []raw {
	return append(slices.Repeat([]raw{{Op: 0x00}}, n-1), ret)
}

// verdicts are programs and whether the kernel takes them;
// bpfsim_linux_amd64_test.go asks it.
var verdicts = []struct {
	name string
	prog []raw
	good bool
}{
	{"empty", nil, false},
	{"ret", []raw{ret}, true},
	{"ret A", []raw{{Op: 0x16}}, true},
	{"ret X", []raw{{Op: 0x0e}}, false},
	{"no ret", []raw{{Op: 0x20}}, false},
	{"4095", nops(4095), true},
	{"4096", nops(4096), true},
	{"4097", nops(4097), false},
	{"load nr", []raw{{Op: 0x20, K: 0}, ret}, true},
	{"load last word", []raw{{Op: 0x20, K: 60}, ret}, true},
	{"load past the end", []raw{{Op: 0x20, K: 64}, ret}, false},
	{"load unaligned", []raw{{Op: 0x20, K: 2}, ret}, false},
	{"load far out", []raw{{Op: 0x20, K: 0xfffff000}, ret}, false},
	{"load half", []raw{{Op: 0x28, K: 0}, ret}, false},
	{"load byte", []raw{{Op: 0x30, K: 0}, ret}, false},
	{"load indirect", []raw{{Op: 0x40, K: 0}, ret}, false},
	{"load length", []raw{{Op: 0x80}, ret}, true},
	{"load length into X", []raw{{Op: 0x81}, ret}, true},
	{"load msh", []raw{{Op: 0xb1}, ret}, false},
	{"mem 15", []raw{{Op: 0x02, K: 15}, {Op: 0x60, K: 15}, ret}, true},
	{"mem 16", []raw{{Op: 0x02, K: 16}, ret}, false},
	{"mem unset", []raw{{Op: 0x60, K: 0}, ret}, false},
	{"mem other word set", []raw{{Op: 0x02, K: 1}, {Op: 0x60, K: 0}, ret}, false},
	{"mem by X", []raw{{Op: 0x03, K: 3}, {Op: 0x61, K: 3}, ret}, true},
	{"mem set on one path", []raw{{Op: 0x15, Jf: 1}, {Op: 0x02}, {Op: 0x60}, ret}, false},
	{"mem set on both paths", []raw{{Op: 0x15, Jf: 2}, {Op: 0x02}, {Op: 0x05, K: 1}, {Op: 0x02}, {Op: 0x60}, ret}, true},
	{"mem set before the jump", []raw{{Op: 0x02}, {Op: 0x15, Jf: 1}, {Op: 0x00}, {Op: 0x60}, ret}, true},
	{"mem in dead code", []raw{{Op: 0x05, K: 1}, {Op: 0x60}, ret}, true},
	{"div 0", []raw{{Op: 0x34, K: 0}, ret}, false},
	{"div 1", []raw{{Op: 0x34, K: 1}, ret}, true},
	{"div X", []raw{{Op: 0x3c}, ret}, true},
	{"mod", []raw{{Op: 0x94, K: 1}, ret}, false},
	{"mod X", []raw{{Op: 0x9c}, ret}, false},
	{"lsh 31", []raw{{Op: 0x64, K: 31}, ret}, true},
	{"lsh 32", []raw{{Op: 0x64, K: 32}, ret}, false},
	{"rsh 32", []raw{{Op: 0x74, K: 32}, ret}, false},
	{"neg", []raw{{Op: 0x84}, ret}, true},
	{"xor", []raw{{Op: 0xa4, K: 1}, {Op: 0xac}, ret}, true},
	{"ja to the end", []raw{{Op: 0x05, K: 0}, ret}, true},
	{"ja past the end", []raw{{Op: 0x05, K: 1}, ret}, false},
	{"ja around 2^32", []raw{{Op: 0x05, K: 0xffffffff}, ret}, false},
	{"ja with unused offsets", []raw{{Op: 0x05, Jt: 255, Jf: 255}, ret}, true},
	{"jt past the end", []raw{{Op: 0x15, Jt: 1}, ret}, false},
	{"jf past the end", []raw{{Op: 0x35, Jf: 1}, ret}, false},
	{"jset X", []raw{{Op: 0x4d}, ret}, true},
	{"jump as the last", []raw{ret, {Op: 0x15}}, false},
	{"unknown op", []raw{{Op: 0xffff}, ret}, false},
	{"op with high bits", []raw{{Op: 0x120}, ret}, false},
	{"ret with offsets", []raw{{Op: 0x06, Jt: 9, Jf: 9}}, true},
}

func TestVerify(t *testing.T) {
	for _, v := range verdicts {
		err := bpfsim.Verify(v.prog)
		if (err == nil) != v.good {
			t.Errorf("%s: %v, want good = %v", v.name, err, v.good)
		}
		if err != nil && !bpfsim.IsVerifyError(err) {
			t.Errorf("%s: %T", v.name, err)
		}
	}
}

// Every operation by itself, with constants that are good for most.
func everyOp() [][]raw {
	var progs [][]raw
	for op := range uint16(0x200) {
		progs = append(progs, []raw{{Op: 0x02, K: 4}, {Op: op, K: 4}, {Op: 0x00}, {Op: 0x00}, {Op: 0x00}, {Op: 0x00}, ret})
	}
	return progs
}

// opcodes are those that seccomp permits, twice as likely those with more to check.
var opcodes = []uint16{0x20, 0x20, 0x80, 0x00, 0x60, 0x60, 0x81, 0x01, 0x61, 0x02, 0x02, 0x03, 0x04, 0x0c, 0x14, 0x1c,
	0x24, 0x2c, 0x34, 0x3c, 0x44, 0x4c, 0x54, 0x5c, 0x64, 0x6c, 0x74, 0x7c, 0x84, 0xa4, 0xac, 0x05, 0x15, 0x1d, 0x25,
	0x2d, 0x35, 0x3d, 0x45, 0x4d, 0x06, 0x16, 0x07, 0x87}

// randomPrograms returns short programs near the border between good and bad.
func randomPrograms(seed uint64, n int) [][]raw {
	r := rand.New(rand.NewPCG(seed, 0))
	progs := make([][]raw, n)
	for i := range progs {
		for range 1 + r.IntN(10) {
			in := raw{Op: opcodes[r.IntN(len(opcodes))], Jt: uint8(r.IntN(4)), Jf: uint8(r.IntN(4)), K: uint32(r.IntN(4))}
			if in.Op == 0x20 {
				in.K = uint32(r.IntN(17)) * 4
			}
			if r.IntN(20) == 0 {
				in.K = r.Uint32()
			}
			progs[i] = append(progs[i], in)
		}
		progs[i] = append(progs[i], slices.Repeat([]raw{ret}, r.IntN(4))...)
	}
	return progs
}

// Run and the interpreter of x/net/bpf agree on random programs. The latter does
// not mask shifts by X, ends a division by zero in its own way, has the length of
// a packet and does not know NEG: these are left out.
func TestRunAgainstVM(t *testing.T) {
	r := rand.New(rand.NewPCG(9, 9))
	compared := 0
	for _, prog := range randomPrograms(11, 20000) {
		if bpfsim.Verify(prog) != nil || slices.ContainsFunc(prog, func(in raw) bool {
			return in.Op == 0x6c || in.Op == 0x7c || in.Op == 0x3c || in.Op == 0x80 || in.Op == 0x81 || in.Op == 0x84
		}) {
			continue
		}
		d := bpfsim.Data{Nr: uint32(r.IntN(5)), Arch: abi.AuditArchX86_64, IP: r.Uint64(), Args: [6]uint64{r.Uint64(), 1, 2, r.Uint64(), 4, r.Uint64()}}
		got, err := bpfsim.Run(prog, d)
		if err != nil {
			t.Fatalf("%v: %v", prog, err)
		}
		if want, ok := vmRun(t, prog, d); ok && got != want {
			t.Fatalf("%v\n%+v: %#x, x/net/bpf says %#x", prog, d, got, want)
		} else if ok {
			compared++
		}
	}
	if compared < 1000 {
		t.Errorf("only %d programs were compared", compared)
	}
}

func vmRun(t *testing.T, prog []raw, d bpfsim.Data) (uint32, bool) {
	t.Helper()
	insns := make([]bpf.Instruction, len(prog))
	for i, in := range prog {
		insns[i] = in.Disassemble()
	}
	vm, err := bpf.NewVM(insns)
	if err != nil {
		return 0, false // stricter about what it cannot do
	}
	out, err := vm.Run(words(d))
	if err != nil {
		t.Fatalf("%v: %v", prog, err)
	}
	return uint32(out), true
}

// words is struct seccomp_data with each 32-bit word big-endian.
func words(d bpfsim.Data) []byte {
	var b []byte
	word := func(v uint32) { b = append(b, byte(v>>24), byte(v>>16), byte(v>>8), byte(v)) }
	word(d.Nr)
	word(d.Arch)
	for _, v := range append([]uint64{d.IP}, d.Args[:]...) {
		word(uint32(v))
		word(uint32(v >> 32))
	}
	return b
}

// What the other interpreter cannot judge, by hand.
func TestRun(t *testing.T) {
	d := bpfsim.Data{Nr: 7, Arch: 9, IP: 0x1122334455667788, Args: [6]uint64{0xaabbccdd00112233, 0, 0, 0, 0, 5}}
	retA := raw{Op: 0x16}
	for _, c := range []struct {
		name string
		prog []raw
		want uint32
	}{
		{"ip low", []raw{{Op: 0x20, K: 8}, retA}, 0x55667788},
		{"ip high", []raw{{Op: 0x20, K: 12}, retA}, 0x11223344},
		{"arg 0 low", []raw{{Op: 0x20, K: 16}, retA}, 0x00112233},
		{"arg 0 high", []raw{{Op: 0x20, K: 20}, retA}, 0xaabbccdd},
		{"arg 5", []raw{{Op: 0x20, K: 56}, retA}, 5},
		{"length", []raw{{Op: 0x80}, retA}, 64},
		{"length by X", []raw{{Op: 0x81}, {Op: 0x87}, retA}, 64},
		{"lsh X masks", []raw{{Op: 0x00, K: 1}, {Op: 0x01, K: 33}, {Op: 0x6c}, retA}, 2},
		{"rsh X masks", []raw{{Op: 0x00, K: 4}, {Op: 0x01, K: 33}, {Op: 0x7c}, retA}, 2},
		{"div by X = 0 returns 0", []raw{{Op: 0x00, K: 4}, {Op: 0x3c}, {Op: 0x06, K: 5}}, 0},
		{"div by X", []raw{{Op: 0x00, K: 9}, {Op: 0x01, K: 2}, {Op: 0x3c}, retA}, 4},
		{"neg", []raw{{Op: 0x00, K: 1}, {Op: 0x84}, retA}, 0xffffffff},
		{"registers begin as 0", []raw{{Op: 0x0c}, retA}, 0},
	} {
		if got, err := bpfsim.Run(c.prog, d); err != nil || got != c.want {
			t.Errorf("%s: %#x, %v, want %#x", c.name, got, err, c.want)
		}
	}
}

// Run neither panics nor loops on what Verify refuses.
func TestRunRefused(t *testing.T) {
	for _, prog := range append(randomPrograms(12, 20000), everyOp()...) {
		_, err := bpfsim.Run(prog, bpfsim.Data{Nr: 1})
		if err != nil && bpfsim.Verify(prog) == nil {
			t.Fatalf("%v: %v, but Verify accepts it", prog, err)
		}
	}
	var e *bpfsim.VerifyError
	if _, err := bpfsim.Run(nil, bpfsim.Data{}); !errors.As(err, &e) || e.Index != -1 {
		t.Errorf("empty program: %v", err)
	}
}

func TestTraceAndCoverage(t *testing.T) {
	prog := []raw{{Op: 0x20}, {Op: 0x15, Jt: 1, K: 3}, ret, {Op: 0x06, K: abi.RetKillProcess}}
	coverage := bpfsim.NewCoverage(len(prog))
	got, trace, err := bpfsim.RunTrace(prog, bpfsim.Data{Nr: 3}, nil)
	if err != nil || got != abi.RetKillProcess || !slices.Equal(trace, []int{0, 1, 3}) {
		t.Errorf("%#x, %v, %v", got, trace, err)
	}
	coverage.Add(trace)
	if missed := coverage.Missed(); !slices.Equal(missed, []int{2}) || coverage.String() != "3/4" {
		t.Errorf("%v missed, %v", missed, coverage)
	}
}
