// SPDX-License-Identifier: MIT

package bpfgen

import (
	"errors"
	"fmt"
	"math/rand/v2"
	"reflect"
	"slices"
	"testing"

	"golang.org/x/net/bpf"

	"github.com/syscall-sandbox/sandbox/internal/abi"
	"github.com/syscall-sandbox/sandbox/internal/bpfsim"
)

const allow, deny, kill = abi.RetAllow, abi.RetErrno | 1, abi.RetKillProcess

// checkProgram compiles spans and compares the program's answers with theirs on both
// sides of every border, for both architectures. All instructions must be
// executed by one of these calls.
func checkProgram(t *testing.T, spans []Span) []bpf.RawInstruction {
	t.Helper()
	compiled, err := Compile(spans, abi.RetKillProcess)
	if err != nil {
		t.Fatal(err)
	}
	prog := compiled.Code
	if err := bpfsim.Verify(prog); err != nil {
		t.Fatalf("%v\n%v", err, prog)
	}
	coverage := bpfsim.NewCoverage(len(prog))
	var trace []int
	ask := func(nr, arch, want uint32) {
		t.Helper()
		var ret uint32
		ret, trace, err = bpfsim.RunTrace(prog, bpfsim.Data{Nr: nr, Arch: arch}, trace[:0])
		if err != nil || ret != want {
			t.Fatalf("nr %#x arch %#x: %#x, %v, want %#x\nspans %v\n%v", nr, arch, ret, err, want, spans, prog)
		}
		coverage.Add(trace)
	}
	for i, s := range spans {
		last := uint32(0xffffffff)
		if i+1 < len(spans) {
			last = spans[i+1].Lo - 1
		}
		for _, nr := range []uint32{s.Lo, s.Lo + (last-s.Lo)/2, last} {
			ask(nr, abi.AuditArchX86_64, s.Ret)
			ask(nr, abi.AuditArchI386, kill)
		}
	}
	if missed := coverage.Missed(); missed != nil {
		t.Fatalf("dead instructions %v\nspans %v\n%v", missed, spans, prog)
	}
	return prog
}

func TestAnswers(t *testing.T) {
	for _, spans := range [][]Span{
		{{Lo: 0, Ret: kill}},
		{{Lo: 0, Ret: allow}},
		{{Lo: 0, Ret: allow}, {Lo: 1, Ret: deny}},
		{{Lo: 0, Ret: allow}, {Lo: 0xffffffff, Ret: deny}},
		{{Lo: 0, Ret: deny}, {Lo: 5, Ret: allow}, {Lo: 6, Ret: deny}, {Lo: abi.X32Bit, Ret: kill}},
		{{Lo: 0, Ret: allow}, {Lo: 1, Ret: deny}, {Lo: 2, Ret: allow}, {Lo: 3, Ret: deny}, {Lo: 4, Ret: allow}, {Lo: 5, Ret: deny}, {Lo: 6, Ret: allow}},
		{{Lo: 0, Ret: allow}, {Lo: 1, Ret: deny}, {Lo: 2, Ret: kill}, {Lo: 3, Ret: deny}, {Lo: 4, Ret: allow}},
		{{Lo: 0, Ret: allow}, {Lo: 7, Ret: allow}, {Lo: 9, Ret: allow}}, // merged into one
	} {
		checkProgram(t, spans)
	}
}

func TestNeighboursAreMerged(t *testing.T) {
	a := checkProgram(t, []Span{{Lo: 0, Ret: allow}, {Lo: 3, Ret: allow}, {Lo: 7, Ret: deny}, {Lo: 8, Ret: deny}, {Lo: 9, Ret: allow}})
	b := checkProgram(t, []Span{{Lo: 0, Ret: allow}, {Lo: 7, Ret: deny}, {Lo: 9, Ret: allow}})
	if !slices.Equal(a, b) {
		t.Errorf("%v\n%v", a, b)
	}
}

func TestErrors(t *testing.T) {
	for _, c := range []struct {
		spans []Span
		want  error
	}{
		{nil, ErrEmpty},
		{[]Span{{Lo: 1, Ret: allow}}, ErrFirst},
		{[]Span{{Lo: 0, Ret: allow}, {Lo: 0, Ret: deny}}, ErrUnsorted},
		{[]Span{{Lo: 0, Ret: allow}, {Lo: 9, Ret: deny}, {Lo: 4, Ret: allow}}, ErrUnsorted},
	} {
		if prog, err := Compile(c.spans, abi.RetKillProcess); !errors.Is(err, c.want) || prog.Code != nil {
			t.Errorf("%v: %v, %v, want %v", c.spans, prog.Code, err, c.want)
		}
	}
}

