// SPDX-License-Identifier: MIT

package seccomp_test

import (
	"errors"
	"flag"
	"math/rand/v2"
	"slices"
	"testing"

	"github.com/syscall-sandbox/sandbox/internal/abi"
	"github.com/syscall-sandbox/sandbox/internal/bpfsim"
	"github.com/syscall-sandbox/sandbox/seccomp"
)

var filters = flag.Int("filters", 1500, "random filters with conditions to compile and compare")

// A maker makes filters whose rules overlap, and remembers the constants that it
// used: calls are tried around them.
type maker struct {
	*rand.Rand
	constants []uint64
}

func (m *maker) value(wide bool) uint64 {
	edges := []uint64{0, 1, 5, 6, 0x7fffffff, 0x80000000, 0xffffffff, 1 << 32, 1<<32 + 5, 5 << 32, 1 << 63, ^uint64(0), 0x5401, 0xffffff9c}
	v := edges[m.IntN(len(edges))]
	switch m.IntN(4) {
	case 0:
		v = uint64(m.IntN(12))
	case 1:
		v = m.Uint64() >> m.IntN(64)
	}
	if !wide {
		v &= 0xffffffff
	}
	m.constants = append(m.constants, v)
	return v
}

func (m *maker) cond() seccomp.Cond {
	wide := m.IntN(2) == 0
	arg := seccomp.Arg32(m.IntN(3))
	if wide {
		arg = seccomp.Arg64(m.IntN(3))
	}
	v := m.value(wide)
	switch m.IntN(11) {
	case 0, 1:
		return arg.Is(v)
	case 2:
		return arg.Is(v, m.value(wide), m.value(wide))
	case 3:
		return arg.Not(v, m.value(wide))
	case 4:
		return arg.Less(v)
	case 5:
		return arg.LessOrEqual(v)
	case 6:
		return arg.Greater(v)
	case 7:
		return arg.GreaterOrEqual(v)
	case 8:
		w := m.value(wide)
		return arg.Between(min(v, w), max(v, w))
	case 9:
		return arg.Only(v)
	default:
		return arg.Masked(v, v&m.value(wide))
	}
}

func (m *maker) filter() seccomp.Filter {
	actions := []seccomp.Action{seccomp.Allow, seccomp.Allow, seccomp.Errno(13), seccomp.Trap(3), seccomp.Log, seccomp.KillProcess}
	pick := func() seccomp.Action { return actions[m.IntN(len(actions))] }
	f := seccomp.Filter{Default: pick(), Unknown: seccomp.Errno(38)}
	for _, call := range conditioned {
		for range m.IntN(5) {
			r := seccomp.Rule{Call: call, Action: pick()}
			for range m.IntN(4) {
				r.When = append(r.When, m.cond())
			}
			f.Rules = append(f.Rules, r)
		}
	}
	return f
}

var conditioned = []string{"read", "ioctl", "madvise", "socket", "clone", "fcntl", "prctl"}

// compile drops the rules that the compiler refuses because no call reaches them, and
// checks that no call of those given is answered otherwise then.
func compileSound(t testing.TB, f seccomp.Filter, calls []seccomp.Call) (seccomp.Filter, *seccomp.Program) {
	t.Helper()
	p, err := f.Compile()
	if err == nil {
		return f, p
	}
	sound := f
	sound.Rules = slices.Clone(f.Rules)
	for _, e := range slices.Backward(joined(err)) {
		var mistake *seccomp.RuleError
		if !errors.As(e, &mistake) {
			t.Fatal(err)
		}
		sound.Rules = slices.Delete(sound.Rules, mistake.Index, mistake.Index+1)
	}
	for _, c := range calls {
		with, _ := f.Decide(c)
		without, _ := sound.Decide(c)
		if with != without {
			t.Fatalf("%v: a rule that no call reaches answers it: %v, without %v\n%v\n%v", c, with, without, err, f.Rules)
		}
	}
	if p, err = sound.Compile(); err != nil {
		t.Fatalf("%v\n%v", err, sound.Rules)
	}
	return sound, p
}

func joined(err error) []error { return err.(interface{ Unwrap() []error }).Unwrap() }

// calls are made of the constants, their neighbours, and halves of different ones.
func (m *maker) calls() []seccomp.Call {
	var values []uint64
	for _, v := range m.constants {
		values = append(values, v, v-1, v+1, v|1<<32, v&0xffffffff, v|0xffffffff<<32, v<<32|v>>32, ^v)
	}
	values = append(values, 0, 1)
	var calls []seccomp.Call
	for _, name := range conditioned {
		c, _ := seccomp.CallOf(name)
		for range 150 {
			for a := range 3 {
				c.Args[a] = values[m.IntN(len(values))]
				if m.IntN(6) == 0 {
					c.Args[a] = c.Args[a]&0xffffffff | values[m.IntN(len(values))]<<32
				}
			}
			calls = append(calls, c)
		}
	}
	return calls
}

