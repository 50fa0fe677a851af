// SPDX-License-Identifier: MIT

package bpfgen

import (
	"errors"
	"fmt"
	"maps"
	"math/rand/v2"
	"slices"
	"testing"

	"github.com/syscall-sandbox/sandbox/internal/abi"
	"github.com/syscall-sandbox/sandbox/internal/bpfsim"
)

// judgeRules compiles spans with rules and compares the program with their plain
// reading on the given calls. With cover it fails if an instruction is executed by none
// of them and by none that bpfsim.Reach finds.
func judgeRules(t *testing.T, spans []Span, calls []bpfsim.Data, cover bool) Program {
	t.Helper()
	p, err := Compile(spans, abi.RetKillProcess)
	if err != nil {
		t.Fatal(err)
	}
	code := bind(p)
	if err := bpfsim.Verify(code); err != nil {
		t.Fatal(err)
	}
	coverage := bpfsim.NewCoverage(len(code))
	ask := func(calls []bpfsim.Data) {
		for _, d := range calls {
			got, trace, err := bpfsim.RunTrace(code, d, nil)
			if want := answer(spans, d, testPID); err != nil || got != want {
				t.Fatalf("%+v: %#x, %v, not %#x", d, got, err, want)
			}
			coverage.Add(trace)
		}
	}
	ask(append(calls, bpfsim.Data{Arch: abi.AuditArchI386}))
	if cover && coverage.Missed() != nil {
		solved, _, _ := bpfsim.Reach(code)
		ask(solved)
		if missed := coverage.Missed(); missed != nil {
			t.Fatalf("no call reaches instructions %v of %d", missed, len(code))
		}
	}
	return p
}

func callWith(nr uint32, args ...uint64) bpfsim.Data {
	d := bpfsim.Data{Nr: nr, Arch: abi.AuditArchX86_64}
	copy(d.Args[:], args)
	return d
}

// distinctRules are n rules with conditions on two arguments and answers of their own.
func distinctRules(n int) []Rule {
	rules := make([]Rule, n)
	for i := range rules {
		rules[i] = Rule{Ret: abi.RetErrno | uint32(i+1), When: []Cond{
			{Arg: 1, Wide: true, Op: In, Values: []uint64{distinctValue(i)}},
			{Arg: 2, Op: Between, A: 0, B: uint64(i)},
		}}
	}
	return rules
}

func distinctValue(i int) uint64 { return uint64(3*i) | uint64(i%3)<<32 }

// distinctCalls are calls on every side of one of distinctRules.
func distinctCalls(nr uint32, i int) (calls []bpfsim.Data) {
	v := distinctValue(i)
	for _, last := range []uint64{0, uint64(i), uint64(i) + 1, 1 << 32} {
		calls = append(calls, callWith(nr, 0, v, last), callWith(nr, 0, v+1, last), callWith(nr, 0, v^1<<32, last), callWith(nr, 0, v^2<<32, last))
	}
	return calls
}

// Every number of rules on one call, 1 to 500: beyond maxBoxes one after the other.
func TestEveryNumberOfRules(t *testing.T) {
	r := rand.New(rand.NewPCG(1, 1))
	for n := 1; n <= 500; n += step(1, 7) {
		spans := []Span{{Lo: 0, Ret: deny}, {Lo: 16, Ret: deny, Rules: distinctRules(n)}, {Lo: 17, Ret: kill}}
		tried := []int{0, n / 2, n - 1, n, r.IntN(n), r.IntN(n), r.IntN(n)}
		all := n <= 50 || n%50 == 0 || n >= maxBoxes-1 && n <= maxBoxes+1
		if all {
			tried = tried[:0]
			for i := range n + 1 {
				tried = append(tried, i)
			}
		}
		calls := []bpfsim.Data{callWith(0), callWith(15), callWith(17)}
		for _, i := range tried {
			calls = append(calls, distinctCalls(16, i)...)
		}
		p := judgeRules(t, spans, calls, all && n <= maxBoxes)
		if undecided := slices.Equal(p.Undecided, []int{1}); undecided != (n > maxBoxes) || p.Void != nil {
			t.Fatalf("%d rules: undecided %v, void %v", n, p.Undecided, p.Void)
		}
	}
}

