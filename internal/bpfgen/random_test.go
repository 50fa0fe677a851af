// SPDX-License-Identifier: MIT

package bpfgen

import (
	"flag"
	"fmt"
	"math/rand/v2"
	"slices"
	"testing"

	"golang.org/x/net/bpf"

	"github.com/syscall-sandbox/sandbox/internal/abi"
	"github.com/syscall-sandbox/sandbox/internal/bpfsim"
)

var (
	programs = flag.Int("programs", defaultPrograms, "random programs to compile and compare")
	seed     = flag.Uint64("seed", 1, "of the random programs")
)

// matches is a condition in plain Go, on the whole 64-bit value: the judge that
// knows nothing of words, masks and diagrams.
func (c *Cond) matches(in Input, pid uint64) bool {
	v := in.Args[c.Arg]
	if c.IP {
		v = in.IP
	}
	if !c.Wide {
		v = uint64(uint32(v))
	}
	var holds bool
	switch c.Op {
	case In:
		holds = slices.Contains(c.Values, v)
	case Between:
		holds = c.A <= v && v <= c.B
	case Masked:
		holds = v&c.A == c.B
	case Self:
		holds = v == pid
	}
	return holds != c.Not
}

func answer(spans []Span, d bpfsim.Data, pid uint64) uint32 {
	if d.Arch != abi.AuditArchX86_64 {
		return abi.RetKillProcess
	}
	i := len(spans) - 1
	for spans[i].Lo > d.Nr {
		i--
	}
	for _, r := range spans[i].Rules {
		if !slices.ContainsFunc(r.When, func(c Cond) bool { return !c.matches(Input{d.Args, d.IP}, pid) }) {
			return r.Ret
		}
	}
	return spans[i].Ret
}

// A generator makes spans whose rules overlap: few arguments, few constants.
type generator struct {
	*rand.Rand
	constants []uint64
}

func newGenerator(seed uint64) *generator {
	g := &generator{Rand: rand.New(rand.NewPCG(seed, 0))}
	for range 2 + g.IntN(6) {
		g.constants = append(g.constants, g.constant())
	}
	return g
}

func (g *generator) constant() uint64 {
	switch g.IntN(6) {
	case 0:
		return uint64(g.IntN(16))
	case 1:
		return uint64(g.Uint32())
	case 2:
		return g.Uint64()
	case 3:
		return uint64(g.IntN(4))<<32 | uint64(g.IntN(8))
	case 4:
		return 1 << g.IntN(64)
	default:
		return 1<<g.IntN(65) - 1
	}
}

func (g *generator) value(wide bool) uint64 {
	v := g.constants[g.IntN(len(g.constants))]
	if g.IntN(3) == 0 {
		v += uint64(g.IntN(3)) - 1
	}
	if !wide {
		v = uint64(uint32(v))
	}
	return v
}

func (g *generator) cond(args int) Cond {
	c := Cond{Arg: g.IntN(args), IP: g.IntN(8) == 0, Wide: g.IntN(3) > 0, Not: g.IntN(4) == 0}
	switch g.IntN(8) {
	case 0, 1, 2:
		for range 1 + g.IntN(5)*g.IntN(2) {
			c.Values = append(c.Values, g.value(c.Wide))
		}
	case 3, 4:
		c.Op, c.A, c.B = Between, g.value(c.Wide), g.value(c.Wide)
		if g.IntN(3) == 0 {
			c.A = 0
		}
		if c.A > c.B && g.IntN(10) > 0 {
			c.A, c.B = c.B, c.A
		}
	case 5, 6:
		c.Op, c.A = Masked, g.value(c.Wide)
		c.B = c.A & g.value(c.Wide)
		if g.IntN(20) == 0 {
			c.B = g.value(c.Wide)
		}
	case 7:
		c.Op = Self
	}
	return c
}

func (g *generator) spans() []Span {
	rets := []uint32{abi.RetAllow, abi.RetErrno | 1, abi.RetErrno | 2, abi.RetTrap, abi.RetKillProcess}
	args := 1 + g.IntN(3)
	spans := []Span{{}}
	for range g.IntN(12) {
		spans = append(spans, Span{Lo: spans[len(spans)-1].Lo + 1 + uint32(g.IntN(4)*g.IntN(60))})
	}
	for i := range spans {
		spans[i].Ret = rets[g.IntN(len(rets))]
		spans[i].Weight = g.Float32()
		if g.IntN(3) == 0 {
			continue
		}
		for range 1 + g.IntN(6) {
			r := Rule{Ret: rets[g.IntN(len(rets))]}
			for range g.IntN(4) {
				r.When = append(r.When, g.cond(args))
			}
			spans[i].Rules = append(spans[i].Rules, r)
		}
	}
	return spans
}

