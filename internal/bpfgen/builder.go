// SPDX-License-Identifier: MIT

package bpfgen

// A builder collects the tests of a program, each once: a test equal to one that
// is there is that one, so equal ends of different calls are one piece of code.
type builder struct {
	tests []test
	table []int32 // hash table of indices into tests, plus one

	// Memory that one use leaves to the next.
	boxes   boxes
	states  []state
	nodes   []int32 // by state
	cuts    []uint32
	choices []choice
	reached []bool
	recent  [4]compiled // the last different ones
	turn    int
	// Of Reach only: inputs by rule, and the ranges found on the way to a state.
	witnesses []Input
	trail     []knowledge
	best      []partial
	plan      plan
	spare     plan
	sums      []float32
}

// compiled is what became of a span's rules.
type compiled struct {
	span      *Span
	node      int32
	void      []Place
	undecided bool
}

// A test is a node: a conditional jump on a variable, or a RET (op opRET, k the
// value). yes and no are indices of nodes.
type test struct {
	op      uint16
	v       variable
	k       uint32
	yes, no int32
}

// reserve makes room for the rules of usual policies at once.
func (b *builder) reserve() {
	b.boxes.intervals = make([]interval, 0, 64)
	b.boxes.splitter.preds = make([]pred, 0, 32)
	b.boxes.alts = make([]alternative, 0, 16)
	b.boxes.list = make([]box, 0, 16)
	b.boxes.vars = make([]variable, 0, 8)
	b.boxes.preds = make([]boxPred, 0, 64)
	b.states = make([]state, 0, 8)
	b.nodes = make([]int32, 0, 8)
	b.cuts = make([]uint32, 0, 64)
	b.choices = make([]choice, 0, 64)
	b.best = make([]partial, 0, quick)
	b.sums = make([]float32, 0, quick)
}

func (b *builder) ret(value uint32) int32 { return b.test(test{op: opRET, k: value}) }

// test returns the node equal to t. A test with one outcome is that outcome.
func (b *builder) test(t test) int32 {
	if t.op != opRET && t.yes == t.no {
		return t.yes
	}
	if 2*len(b.tests) >= len(b.table) {
		b.grow()
	}
	slot := b.slot(&t)
	if b.table[slot] == 0 {
		b.tests = append(b.tests, t)
		b.table[slot] = int32(len(b.tests))
	}
	return b.table[slot] - 1
}

// slot is where t stands in the table, or belongs.
func (b *builder) slot(t *test) int {
	h := uint32(t.op)*0x9e3779b1 ^ t.k*0x85ebca6b ^ t.v.mask*0xc2b2ae35 ^ uint32(t.v.word)*0x27d4eb2f ^
		uint32(t.yes)*0x165667b1 ^ uint32(t.no)*0xd3a2646c
	h ^= h >> 15
	for i := int(h) & (len(b.table) - 1); ; i = (i + 1) & (len(b.table) - 1) {
		if n := b.table[i]; n == 0 || b.tests[n-1] == *t {
			return i
		}
	}
}

func (b *builder) grow() {
	b.table = make([]int32, max(256, 2*len(b.table)))
	for i := range b.tests {
		b.table[b.slot(&b.tests[i])] = int32(i + 1)
	}
}

// linear compiles rules one after the other. It may ask again what an earlier rule
// has asked, but its length and its work are a sum over the conditions.
func (b *builder) linear(rules []Rule, ret uint32) int32 {
	next := b.ret(ret)
	for i := len(rules) - 1; i >= 0; i-- {
		r := &rules[i]
		matched := b.ret(r.Ret)
		for j := len(r.When) - 1; j >= 0; j-- {
			matched = b.cond(&r.When[j], matched, next)
		}
		next = matched
	}
	return next
}

func (b *builder) cond(c *Cond, yes, no int32) int32 {
	b.boxes.reset()
	alts := b.boxes.split(c)
	for i := len(alts) - 1; i >= 0; i-- {
		node := yes
		for j := len(alts[i]) - 1; j >= 0; j-- {
			node = b.pred(&alts[i][j], node, no)
		}
		no = node
	}
	return no
}

func (b *builder) pred(p *pred, yes, no int32) int32 {
	from := len(b.choices)
	if p.in[0].lo > 0 {
		b.choices = append(b.choices, choice{0, no, 0.1})
	}
	for _, in := range p.in {
		b.choices = append(b.choices, choice{in.lo, yes, 1})
		if in.hi < ^uint32(0) {
			b.choices = append(b.choices, choice{in.hi + 1, no, 0.1})
		}
	}
	node := b.choose(p.v, b.choices[from:])
	b.choices = b.choices[:from]
	return node
}