// step is the distance between sizes, or their number: fewer are tried under the race
// detector, which slows this package ten times.
func step(all, some int) int {
	if defaultPrograms < 1000 {
		return some
	}
	return all
}

// Every number of numbers with rules, 1 to 512, each with a value of its own.
func TestEveryNumberOfNumbers(t *testing.T) {
	r := rand.New(rand.NewPCG(2, 2))
	for n := 1; n <= 512; n += step(1, 7) {
		var spans []Span
		for i := range n {
			spans = append(spans, Span{Lo: uint32(i), Ret: deny, Weight: r.Float32(), Rules: []Rule{{Ret: allow, When: []Cond{
				{Arg: i % 6, Wide: i%2 == 0, Op: In, Values: []uint64{uint64(i * 5)}}}}}})
		}
		spans = append(spans, Span{Lo: uint32(n), Ret: kill})
		var calls []bpfsim.Data
		for _, i := range []int{0, 1, n / 2, n - 1, n, r.IntN(n), r.IntN(n), r.IntN(n)} {
			for _, v := range []uint64{uint64(i * 5), uint64(i*5) | 1<<32, uint64(i*5) + 1, uint64(i)} {
				d := callWith(uint32(i))
				d.Args[i%6] = v
				calls = append(calls, d)
			}
		}
		judgeRules(t, spans, calls, n%16 == 0)
	}
}

// Jumps over 254 to 257 instructions out of, into and within the tests of arguments.
func TestFarJumpsInArguments(t *testing.T) {
	seen := map[int]bool{}
	for n := 20; n <= 180; n += step(1, 3) {
		for _, between := range []int{0, n} {
			// One call with n answers below, "between" numbers with answers of their own above
			// it: the tree over numbers jumps over its block, and the block to shared ends.
			spans := []Span{{Lo: 0, Ret: deny, Rules: distinctRules(min(n, maxBoxes))}}
			for i := range between {
				spans = append(spans, Span{Lo: uint32(i + 1), Ret: abi.RetTrace | uint32(i), Rules: []Rule{{Ret: allow, When: []Cond{{Arg: 0, Op: In, Values: []uint64{uint64(i)}}}}}})
			}
			calls := []bpfsim.Data{callWith(0, 0, 3, 0), callWith(uint32(between), uint64(between)), callWith(uint32(between/2), 1)}
			p := judgeRules(t, spans, calls, n%20 == 0)
			for _, in := range p.Code {
				switch in.Op {
				case opJGE, opJEQ, opJSET:
					seen[int(in.Jt)] = true
					seen[int(in.Jf)] = true
				case opJA:
					seen[int(in.K)] = true
				}
			}
		}
	}
	for d := 254; d <= 257; d++ {
		if !seen[d] && step(1, 0) == 1 {
			t.Errorf("no jump over %d instructions", d)
		}
	}
}

// Around 4096 instructions that are mostly tests of arguments: what fits is right, what
// does not is an error that says how long it would be.
func TestLengthLimitWithArguments(t *testing.T) {
	fits, refused := map[int]bool{}, map[int]bool{}
	for extra := 0; len(refused) < 4; extra += step(1, 16) {
		spans := []Span{{Lo: 0, Ret: deny}}
		for i := range 12 {
			rules := distinctRules(53)
			for j := range rules {
				rules[j].When[1].B += uint64(1000 * i) // nothing to share between calls
			}
			spans = append(spans, Span{Lo: uint32(i + 1), Ret: deny, Rules: rules})
		}
		// What is missing to the limit, by ones and twos.
		for i := range extra {
			s := Span{Lo: uint32(i + 13), Ret: abi.RetTrace | uint32(i)}
			if i%2 == 0 {
				s.Ret = deny
			}
			spans = append(spans, s)
		}
		p, err := Compile(spans, abi.RetKillProcess)
		if err != nil {
			var length, limit int
			if _, scan := fmt.Sscanf(err.Error(), ErrTooLong.Error()+": %d instructions, %d", &length, &limit); scan != nil || !errors.Is(err, ErrTooLong) || length <= limit || p.Code != nil {
				t.Fatalf("%v, %v", err, scan)
			}
			refused[length] = true
			continue
		}
		fits[len(p.Code)] = true
		if len(p.Code) >= abi.MaxInsns-1 {
			var calls []bpfsim.Data
			for i := range 54 {
				for nr := range uint32(13) {
					calls = append(calls, distinctCalls(nr, i)...)
				}
			}
			for nr := range uint32(extra + 20) {
				calls = append(calls, callWith(nr))
			}
			judgeRules(t, spans, calls, true)
		}
	}
	if exact := step(1, 0) == 1; exact && (!fits[4095] || !fits[4096] || !refused[4097]) {
		t.Errorf("lengths that fit %v, that do not %v", slices.Sorted(maps.Keys(fits)), slices.Sorted(maps.Keys(refused)))
	}
}

