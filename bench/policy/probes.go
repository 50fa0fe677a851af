// SPDX-License-Identifier: MIT

package policy

import (
	"math/rand/v2"
	"slices"

	"github.com/syscall-sandbox/sandbox/internal/abi"
)

// MaxDenied is the highest number over which denied calls are averaged; the
// newest numbers of today's kernels lie below 480.
const MaxDenied = 600

// Denied returns the calls 0 to MaxDenied without a rule, arguments 0.
func (p *Policy) Denied() []Call {
	ruled := make(map[uint32]bool)
	for _, r := range p.Rules {
		ruled[r.Nr] = true
	}
	var calls []Call
	for nr := range uint32(MaxDenied + 1) {
		if !ruled[nr] {
			calls = append(calls, Native(nr, [abi.NumArgs]uint64{}))
		}
	}
	return calls
}

// Hits returns one call for each conjunction of a rule that can hold at all, and for
// a rule without conditions the call with arguments 0.
func (r Rule) Hits() []Call {
	if !r.Checked() {
		return []Call{Native(r.Nr, [abi.NumArgs]uint64{})}
	}
	var calls []Call
	for _, conj := range r.Any {
		if args, ok := Witness(conj); ok {
			calls = append(calls, Native(r.Nr, args))
		}
	}
	return calls
}

// Probes returns the calls on which a program is compared with the policy: all numbers
// 0 to 1023 and their x32 twins, numbers at the ends of the 32-bit
// range, foreign architectures, and for every number with conditions the
// boundary values of each argument around calls that hit and miss, and mixtures.
func (p *Policy) Probes() []Call {
	var none [abi.NumArgs]uint64
	var calls []Call
	for nr := range uint32(1024) {
		calls = append(calls, Native(nr, none), Native(nr|abi.X32Bit, none))
	}
	for _, nr := range []uint32{1 << 16, abi.X32Bit - 1, 1 << 31, 1<<32 - 1} {
		calls = append(calls, Native(nr, none))
	}
	for _, r := range p.Rules {
		calls = append(calls, Native(r.Nr-1, none), Native(r.Nr, none), Native(r.Nr+1, none))
	}
	for _, arch := range []uint32{0x40000003, 0xc00000b7, 0} { // i386, aarch64, none
		for _, nr := range []uint32{0, 1, 59, 202, 1 << 31} {
			calls = append(calls, Call{Arch: arch, Nr: nr})
		}
	}
	for _, r := range p.Rules {
		if r.Checked() {
			calls = append(calls, r.probes()...)
		}
	}
	return calls
}

// probes varies one argument at a time of each base call over its boundary values, and
// mixes those of all arguments.
func (r Rule) probes() []Call {
	bases := append(r.Hits(), Native(r.Nr, [abi.NumArgs]uint64{}), Native(r.Nr, [abi.NumArgs]uint64{^uint64(0), ^uint64(0), ^uint64(0), ^uint64(0), ^uint64(0), ^uint64(0)}))
	calls := slices.Clone(bases)
	bases = some(bases, 64)
	var values [abi.NumArgs][]uint64
	for arg := range values {
		values[arg] = some(r.boundaries(arg), 1024)
		for _, base := range bases {
			for _, v := range values[arg] {
				c := base
				c.Args[arg] = v
				calls = append(calls, c)
			}
		}
	}
	rng := rand.New(rand.NewPCG(uint64(r.Nr), uint64(len(calls)))) // the same ones everywhere
	for range mixed {
		c := bases[rng.IntN(len(bases))]
		for arg, edges := range values {
			switch other := bases[rng.IntN(len(bases))]; {
			case rng.IntN(4) == 0:
				c.Args[arg] = other.Args[arg]
			case len(edges) > 0 && rng.IntN(2) == 0:
				c.Args[arg] = edges[rng.IntN(len(edges))]
			}
		}
		calls = append(calls, c)
	}
	return calls
}

// some returns at most n elements, at equal distances: the calls of a number with
// hundreds of conjunctions would be millions.
func some[T any](all []T, n int) []T {
	if len(all) <= n {
		return all
	}
	var out []T
	for i := range n {
		out = append(out, all[i*len(all)/n])
	}
	return out
}

// mixed is the number of calls in which several arguments differ from a base.
const mixed = 200

// boundaries returns each constant on an argument, its neighbours, the same with
// the high word set, cleared and swapped, and each constant with each bit of its
// mask flipped.
func (r Rule) boundaries(arg int) []uint64 {
	var values []uint64
	for _, conj := range r.Any {
		for _, c := range conj {
			if c.Arg != arg {
				continue
			}
			v := uint64(c.Value)
			for _, x := range []uint64{v, v + 1, v - 1} {
				values = append(values, x, x|1<<32, x|0xffffffff<<32, x&0xffffffff, x<<32|x>>32)
			}
			for m := uint64(c.Mask); m != 0; m &= m - 1 {
				values = append(values, v^(m&-m))
			}
			if c.Op == "masked_eq" {
				values = append(values, v|^uint64(c.Mask), uint64(c.Mask))
			}
		}
	}
	slices.Sort(values)
	return slices.Compact(values)
}