func newMaker(seed uint64) *maker { return &maker{Rand: rand.New(rand.NewPCG(seed, 11))} }

// Random filters with conditions: the filter in plain Go, our interpreter, that of
// x/net/bpf. What chance does not reach is solved for; an instruction that no call
// reaches fails the test.
func TestRandomConditions(t *testing.T) {
	count := *filters
	if raceEnabled {
		count = min(count, 100)
	}
	for seed := range uint64(count) {
		checkConditions(t, newMaker(seed), seed)
	}
}

func checkConditions(t testing.TB, m *maker, seed uint64) {
	t.Helper()
	f := m.filter()
	calls := m.calls()
	f, p := compileSound(t, f, calls)
	code := p.Instructions()
	found, ok, done := bpfsim.Reach(code)
	for i := range code {
		if !ok[i] && done {
			t.Errorf("seed %d: no call reaches instruction %d\n%v", seed, i, p)
		}
		if ok[i] {
			calls = append(calls, seccomp.Call{Arch: found[i].Arch, Nr: found[i].Nr, IP: found[i].IP, Args: found[i].Args})
		}
	}
	j := newJudges(t, f)
	for _, c := range calls {
		want, _ := f.Decide(c)
		if got := j.ask(t, c); got != want.Value() {
			t.Fatalf("seed %d: %v: the program says %#x, the filter %v\n%v\n%v", seed, c, got, want, f.Rules, p)
		}
		if explained := p.Explain(c); explained.Action != want || explained.Cached && want != seccomp.Allow {
			t.Fatalf("seed %d: %v is explained by %+v", seed, c, explained)
		}
	}
}

// FuzzConditions is TestRandomConditions for filters that the fuzzer chooses: each byte
// is one of the maker's choices.
func FuzzConditions(f *testing.F) {
	for seed := range 4 {
		r, data := rand.New(rand.NewPCG(uint64(seed), 2)), make([]byte, 40*seed)
		for i := range data {
			data[i] = byte(r.Uint32())
		}
		f.Add(data)
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		m := &maker{Rand: rand.New(&choices{data, rand.NewPCG(1, uint64(len(data)))})}
		checkConditions(t, m, 0)
	})
}

// choices is a source of randomness that begins with given bytes.
type choices struct {
	data []byte
	rest rand.Source
}

func (c *choices) Uint64() uint64 {
	if len(c.data) == 0 {
		return c.rest.Uint64()
	}
	v := uint64(c.data[0])
	c.data = c.data[1:]
	return v<<56 | v<<24
}

// One call with 1 to 500 rules, each with a value of its own.
func TestManyRules(t *testing.T) {
	for n := 1; n <= 500; n += 1 + n/8 {
		f := seccomp.Filter{Default: seccomp.Errno(1)}
		for i := range n {
			f.Rules = append(f.Rules, seccomp.Rule{Call: "ioctl", Action: seccomp.Allow,
				When: []seccomp.Cond{seccomp.Arg32(1).Is(uint64(3 * i)), seccomp.Arg64(2).LessOrEqual(uint64(i))}})
		}
		p, err := f.Compile()
		if err != nil {
			t.Fatalf("%d rules: %v", n, err)
		}
		if beyond := n > 256; beyond != (len(p.Unchecked()) > 0) {
			t.Errorf("%d rules: unchecked %v", n, p.Unchecked())
		}
		j := newJudges(t, f)
		for i := range 3*n + 3 {
			for _, last := range []uint64{0, uint64(i / 3), uint64(i/3) + 1, 1 << 32} {
				c := seccomp.Call{Arch: abi.AuditArchX86_64, Nr: 16, Args: [6]uint64{0, uint64(i), last}}
				if want, _ := f.Decide(c); j.ask(t, c) != want.Value() {
					t.Fatalf("%d rules: %v", n, c)
				}
			}
		}
	}
}

// 1 to 385 numbers with rules of their own.
func TestManyNumbers(t *testing.T) {
	all := slices.Collect(func(yield func(string) bool) {
		for nr := range uint32(1024) {
			if name := (seccomp.Call{Arch: abi.AuditArchX86_64, Nr: nr}).Name(); name != "" && !yield(name) {
				return
			}
		}
	})
	for n := 1; n <= len(all); n += 1 + n/6 {
		f := seccomp.Filter{Default: seccomp.Errno(1), Unknown: seccomp.Errno(38)}
		for i, name := range all[:n] {
			f.Rules = append(f.Rules, seccomp.Rule{Call: name, Action: seccomp.Allow, When: []seccomp.Cond{seccomp.Arg64(0).Is(uint64(i))}})
		}
		j := newJudges(t, f)
		for i, name := range all {
			c, _ := seccomp.CallOf(name)
			for _, v := range []uint64{0, uint64(i), uint64(i) + 1, uint64(i) | 1<<32} {
				c.Args[0] = v
				if want, _ := f.Decide(c); j.ask(t, c) != want.Value() {
					t.Fatalf("%d numbers: %v", n, c)
				}
			}
		}
	}
}
