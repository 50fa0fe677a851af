// SPDX-License-Identifier: MIT

package seccomp_test

import (
	"errors"
	"flag"
	"fmt"
	"math/rand/v2"
	"reflect"
	"slices"
	"testing"

	"github.com/syscall-sandbox/sandbox/internal/bpfsim"
	"github.com/syscall-sandbox/sandbox/seccomp"
)

var (
	programs = flag.Int("programs", 2000, "random filters with conditions to compile and compare")
	seed     = flag.Uint64("seed", 1, "of the random filters")
)

// A maker makes filters whose rules overlap, and remembers the constants that it
// used: calls are tried around them.
type maker struct {
	*rand.Rand
	args      []int // 0 to 5, or ip
	constants []uint64
}

func newMaker(seed uint64) *maker { return makerOf(rand.NewPCG(seed, 11)) }

// ip stands for the instruction pointer among the arguments of a maker.
const ip = 6

// makerOf settles which arguments the maker's conditions are about: few, so that rules
// overlap.
func makerOf(source rand.Source) *maker {
	m := &maker{Rand: rand.New(source)}
	for range 1 + m.IntN(3) {
		m.args = append(m.args, m.IntN(7))
	}
	return m
}

// withoutIP is m for judges that cannot choose where a call comes from.
func (m *maker) withoutIP() *maker {
	for i := range m.args {
		m.args[i] %= ip
	}
	return m
}

// field is what an index of args stands for.
func field(c *seccomp.Call, i int) *uint64 {
	if i == ip {
		return &c.IP
	}
	return &c.Args[i]
}

var edges = []uint64{0, 1, 5, 6, 0x7fffffff, 0x80000000, 0xffffffff, 1 << 32, 1<<32 + 5, 5 << 32, 1 << 63, ^uint64(0), 0x5401, 0xffffff9c, self}

func (m *maker) value(wide bool) uint64 {
	v := edges[m.IntN(len(edges))]
	switch n := len(m.constants); m.IntN(6) {
	case 0:
		v = uint64(m.IntN(12))
	case 1:
		v = m.Uint64() >> m.IntN(64)
	case 2, 3:
		if n > 0 {
			v = m.constants[m.IntN(n)] + uint64(m.IntN(3)) - 1
		}
	}
	if !wide {
		v &= 0xffffffff
	}
	m.constants = append(m.constants, v)
	return v
}

func (m *maker) cond() seccomp.Cond {
	arg, name, wide := m.arg()
	v := m.value(wide)
	switch m.IntN(14) {
	case 0:
		return arg.Is(v)
	case 1:
		return arg.Is(v, m.value(wide), m.value(wide))
	case 2:
		return arg.Not(v)
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
	case 10:
		return arg.Masked(v, v&m.value(wide))
	case 11:
		return mustParse("%s & %#x != %#x", name, v, v&m.value(wide))
	case 12:
		w := m.value(wide)
		return mustParse("%s not in %#x..%#x", name, min(v, w), max(v, w))
	}
	if m.IntN(4) > 0 || name == "ip" {
		return arg.Is(v, self)
	}
	return mustParse("%s %s own pid", name, []string{"==", "!="}[m.IntN(2)])
}

func (m *maker) arg() (a seccomp.Arg, name string, wide bool) {
	i := m.args[m.IntN(len(m.args))]
	switch {
	case i == ip:
		return seccomp.UnsafeIP(), "ip", true
	case m.IntN(2) == 0:
		return seccomp.Arg64(i), fmt.Sprintf("arg%d", i), true
	}
	return seccomp.Arg32(i), fmt.Sprintf("arg%d:32", i), false
}

// mustParse is for the conditions that only have a text form.
func mustParse(format string, args ...any) seccomp.Cond {
	c, err := seccomp.ParseCond(fmt.Sprintf(format, args...))
	if err != nil {
		panic(err)
	}
	return c
}