// Beyond each limit of a diagram the rules are compiled one after the other: the right
// answers, said to be undecided, no rule called void.
func TestBeyondTheLimits(t *testing.T) {
	r := rand.New(rand.NewPCG(3, 3))
	masks := make([]Rule, maxVars+1)
	for i := range masks {
		m := uint64(3) << i
		masks[i] = Rule{Ret: abi.RetErrno | uint32(i+1), When: []Cond{{Arg: 0, Wide: true, Op: Masked, A: m, B: m}}}
	}
	states := make([]Rule, 120)
	for i := range states {
		states[i].Ret = abi.RetErrno | uint32(i%7+1)
		for arg := range 4 {
			lo := uint64(r.IntN(80))
			states[i].When = append(states[i].When, Cond{Arg: arg, Op: Between, A: lo, B: lo + uint64(r.IntN(40))})
		}
	}
	words := make([]Rule, maxKnown+1)
	for i := range words {
		words[i] = Rule{Ret: abi.RetErrno | uint32(i+1), When: []Cond{{Arg: 0, Op: Masked, A: 3 << i}}}
	}
	alternatives := []Rule{{Ret: allow, When: []Cond{manyWords(0, 17), manyWords(1, 17)}}}
	for name, rules := range map[string][]Rule{
		"boxes": distinctRules(maxBoxes + 1), "variables": masks, "states": states, "alternatives": alternatives, "words": words,
	} {
		t.Run(name, func(t *testing.T) {
			rules = append(rules, rules[0]) // void, but not found out
			spans := []Span{{Lo: 0, Ret: kill}, {Lo: 9, Ret: deny, Rules: rules}, {Lo: 10, Ret: kill}}
			values := probes(rules[:min(len(rules), 20)])
			var calls []bpfsim.Data
			for range step(4000, 400) {
				d := callWith(9)
				for a := range 4 {
					d.Args[a] = uint64(r.IntN(130)) | uint64(r.IntN(20)/18)<<32
					if r.IntN(4) == 0 {
						d.Args[a] = values[r.IntN(len(values))]
					}
				}
				calls = append(calls, d)
			}
			p := judgeRules(t, spans, calls, false)
			if !slices.Equal(p.Undecided, []int{1}) || p.Void != nil {
				t.Errorf("undecided %v, void %v", p.Undecided, p.Void)
			}
			if _, _, ok := Reach(rules); ok {
				t.Error("Reach decides it")
			}
		})
	}
}

// A diagram that is longer than the kernel's limit gives way to the rules one after the
// other, process id and void rules included.
func TestDiagramTooLong(t *testing.T) {
	r := rand.New(rand.NewPCG(5, 5))
	var rules []Rule
	for i := range 200 {
		rule := Rule{Ret: abi.RetErrno | uint32(i+1)}
		for arg := range 2 {
			lo := uint64(r.IntN(1 << 20))
			rule.When = append(rule.When, Cond{Arg: arg, Op: Between, A: lo, B: lo + uint64(r.IntN(1<<(19-6*arg)))})
		}
		rules = append(rules, rule)
	}
	rules = append(slices.Insert(rules, 100, Rule{Ret: abi.RetTrace, When: []Cond{{Arg: 2, Op: Self}}}), rules[5])
	spans := []Span{{Lo: 0, Ret: deny, Rules: rules}}
	if p := compile(spans, kill, false); len(p.Code) <= abi.MaxInsns || p.Undecided != nil {
		t.Fatalf("the diagram has %d instructions, undecided %v", len(p.Code), p.Undecided)
	}
	var calls []bpfsim.Data
	values := probes(rules)
	for range step(4000, 400) {
		d := callWith(0, values[r.IntN(len(values))], values[r.IntN(len(values))], uint64(testPID+r.IntN(2)))
		calls = append(calls, d)
	}
	p := judgeRules(t, spans, calls, false)
	if len(p.Code) > 2500 || len(p.Self) != 1 || !slices.Contains(p.Void, Place{0, len(rules) - 1}) {
		t.Errorf("%d instructions, process id at %v, void %v", len(p.Code), p.Self, p.Void)
	}
}

