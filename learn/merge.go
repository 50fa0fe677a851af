// SPDX-License-Identifier: MIT

package learn

import (
	"cmp"
	"fmt"
	"iter"
	"maps"
	"math"
	"slices"
	"strings"

	"github.com/syscall-sandbox/sandbox/internal/sysno"
)

// Merge returns what all the recordings have together, in order: runs and counts are
// added (the largest number stands for all above it), phases, calls and stacks that
// are the same become one. Recordings of different programs or Go versions may be
// merged; both are named then. Neither the order of the recordings nor in what steps
// they are merged matters. The result shares no memory with them.
func Merge(rs ...*Recording) (*Recording, error) {
	for i, r := range rs {
		if err := r.check(); err != nil {
			return nil, fmt.Errorf("recording %d of %d: %w", i+1, len(rs), err)
		}
	}
	return canonical(rs...), nil
}

// canonical merges recordings that have been checked.
func canonical(rs ...*Recording) *Recording {
	out := &Recording{Phases: []Phase{}}
	var programs, versions []string
	for _, r := range rs {
		programs = append(programs, r.Program)
		versions = append(versions, r.Go)
		if out.Runs += r.Runs; out.Runs < 0 {
			out.Runs = math.MaxInt
		}
		for _, p := range r.Phases {
			out.Phases = append(out.Phases, p.clone())
		}
		for call, n := range r.Lost {
			if n == 0 {
				continue
			}
			if out.Lost == nil {
				out.Lost = make(map[string]uint64)
			}
			out.Lost[call] = add(out.Lost[call], n)
		}
	}
	out.Program = joined(programs, ", ")
	out.Go = joined(versions, ", ")
	out.Phases = fold(out.Phases, comparePhases, func(into *Phase, p Phase) { into.Calls = append(into.Calls, p.Calls...) })
	for i := range out.Phases {
		out.Phases[i].fold()
	}
	return out
}

func (p Phase) clone() Phase {
	c := Phase{Thread: p.Thread, Policies: make([]string, len(p.Policies)), Calls: make([]Call, len(p.Calls))}
	for i, name := range p.Policies {
		c.Policies[i] = valid(name)
	}
	for i, call := range p.Calls {
		call.Stacks = slices.Clone(call.Stacks)
		for j, s := range call.Stacks {
			frames := make([]Frame, len(s.Frames))
			for k, f := range s.Frames {
				frames[k] = Frame{valid(f.Func), valid(f.File), f.Line}
			}
			call.Stacks[j].Frames = frames
		}
		call.Args = call.choosing()
		c.Calls[i] = call
	}
	return c
}

// valid is what JSON can carry: file names may be any bytes.
func valid(s string) string { return strings.ToValidUTF8(s, "\ufffd") }

func (p *Phase) fold() {
	p.Calls = fold(p.Calls, compareCalls, func(into *Call, c Call) {
		into.Count = add(into.Count, c.Count)
		into.Stacks = append(into.Stacks, c.Stacks...)
		into.Mark = into.Mark + markSep + c.Mark
	})
	for i := range p.Calls {
		c := &p.Calls[i]
		c.Mark = joined([]string{c.Mark}, markSep)
		c.Decoded = c.decode()
		c.Stacks = fold(c.Stacks, compareFrames, func(into *Stack, s Stack) { into.Count = add(into.Count, s.Count) })
		slices.SortStableFunc(c.Stacks, func(a, b Stack) int { return cmp.Compare(b.Count, a.Count) })
		if len(c.Stacks) == 0 {
			c.Stacks = nil
		}
	}
}

const markSep = "; "

// fold sorts what it is given and joins equal neighbours.
func fold[T any](s []T, compare func(a, b T) int, join func(into *T, from T)) []T {
	slices.SortFunc(s, compare)
	out := s[:0]
	for _, v := range s {
		if n := len(out); n > 0 && compare(out[n-1], v) == 0 {
			join(&out[n-1], v)
		} else {
			out = append(out, v)
		}
	}
	return out
}

func comparePhases(a, b Phase) int {
	if c := slices.Compare(a.Policies, b.Policies); c != 0 || a.Thread == b.Thread {
		return c
	}
	if a.Thread {
		return 1
	}
	return -1
}

func compareCalls(a, b Call) int {
	return cmp.Or(cmp.Compare(a.nr(), b.nr()), slices.Compare(a.Args[:], b.Args[:]))
}

func compareFrames(a, b Stack) int {
	return slices.CompareFunc(a.Frames, b.Frames, func(a, b Frame) int {
		return cmp.Or(cmp.Compare(a.Func, b.Func), cmp.Compare(a.File, b.File), cmp.Compare(a.Line, b.Line))
	})
}

// nr is the number of a call that has been checked.
func (c Call) nr() uint32 {
	nr, ok := sysno.Number(c.Syscall)
	if !ok {
		return math.MaxUint32
	}
	return nr
}

// add stops at the largest number: a count that wraps would hide a call.
func add(a, b uint64) uint64 {
	if sum := a + b; sum >= a {
		return sum
	}
	return math.MaxUint64
}

// joined is the set of all parts of the texts.
func joined(texts []string, sep string) string {
	var parts []string
	for _, t := range texts {
		parts = append(parts, strings.Split(valid(t), sep)...)
	}
	slices.Sort(parts)
	parts = slices.DeleteFunc(slices.Compact(parts), func(s string) bool { return s == "" })
	return strings.Join(parts, sep)
}

// sorted yields a map in the order of its keys.
func sorted(m map[string]uint64) iter.Seq2[string, uint64] {
	return func(yield func(string, uint64) bool) {
		for _, k := range slices.Sorted(maps.Keys(m)) {
			if !yield(k, m[k]) {
				return
			}
		}
	}
}