func TestInputIsKept(t *testing.T) {
	spans := []Span{{Lo: 0, Ret: allow}, {Lo: 3, Ret: allow}, {Lo: 7, Ret: deny}, {Lo: 8, Ret: allow}}
	before := slices.Clone(spans)
	first, err := Compile(spans, abi.RetKillProcess)
	if err != nil {
		t.Fatal(err)
	}
	second, _ := Compile(spans, abi.RetKillProcess)
	if !reflect.DeepEqual(spans, before) || !slices.Equal(first.Code, second.Code) {
		t.Error("Compile changes its input, or its answer")
	}
}

// Random spans of all shapes: few and many answers, single numbers and long ranges.
func TestRandomNumbers(t *testing.T) {
	r := rand.New(rand.NewPCG(1, 2))
	for range 400 {
		checkProgram(t, randomSpans(r, 1+r.IntN(300), 1+r.IntN(6), 1+r.IntN(4)))
	}
}

func randomSpans(r *rand.Rand, n, answers, gap int) []Span {
	spans := make([]Span, n)
	lo := uint32(0)
	for i := range spans {
		spans[i] = Span{Lo: lo, Ret: abi.RetErrno | uint32(1+r.IntN(answers))}
		lo += uint32(1 + r.IntN(gap))
	}
	return append(spans, Span{Lo: max(lo, abi.X32Bit), Ret: kill})
}

// distinct has n spans of n answers of their own, two numbers long: no leaf has
// a hole and no RET is shared, so the program grows by two with each.
func distinct(n int) []Span {
	spans := make([]Span, n)
	for i := range spans {
		spans[i] = Span{Lo: uint32(2 * i), Ret: abi.RetErrno | uint32(i+1)}
	}
	return spans
}

// Around the 255 instructions that a conditional jump reaches, for the jumps
// over one subtree: every size that puts some distance at 254 to 257.
func TestFarJumps(t *testing.T) {
	seen := map[int]bool{}
	farJumps := 0
	for n := 6; n <= 1400; n += step(1, 17) {
		spans := distinct(n / 2)
		if n%2 == 1 {
			spans[2].Ret = spans[0].Ret // one RET less: odd distances become even
		}
		for _, in := range checkProgram(t, spans) {
			switch in.Op {
			case opJGE, opJEQ:
				seen[int(in.Jt)] = true
			case opJA:
				seen[int(in.K)] = true
				farJumps++
			}
		}
	}
	for _, d := range []int{254, 255, 256, 257} {
		if !seen[d] && step(1, 0) == 1 {
			t.Errorf("no jump over %d instructions", d)
		}
	}
	if farJumps == 0 {
		t.Error("no far jump")
	}
}

// Each of test's ways: both targets near, one or both at the limit and past it,
// as code or as RET.
func TestTrampolines(t *testing.T) {
	for _, yesRet := range []bool{false, true} {
		for _, noRet := range []bool{false, true} {
			for yesDist := 250; yesDist <= 260; yesDist++ {
				for noDist := 250; noDist <= 260; noDist++ {
					if yesDist != noDist {
						trampolines(t, yesRet, noRet, yesDist, noDist)
					}
				}
			}
		}
	}
}

func trampolines(t *testing.T, yesRet, noRet bool, yesDist, noDist int) {
	t.Helper()
	const size = 270
	b := &emitter{}
	for range size {
		b.emit(bpf.RawInstruction{Op: opRET, K: deny})
	}
	place := func(dist int, ret uint32, isRet bool) target {
		pos := size - 1 - dist
		b.code[pos].K = ret
		if isRet {
			b.rets = append(b.rets, end{ret, pos})
			return target{isRet: true, ret: ret}
		}
		return target{pos: pos}
	}
	yes := place(yesDist, allow, yesRet)
	no := place(noDist, kill, noRet)
	b.jump(opJEQ, 7, yes, no)
	added := len(b.code) - size - 1
	slices.Reverse(b.code)
	prog := append([]bpf.RawInstruction{{Op: opLoad}}, b.code...)
	if err := bpfsim.Verify(prog); err != nil {
		t.Fatal(err)
	}
	for nr, want := range map[uint32]uint32{7: allow, 8: kill} {
		if ret, err := bpfsim.Run(prog, bpfsim.Data{Nr: nr}); err != nil || ret != want {
			t.Fatalf("distances %d (ret %v), %d (ret %v): nr %d gives %#x, %v", yesDist, yesRet, noDist, noRet, nr, ret, err)
		}
	}
	want := 0
	for _, d := range []int{yesDist, noDist} {
		if d > maxSkip {
			want++
		}
	}
	// A trampoline for one may push the other over the limit, never more than that.
	if added < want || added > 2 || (want == 0 && added != 0) {
		t.Fatalf("distances %d, %d: %d trampolines, at least %d are needed", yesDist, noDist, added, want)
	}
}