const testPID = 4242

// probes are argument values around everything that a rule compares with.
func probes(rules []Rule) (values []uint64) {
	values = []uint64{0, 1, testPID, testPID | 1<<32, ^uint64(0), 0x80000000}
	add := func(v uint64) {
		values = append(values, v, v-1, v+1, v|1<<32, v^1<<32, v&0xffffffff, v|0xffffffff<<32, v^1<<63)
	}
	for _, r := range rules {
		for _, c := range r.When {
			for _, v := range c.Values {
				add(v)
			}
			if c.Op != In && c.Op != Self {
				add(c.A)
				add(c.B)
			}
			if c.Op == Masked {
				add(^c.A)
				add(c.B | ^c.A)
				for m := c.A; m != 0; m &= m - 1 {
					values = append(values, m&-m, c.B^m&-m)
				}
			}
		}
	}
	slices.Sort(values)
	return slices.Compact(values)
}

// bind puts the process id in.
func bind(p Program) []bpf.RawInstruction {
	code := slices.Clone(p.Code)
	for _, i := range p.Self {
		code[i].K = testPID
	}
	return code
}

// TestRandom compares random programs with the plain reading of their spans, and
// fails on instructions that no probe reaches.
func TestRandom(t *testing.T) {
	probed := 0
	for n := range *programs {
		g := newGenerator(*seed + uint64(n))
		spans := g.spans()
		p, err := Compile(spans, abi.RetKillProcess)
		if err != nil {
			t.Fatalf("seed %d: %v", *seed+uint64(n), err)
		}
		code := bind(p)
		if err := bpfsim.Verify(code); err != nil {
			t.Fatalf("seed %d: %v", *seed+uint64(n), err)
		}
		count, unreached, err := compare(g, spans, code)
		if err != nil {
			t.Fatalf("seed %d: %v", *seed+uint64(n), err)
		}
		// Some constants are no process id, and rules that are not a diagram may ask twice.
		if len(unreached) > 0 && len(p.Self) == 0 && p.Undecided == nil {
			t.Errorf("seed %d: instructions %v of %d are never reached: %.500v", *seed+uint64(n), unreached, len(code), fmt.Sprintf("%+v", spans))
		}
		probed += count
	}
	t.Logf("%d programs, %d calls", *programs, probed)
}

func compare(g *generator, spans []Span, code []bpf.RawInstruction) (count int, unreached []int, err error) {
	reached := make([]bool, len(code))
	var trace []int
	check := func(d bpfsim.Data) {
		var got uint32
		got, trace, _ = bpfsim.RunTrace(code, d, trace[:0])
		for _, i := range trace {
			reached[i] = true
		}
		if want := answer(spans, d, testPID); got != want && err == nil {
			err = fmt.Errorf("%+v: %#x, not %#x\n%+v", d, got, want, spans)
		}
		count++
	}
	check(bpfsim.Data{Arch: abi.AuditArchI386})
	for i, s := range spans {
		end := s.Lo
		if i+1 < len(spans) {
			end = spans[i+1].Lo - 1
		}
		values := probes(s.Rules)
		for _, nr := range []uint32{s.Lo, end} {
			for range min(800, 20+len(values)*len(values)*2) {
				d := bpfsim.Data{Nr: nr, Arch: abi.AuditArchX86_64}
				for a := range d.Args {
					d.Args[a] = values[g.IntN(len(values))]
				}
				d.IP = values[g.IntN(len(values))]
				check(d)
			}
			if len(s.Rules) == 0 {
				check(bpfsim.Data{Nr: nr, Arch: abi.AuditArchX86_64})
			}
		}
	}
	// What chance has not reached is solved for, and is a probe too.
	calls, ok, done := bpfsim.Reach(code)
	for i := range code {
		if ok[i] {
			check(calls[i])
		} else if done {
			unreached = append(unreached, i)
		}
	}
	for i, r := range reached {
		if ok[i] && !r && err == nil {
			err = fmt.Errorf("the call solved for instruction %d does not reach it", i)
		}
	}
	return count, unreached, err
}
