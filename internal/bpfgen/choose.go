// SPDX-License-Identifier: MIT

package bpfgen

import (
	"cmp"
	"math/bits"
	"slices"
)

// A choice sends the values of a variable from lo up to the next choice to a node.
type choice struct {
	lo     uint32
	node   int32
	weight float32 // how often, relative to the others
}

// choose returns a node that tests v and goes where choices say; they begin at 0,
// ascend, and neighbours differ.
func (b *builder) choose(v variable, choices []choice) int32 {
	if len(choices) == 1 {
		return choices[0].node
	}
	if v.self {
		return b.test(test{op: opJEQ, v: v, k: selfPlaceholder, yes: choices[1].node, no: choices[0].node})
	}
	if len(choices) == 2 && !v.full() {
		if set, ok := highBits(v.mask, choices[1].lo); ok {
			v.mask = ^uint32(0) // JSET masks by itself
			return b.test(test{op: opJSET, v: v, k: set, yes: choices[1].node, no: choices[0].node})
		}
	}
	if node, ok := b.chooseOne(v, choices); ok {
		return node
	}
	b.arrange(choices)
	return b.tree(v, choices, 0, len(b.plan.chunks)-1)
}

// chooseOne makes the one test that the usual conditions need, "is it this value" and
// "is it as much as this".
func (b *builder) chooseOne(v variable, choices []choice) (node int32, ok bool) {
	switch {
	case len(choices) == 2 && choices[1].lo == 1:
		return b.test(test{op: opJEQ, v: v, k: 0, yes: choices[0].node, no: choices[1].node}), true
	case len(choices) == 2:
		return b.test(test{op: opJGE, v: v, k: choices[1].lo, yes: choices[1].node, no: choices[0].node}), true
	case len(choices) == 3 && choices[0].node == choices[2].node && choices[2].lo == choices[1].lo+1:
		return b.test(test{op: opJEQ, v: v, k: choices[1].lo, yes: choices[1].node, no: choices[0].node}), true
	}
	return 0, false
}

// highBits finds bits of mask of which one is set exactly if the masked value is
// lo or more.
func highBits(mask, lo uint32) (set uint32, ok bool) {
	below := lo - 1 // the greatest masked value below lo: clear from the first bit that mask has not
	if extra := below &^ mask; extra != 0 {
		top := uint32(1) << (bits.Len32(extra) - 1)
		below = below&^(top<<1-1) | mask&(top-1)
	}
	set = mask &^ below
	return set, set != 0 && set&-set > below
}

// A chunk is a run of choices that one leaf of the tree answers: main, but for up
// to maxHoles single values with targets of their own.
type chunk struct {
	first, last int16 // choices
	main        int32
	holes       [maxHoles]int16 // choices
	n           int8
	weight      float32
}

// maxHoles bounds a leaf's chain of JEQ.
const maxHoles = 3

// sizeCost is what one more instruction in the program costs, as a share of all
// calls executing one more.
const sizeCost = 1.0 / 12

// holeCosts are guesses how much of a chunk's calls one hole delays. Leaving it to
// the tree would delay them too, but how much is known only with the whole tree. So
// each guess is tried and the best tree is taken, where that is quick; the first
// guess is right for the many numbers of a whole policy.
var holeCosts = [...]float32{0.2, 0, 0.5}

// quick is the number of choices up to which all guesses are tried.
const quick = 32

// arrange finds chunks and the tree over them.
func (b *builder) arrange(choices []choice) {
	total := float32(0)
	for _, c := range choices {
		total += c.weight
	}
	size := sizeCost * total
	best := float32(1e30)
	for i, hole := range holeCosts {
		if i > 0 && len(choices) > quick {
			break
		}
		b.group(choices, size, hole)
		b.split()
		cost := float32(0) // of the only guess
		if len(choices) <= quick {
			cost = b.cost(choices, size)
		}
		if cost < best {
			best = cost
			b.plan, b.spare = b.spare, b.plan
		}
	}
}

// cost is what a plan costs in all.
func (b *builder) cost(choices []choice, size float32) float32 {
	m := len(b.spare.chunks)
	cost := size*float32(m-1) + b.spare.splits[m-1].cost
	for i := range b.spare.chunks {
		c := &b.spare.chunks[i]
		rest := c.weight
		for k := range c.n {
			cost += size + rest
			rest -= choices[c.holes[k]].weight
		}
	}
	return cost
}

// partial is the cheapest way to cover the choices before an index.
type partial struct {
	cost  float32
	chunk chunk
}