// A word under more masks than a state remembers: the last rule is void, by what the rule
// before it has found out. That was forgotten, the rule was called reached, and its
// witness was none.
func TestManyMasksOfOneWord(t *testing.T) {
	for n := 2; n < maxVars; n += step(1, 5) {
		var rules []Rule
		for i := range n {
			rules = append(rules, Rule{Ret: abi.RetErrno | uint32(i+1), When: []Cond{{Arg: 0, Wide: true, Op: Masked, A: 3 << i}}})
		}
		rules = append(rules, Rule{Ret: allow, When: []Cond{{Arg: 0, Wide: true, Op: Masked, A: 7 << (n - 2)}}})
		args, reached, ok := Reach(rules)
		if ok != (n < maxKnown) || ok && reached[n] {
			t.Fatalf("%d masks: decided %v, reached %v by %#x", n, ok, reached, args)
		}
		p := judgeRules(t, []Span{{Lo: 0, Ret: deny, Rules: rules}}, nil, ok)
		if ok && !slices.Equal(p.Void, []Place{{0, n}}) || !ok && !slices.Equal(p.Undecided, []int{0}) {
			t.Fatalf("%d masks: void %v, undecided %v", n, p.Void, p.Undecided)
		}
	}
}

// manyWords has n alternatives: the values differ in the upper word.
func manyWords(arg, n int) Cond {
	c := Cond{Arg: arg, Wide: true, Op: In}
	for i := range n {
		c.Values = append(c.Values, uint64(i)<<32|uint64(n-i))
	}
	return c
}

// What Compile calls void no call reaches, and for every other rule Reach finds
// arguments that it is the first to match.
func TestVoidAndReach(t *testing.T) {
	void, reached := 0, 0
	for n := range step(1500, 200) {
		g := newGenerator(uint64(n) + 1<<32)
		for _, s := range g.spans() {
			if slices.ContainsFunc(s.Rules, func(r Rule) bool {
				return slices.ContainsFunc(r.When, func(c Cond) bool { return c.Op == Self })
			}) {
				continue // met by no arguments
			}
			args, ok, decided := Reach(s.Rules)
			if !decided {
				t.Fatalf("generator %d: undecided", n)
			}
			for i := range s.Rules {
				if ok[i] {
					reached++
					if first := firstMatch(s.Rules, args[i]); first != i {
						t.Fatalf("generator %d: %#x is answered by rule %d, not %d\n%+v", n, args[i], first, i, s.Rules)
					}
				}
			}
			void += count(ok, false)
			values := probes(s.Rules)
			for range 200 {
				in := Input{IP: values[g.IntN(len(values))]}
				for a := range in.Args {
					in.Args[a] = values[g.IntN(len(values))]
				}
				if first := firstMatch(s.Rules, in); first >= 0 && !ok[first] {
					t.Fatalf("generator %d: rule %d is not void: %#x\n%+v", n, first, in, s.Rules)
				}
			}
			p, err := Compile([]Span{s}, 0)
			if s.Lo == 0 && err == nil && len(p.Void) != count(ok, false) {
				t.Fatalf("generator %d: Compile calls %v void, Reach reaches %v", n, p.Void, ok)
			}
		}
	}
	if void < 100 || reached < 500 {
		t.Errorf("%d void, %d reached: the test tells little", void, reached)
	}
}

func count(bools []bool, value bool) (n int) {
	for _, b := range bools {
		if b == value {
			n++
		}
	}
	return n
}

func firstMatch(rules []Rule, in Input) int {
	return slices.IndexFunc(rules, func(r Rule) bool {
		return !slices.ContainsFunc(r.When, func(c Cond) bool { return !c.matches(in, testPID) })
	})
}
