// SPDX-License-Identifier: MIT

package policy

import "testing"

func TestPruned(t *testing.T) {
	c := func(op string, v, mask Number) Cond { return Cond{Op: op, Value: v, Mask: mask} }
	for name, test := range map[string]struct {
		any  [][]Cond
		want int
	}{
		"equal":             {[][]Cond{{c("eq", 5, 0)}, {c("eq", 5, 0)}}, 1},
		"interval in one":   {[][]Cond{{c("lt", 5, 0)}, {c("lt", 10, 0)}}, 1},
		"apart":             {[][]Cond{{c("lt", 5, 0)}, {c("gt", 10, 0)}}, 2},
		"empty covers all":  {[][]Cond{{c("lt", 5, 0)}, {}}, 1},
		"cannot hold":       {[][]Cond{{c("lt", 5, 0), c("gt", 10, 0)}, {c("eq", 1, 0)}}, 1},
		"outside its mask":  {[][]Cond{{c("masked_eq", 8, 7)}, {c("eq", 1, 0)}}, 1},
		"value in mask":     {[][]Cond{{c("eq", 13, 0)}, {c("masked_eq", 5, 7)}}, 1},
		"value not in mask": {[][]Cond{{c("eq", 12, 0)}, {c("masked_eq", 5, 7)}}, 2},
		"mask in mask":      {[][]Cond{{c("masked_eq", 5, 7)}, {c("masked_eq", 1, 3)}}, 1},
	} {
		if got := (Rule{Any: test.any}).Pruned(); len(got) != test.want {
			t.Errorf("%s: %v", name, got)
		}
	}
}

// TestPrunedMeansTheSame compares a rule with its pruned form on its own probes.
func TestPrunedMeansTheSame(t *testing.T) {
	dropped := 0
	for seed := range uint64(200) {
		for _, r := range Random(seed, true).Rules {
			if !r.Checked() {
				continue
			}
			kept := Rule{Any: r.Pruned()}
			dropped += len(r.Any) - len(kept.Any)
			for _, c := range r.probes() {
				if r.holds(c.Args) != kept.holds(c.Args) {
					t.Fatalf("seed %d, %s: %v and %v differ", seed, c, r.Any, kept.Any)
				}
			}
		}
	}
	if dropped == 0 {
		t.Error("nothing was dropped")
	}
}