func (m *maker) filter() seccomp.Filter {
	actions := []seccomp.Action{seccomp.Allow, seccomp.Allow, seccomp.Errno(13), seccomp.Trap(3), seccomp.Log, seccomp.UserNotif, seccomp.KillProcess}
	pick := func() seccomp.Action { return actions[m.IntN(len(actions))] }
	f := seccomp.Filter{Default: pick(), Unknown: seccomp.Errno(38)}
	for _, call := range conditioned {
		for range m.IntN(5) {
			r := seccomp.Rule{Call: call, Action: pick(), Reason: fmt.Sprint("rule ", len(f.Rules))}
			for range m.IntN(4) {
				r.When = append(r.When, m.cond())
			}
			f.Rules = append(f.Rules, r)
		}
	}
	return f
}

var conditioned = []string{"read", "ioctl", "madvise", "socket", "clone", "fcntl", "prctl"}

// compileSound drops the rules that the compiler refuses because no call reaches them, and
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

// calls are made of the constants, their neighbours, what differs from them in one bit,
// and halves of different ones.
func (m *maker) calls() []seccomp.Call {
	values := []uint64{0, 1, self}
	for _, v := range m.constants {
		values = append(values, v, v-1, v+1, v|1<<32, v&0xffffffff, v|0xffffffff<<32, v<<32|v>>32, ^v, v^1<<m.IntN(64))
		for bit := v; bit != 0; bit &= bit - 1 { // a mask's, for all that is known here
			values = append(values, bit&-bit, v^bit&-bit)
		}
	}
	pick := func() uint64 { return values[m.IntN(len(values))] }
	var calls []seccomp.Call
	for _, name := range conditioned {
		c, _ := seccomp.CallOf(name)
		for range 100 {
			for _, a := range m.args {
				v := field(&c, a)
				*v = pick()
				if m.IntN(6) == 0 {
					*v = *v&0xffffffff | pick()<<32
				}
			}
			calls = append(calls, c)
		}
	}
	return calls
}

// Random filters with conditions: the filter in plain Go, our interpreter, that of
// x/net/bpf. What chance does not reach is solved for; an instruction that no call
// reaches fails the test.
func TestRandomConditions(t *testing.T) {
	count := *programs
	if raceEnabled {
		count = min(count, 100)
	}
	covered := 0
	for n := range uint64(count) {
		if checkConditions(t, newMaker(*seed+n)); t.Failed() {
			t.Fatalf("seed %d", *seed+n)
		}
		covered++
	}
	t.Logf("%d filters", covered)
}

// checkConditions compares one filter with its program.
func checkConditions(t testing.TB, m *maker) {
	t.Helper()
	f := m.filter()
	calls := m.calls()
	f, p := compileSound(t, f, calls)
	bound := p.ForPID(self)
	code := bound.Instructions()
	found, ok, done := bpfsim.Reach(code)
	if !done {
		t.Errorf("the search through the program has no end:\n%v", p)
	}
	for i := range found {
		if ok[i] {
			calls = append(calls, seccomp.Call{Arch: found[i].Arch, Nr: found[i].Nr, IP: found[i].IP, Args: found[i].Args})
		}
	}
	missed := compareAll(t, f.ForPID(self), bound, calls)
	// Bound, a comparison with the process id may be one with a constant that others
	// have asked for already. And what is unchecked may ask twice.
	if missed != nil && bound == p && len(p.Unchecked()) == 0 {
		t.Errorf("no call reaches instructions %v\n%v", missed, p)
	}
}

// compareAll asks the judges for all calls and returns the instructions that none of
// them executes.
func compareAll(t testing.TB, f seccomp.Filter, p *seccomp.Program, calls []seccomp.Call) (missed []int) {
	t.Helper()
	j := judgesOf(t, p)
	coverage := bpfsim.NewCoverage(p.Len())
	for _, c := range calls {
		want, rule := f.Decide(c)
		if got := j.ask(t, c); got != want.Value() {
			t.Fatalf("%v: the program says %#x, the filter %v\n%v\n%v", c, got, want, f.Rules, p)
		}
		d := p.Explain(c)
		if d.Action != want || !reflect.DeepEqual(d.Rule, rule) || d.Cached && want != seccomp.Allow {
			t.Fatalf("%v is explained by %+v %v, not %v\n%v", c, d, d.Rule, rule, f.Rules)
		}
		coverage.Add(d.Path)
	}
	return coverage.Missed()
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
		checkConditions(t, makerOf(&choices{data, rand.NewPCG(1, uint64(len(data)))}))
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
	return v * 0x0101010101010101 // whichever bits are taken
}

