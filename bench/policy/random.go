// SPDX-License-Identifier: MIT

package policy

import (
	"fmt"
	"math/rand/v2"
	"slices"

	"github.com/syscall-sandbox/sandbox/internal/abi"
	"github.com/syscall-sandbox/sandbox/internal/sysno"
)

// Random makes a policy of a seed: 1 to 150 numbers, in runs as real policies have
// them; with args, about one in six has conditions. The default kills, as every
// compiler can say it. The same seed makes the same policy everywhere.
func Random(seed uint64, args bool) *Policy {
	rng := rand.New(rand.NewPCG(seed, 3))
	p := &Policy{Name: fmt.Sprintf("random-%d", seed), Arch: "x86_64", Default: KillProcess, BadArch: KillProcess}
	if args {
		p.Name = fmt.Sprintf("random-args-%d", seed)
	}
	others := []Action{Trap, errnoAction(1), errnoAction(38)}
	if seed%2 == 0 {
		others = append(others, Log) // which not every compiler can say
	}
	density, keep := 0.05+0.5*rng.Float64(), false
	for nr, name := range sysno.All() {
		if rng.Float64() < 0.4 { // otherwise as the number before
			keep = rng.Float64() < density
		}
		if !keep || len(p.Rules) == 150 {
			continue
		}
		r := Rule{Nr: nr, Name: name, Action: Allow}
		if rng.IntN(12) == 0 {
			r.Action = others[rng.IntN(len(others))]
		}
		if args && rng.IntN(6) == 0 {
			r.Any = randomAny(rng)
		}
		p.Rules = append(p.Rules, r)
	}
	if len(p.Rules) == 0 {
		p.Rules = []Rule{{Nr: 0, Name: "read", Action: Allow}}
	}
	return p
}

// RandomForm makes a policy of a seed that uses all of the form: every default and
// bad_arch, numbers without a name, x32 ones, every action, conjunctions that cannot hold, that
// always do, that cover each other.
func RandomForm(seed uint64) *Policy {
	rng := rand.New(rand.NewPCG(seed, 5))
	p := Random(seed, true)
	p.Name = fmt.Sprintf("random-form-%d", seed)
	actions := []Action{Allow, KillProcess, KillThread, Trap, errnoAction(0), errnoAction(1), errnoAction(4094), errnoAction(4095)}
	if seed%4 == 0 {
		actions = append(actions, Log)
	}
	any := func() Action { return actions[rng.IntN(len(actions))] }
	p.Default, p.BadArch = any(), any()
	for _, nr := range []uint32{337, 400, 600, 1000, 1 << 20, abi.X32Bit - 1, abi.X32Bit, abi.X32Bit | 59, 1 << 31, 1<<32 - 1} {
		if rng.IntN(3) == 0 {
			p.Rules = append(p.Rules, Rule{Nr: nr, Action: any()})
		}
	}
	rng.Shuffle(len(p.Rules), func(i, j int) { p.Rules[i], p.Rules[j] = p.Rules[j], p.Rules[i] })
	for i := range p.Rules {
		r := &p.Rules[i]
		if rng.IntN(3) == 0 {
			r.Action = any()
		}
		if r.Action == Log && seed%4 != 0 {
			r.Action = Allow
		}
		if rng.IntN(4) == 0 {
			r.Name = ""
		}
		if r.Any != nil || rng.IntN(8) == 0 {
			r.Any = overlapping(rng)
		}
	}
	return p
}

// overlapping are conjunctions that say in part what others of them do.
func overlapping(rng *rand.Rand) [][]Cond {
	all := randomAny(rng)
	for range rng.IntN(4) {
		conj := slices.Clone(all[rng.IntN(len(all))])
		kind := rng.IntN(6)
		switch {
		case kind == 0 || len(conj) == 0: // narrower, perhaps impossible
			conj = append(conj, randomCond(rng, rng.IntN(abi.NumArgs)))
		case kind == 1: // wider, perhaps always
			conj = conj[1:]
		case kind == 2: // next to it
			conj[0].Value += Number(rng.IntN(3)) - 1
		case kind == 3: // never
			conj = append(conj, Cond{Arg: 5, Op: "masked_eq", Mask: 2, Value: 4})
		case kind == 4: // no condition
			conj = append(conj, Cond{Arg: rng.IntN(abi.NumArgs), Op: "ge"}, Cond{Op: "masked_eq"})
		}
		all = append(all, conj)
	}
	rng.Shuffle(len(all), func(i, j int) { all[i], all[j] = all[j], all[i] })
	return all
}

func errnoAction(n uint16) Action { return Action(0x50000 | uint32(n)) }

func randomAny(rng *rand.Rand) [][]Cond {
	alternatives := make([][]Cond, 1+rng.IntN(4))
	for i := range alternatives {
		alternatives[i] = randomConj(rng)
	}
	return alternatives
}

// randomConj has one condition for each of one to three arguments, and now and then a
// second one for the first: an interval, or a value taken out. A conjunction
// that cannot hold is made anew.
func randomConj(rng *rand.Rand) []Cond {
	for {
		var conj []Cond
		for _, arg := range rng.Perm(6)[:1+rng.IntN(3)] {
			conj = append(conj, randomCond(rng, arg))
		}
		if rng.IntN(4) == 0 {
			conj = append(conj, randomCond(rng, conj[0].Arg))
		}
		if _, ok := Witness(conj); ok {
			return conj
		}
	}
}

var operators = []string{"eq", "ne", "gt", "ge", "lt", "le", "masked_eq"}

func randomCond(rng *rand.Rand, arg int) Cond {
	c := Cond{Arg: arg, Op: operators[rng.IntN(len(operators))], Value: Number(randomValue(rng))}
	if c.Op == "masked_eq" {
		c.Mask = Number(randomValue(rng) | 1)
		c.Value &= c.Mask
	}
	return c
}

// randomValue prefers small numbers, so that conditions overlap, and the edges of
// the halves.
func randomValue(rng *rand.Rand) uint64 {
	edges := []uint64{0, 1, 0x7fffffff, 0x80000000, 0xffffffff, 1 << 32, 1<<32 + 5, 1 << 63, ^uint64(0)}
	switch rng.IntN(5) {
	case 0, 1:
		return uint64(rng.IntN(20))
	case 2:
		return edges[rng.IntN(len(edges))]
	case 3:
		return uint64(rng.IntN(4))<<32 | uint64(rng.IntN(4))
	default:
		return rng.Uint64()
	}
}

// SafeForLibseccomp reports whether a policy keeps to what libseccomp up to 2.6.1 is
// known to compile rightly: several rules on a number only with eq and masked_eq.
func (p *Policy) SafeForLibseccomp() bool {
	for _, r := range p.Rules {
		if len(r.Any) > 1 && slices.ContainsFunc(slices.Concat(r.Any...), func(c Cond) bool { return c.Op != "eq" && c.Op != "masked_eq" }) {
			return false
		}
	}
	return true
}