// Around the kernel's 4096 instructions.
func TestLengthLimit(t *testing.T) {
	seen := map[int]bool{}
	for n := 1900; n <= 2100; n += step(1, 25) {
		for extra := range 3 {
			spans := distinct(n)
			for i := range extra {
				// One more test, to an answer that there is already: odd lengths too.
				spans = append(spans, Span{Lo: uint32(2*n + 10*i), Ret: spans[n-2-i].Ret})
			}
			compiled, err := Compile(spans, abi.RetKillProcess)
			prog := compiled.Code
			if err != nil {
				if !errors.Is(err, ErrTooLong) || prog != nil {
					t.Fatal(err)
				}
				var length, limit int
				if _, err := fmt.Sscanf(err.Error(), ErrTooLong.Error()+": %d instructions, %d", &length, &limit); err != nil {
					t.Fatal(err)
				}
				if length <= limit {
					t.Fatalf("%d instructions are refused", length)
				}
				seen[length] = true
				continue
			}
			if len(prog) > abi.MaxInsns {
				t.Fatalf("%d instructions", len(prog))
			}
			if len(prog) >= abi.MaxInsns-1 {
				checkProgram(t, spans)
			}
			seen[len(prog)] = true
		}
	}
	for _, length := range []int{4095, 4096, 4097} {
		if !seen[length] && step(1, 0) == 1 {
			t.Errorf("no program of %d instructions was tried", length)
		}
	}
}

// The tree is short: over n spans of random weights no path has many more than
// log2(n) tests, the holes of its leaf, two loads, the architecture and far jumps.
func TestPathLength(t *testing.T) {
	r := rand.New(rand.NewPCG(3, 4))
	for range 50 {
		spans := randomSpans(r, 200, 3, 3)
		compiled, err := Compile(spans, abi.RetKillProcess)
		if err != nil {
			t.Fatal(err)
		}
		prog := compiled.Code
		depth := 1
		for n := len(spans); n > 1; n = (n + 1) / 2 {
			depth++
		}
		for nr := range uint32(1024) {
			_, trace, _ := bpfsim.RunTrace(prog, bpfsim.Data{Nr: nr, Arch: abi.AuditArchX86_64}, nil)
			if limit := 3 + depth + maxHoles + 2; len(trace) > limit {
				t.Fatalf("nr %d: %d instructions, limit %d", nr, len(trace), limit)
			}
		}
	}
}

func FuzzCompile(f *testing.F) {
	f.Add([]byte{1, 2, 3, 1, 1, 2, 1, 3, 1, 1})
	f.Add([]byte{})
	f.Add(slices.Repeat([]byte{1, 1, 1, 2}, 300))
	f.Fuzz(func(t *testing.T, data []byte) {
		spans := []Span{{Lo: 0, Ret: allow}}
		for ; len(data) >= 2 && len(spans) < 1000; data = data[2:] {
			lo := spans[len(spans)-1].Lo + uint32(data[0]%8) + 1
			spans = append(spans, Span{Lo: lo, Ret: abi.RetErrno | uint32(data[1]%9+1)})
		}
		checkProgram(t, append(spans, Span{Lo: abi.X32Bit, Ret: kill}))
	})
}

func BenchmarkCompile(b *testing.B) {
	spans := randomSpans(rand.New(rand.NewPCG(7, 8)), 120, 2, 4)
	b.ReportAllocs()
	for b.Loop() {
		if _, err := Compile(spans, abi.RetKillProcess); err != nil {
			b.Fatal(err)
		}
	}
}