// group partitions choices into chunks at the least cost: a tree over n chunks has
// n-1 tests, each hole one more, and each hole lengthens the paths of its chunk.
func (b *builder) group(choices []choice, size, hole float32) {
	n := len(choices)
	best := slices.Grow(b.best[:0], n+1)[:n+1]
	for i := range best {
		best[i] = partial{cost: 1e30}
	}
	best[0].cost = 0
	for i := range n {
		// The chunk's own target is that of its first choice, or of its second if the
		// first is a hole.
		for lead := 0; lead < 2 && i+lead < n; lead++ {
			b.extend(best, choices, i, lead, size, hole)
		}
	}
	b.best = best
	b.spare.chunks = b.spare.chunks[:0]
	for end := n; end > 0; end = int(best[end].chunk.first) {
		c := best[end].chunk
		// The most frequent hole is tested first.
		slices.SortStableFunc(c.holes[:c.n], func(x, y int16) int { return cmp.Compare(choices[y].weight, choices[x].weight) })
		b.spare.chunks = append(b.spare.chunks, c)
	}
	slices.Reverse(b.spare.chunks)
}

// extend tries all chunks that begin at a choice.
func (b *builder) extend(best []partial, choices []choice, first, lead int, size, hole float32) {
	c := chunk{first: int16(first), main: choices[first+lead].node}
	for j := first; j < len(choices); j++ {
		if choices[j].node != c.main {
			single := j+1 < len(choices) && choices[j+1].lo == choices[j].lo+1 ||
				j+1 == len(choices) && choices[j].lo == ^uint32(0)
			if !single || int(c.n) == maxHoles {
				return
			}
			c.holes[c.n] = int16(j)
			c.n++
		}
		c.weight += choices[j].weight
		if j < first+lead {
			continue
		}
		c.last = int16(j)
		cost := best[first].cost + size*float32(1+c.n) + c.weight*float32(c.n)*hole
		if choices[j].node == c.main && cost < best[j+1].cost {
			best[j+1] = partial{cost, c}
		}
	}
}

// A plan is how choices are told apart.
type plan struct {
	chunks []chunk
	splits []split // by splitOf: the best tree over chunks i to j
}

// splitOf is where the split of chunks i to j of m is kept: only i <= j are.
func splitOf(m, i, j int) int { return i*(2*m-i-1)/2 + j }

// planned bounds the chunks for which the best tree is looked for.
const planned = 300

// A split is the last chunk of the left side of the best tree over some chunks.
type split struct {
	cost float32
	at   int16
}

// split finds the tree over the chunks with the shortest mean path (Knuth 1971,
// "Optimum binary search trees": the best split of a run lies between those of the
// runs that are one shorter).
//
// Beyond planned chunks it takes the middle instead: the work grows with the square.
func (b *builder) split() {
	m := len(b.spare.chunks)
	if m > planned {
		b.spare.splits = b.spare.splits[:0]
		return
	}
	sums := slices.Grow(b.sums[:0], m+1)[:m+1]
	sums[0] = 0
	size := m * (m + 1) / 2
	splits := slices.Grow(b.spare.splits[:0], size)[:size]
	for i, c := range b.spare.chunks {
		sums[i+1] = sums[i] + c.weight + 1e-6
		splits[splitOf(m, i, i)] = split{0, int16(i)}
	}
	for length := 1; length < m; length++ {
		for i := 0; i+length < m; i++ {
			j := i + length
			from, to := splits[splitOf(m, i, j-1)].at, min(splits[splitOf(m, i+1, j)].at, int16(j-1))
			best := split{1e30, from}
			for at := from; at <= to; at++ {
				if cost := splits[splitOf(m, i, int(at))].cost + splits[splitOf(m, int(at)+1, j)].cost; cost < best.cost {
					best = split{cost, at}
				}
			}
			best.cost += sums[j+1] - sums[i]
			splits[splitOf(m, i, j)] = best
		}
	}
	b.sums, b.spare.splits = sums, splits
}

// tree answers the values of chunks i to j.
func (b *builder) tree(v variable, choices []choice, i, j int) int32 {
	if i == j {
		return b.leaf(v, choices, &b.plan.chunks[i])
	}
	at := (i + j) / 2
	if len(b.plan.splits) > 0 {
		at = int(b.plan.splits[splitOf(len(b.plan.chunks), i, j)].at)
	}
	high := b.tree(v, choices, at+1, j)
	low := b.tree(v, choices, i, at)
	return b.test(test{op: opJGE, v: v, k: choices[b.plan.chunks[at+1].first].lo, yes: high, no: low})
}

// leaf tests a chunk's holes.
func (b *builder) leaf(v variable, choices []choice, c *chunk) int32 {
	node := c.main
	for k := c.n - 1; k >= 0; k-- {
		h := &choices[c.holes[k]]
		node = b.test(test{op: opJEQ, v: v, k: h.lo, yes: h.node, no: node})
	}
	return node
}