// One call with many rules, each with a value of its own: beyond the limits Unchecked
// names the call, and the answers are the same. (Every number of rules: bpfgen.)
func TestManyRules(t *testing.T) {
	grow := 8
	if raceEnabled {
		grow = 2
	}
	for n := 1; n <= 500; n += 1 + n/grow {
		f := seccomp.Filter{Default: seccomp.Errno(1), Rules: []seccomp.Rule{{Call: "read", Action: seccomp.Allow}}}
		for i := range n {
			f.Rules = append(f.Rules, seccomp.Rule{Call: "ioctl", Action: seccomp.Allow,
				When: []seccomp.Cond{seccomp.Arg32(1).Is(uint64(3 * i)), seccomp.Arg64(2).LessOrEqual(uint64(i))}})
		}
		p, err := f.Compile()
		if err != nil {
			t.Fatalf("%d rules: %v", n, err)
		}
		if unchecked := slices.Equal(p.Unchecked(), []string{"ioctl"}); unchecked != (n > 256) {
			t.Errorf("%d rules: unchecked %v", n, p.Unchecked())
		}
		var calls []seccomp.Call
		for i := range 3*n + 3 {
			for _, last := range []uint64{0, uint64(i / 3), uint64(i/3) + 1, 1 << 32} {
				calls = append(calls, call("ioctl", 0, uint64(i), last))
			}
		}
		compareAll(t, f, p, calls)
	}
}

// Beyond the limits a rule that no call reaches is not found out, but said not to be.
func TestUncheckedVoid(t *testing.T) {
	void := seccomp.Rule{Call: "ioctl", When: []seccomp.Cond{seccomp.Arg32(0).Is(2), seccomp.Arg32(0).Is(3)}, Action: seccomp.Allow}
	for _, n := range []int{250, 260} {
		f := seccomp.Filter{}
		for i := range n {
			f.Rules = append(f.Rules, seccomp.Rule{Call: "ioctl", When: []seccomp.Cond{seccomp.Arg32(1).Is(uint64(i))}, Action: seccomp.Errno(uint16(i + 1))})
		}
		f.Rules = append(f.Rules, void)
		p, err := f.Compile()
		if n == 250 && (err == nil || len(joined(err)) != 1) || n == 260 && (err != nil || !slices.Equal(p.Unchecked(), []string{"ioctl"})) {
			t.Errorf("%d rules: %v, %v", n, p.Unchecked(), err)
		}
	}
}

// All calls with rules of their own, in growing numbers. (Every number of numbers, to
// 512: bpfgen.)
func TestManyNumbers(t *testing.T) {
	all := allNames()
	for n := 1; n <= len(all); n += 1 + n/6 {
		f := seccomp.Filter{Default: seccomp.Errno(1), Unknown: seccomp.Errno(38)}
		for i, name := range all[:n] {
			f.Rules = append(f.Rules, seccomp.Rule{Call: name, Action: seccomp.Allow, When: []seccomp.Cond{seccomp.Arg64(0).Is(uint64(i))}})
		}
		p, err := f.Compile()
		if err != nil {
			t.Fatalf("%d numbers: %v", n, err)
		}
		var calls []seccomp.Call
		for i, name := range all {
			for _, v := range []uint64{0, uint64(i), uint64(i) + 1, uint64(i) | 1<<32} {
				calls = append(calls, call(name, v))
			}
		}
		compareAll(t, f, p, calls)
	}
}
