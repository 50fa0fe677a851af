// SPDX-License-Identifier: MIT

package main

import (
	"errors"
	"fmt"
	"io"
	"slices"
	"text/tabwriter"
)

// A row is one call under one policy: nanoseconds by round.
type row struct {
	policy, call         string
	permitted, predicted bool
	bare                 []float64 // without a filter
	hit, miss            []float64 // under the policy; with the call spoiled for the cache
	heavyHit, heavyMiss  []float64 // the same on top of ballast
}

// leastMiss is how many times as long as without a filter a call must take that runs all
// the ballast: else the run proves nothing.
const leastMiss = 4

// cached says whether the cache answered: on top of ballast the call is nearer to one
// without a filter than to one that runs all filters. The fastest batches decide: what
// else the machine does makes batches slower, never faster.
func (r row) cached() (bool, error) {
	bare, hit, miss := slices.Min(r.bare), slices.Min(r.heavyHit), slices.Min(r.heavyMiss)
	if miss < leastMiss*bare {
		return false, fmt.Errorf("%s, %s: a call that misses the cache takes %.0f ns, one without a filter %.0f ns: the run proves nothing", r.policy, r.call, miss, bare)
	}
	return hit < (bare+miss)/2, nil
}

func (r row) verdict() string {
	if !r.permitted {
		return "refused"
	}
	cached, err := r.cached()
	switch {
	case err != nil:
		return "?"
	case cached:
		return "cache"
	}
	return "filter"
}

// print writes the table.
func print(out io.Writer, rows []row) error {
	w := tabwriter.NewWriter(out, 0, 0, 2, ' ', tabwriter.AlignRight)
	fmt.Fprintln(w, "policy\tcall\tno filter ns\twith policy\tspoiled\ton ballast\ton ballast, spoiled\tanswered by\t")
	for _, r := range rows {
		if !r.permitted {
			fmt.Fprintf(w, "%s\t%s\t-\t-\t-\t-\t-\t%s\t\n", r.policy, r.call, r.verdict())
			continue
		}
		fmt.Fprintf(w, "%s\t%s\t%.0f\t%s\t%s\t%s\t%s\t%s\t\n", r.policy, r.call, middle(r.bare, 0.5),
			r.ratio(r.hit), r.ratio(r.miss), r.ratio(r.heavyHit), r.ratio(r.heavyMiss), r.verdict())
	}
	fmt.Fprintln(w)
	return w.Flush()
}

// judge compares with what was predicted: an error names each call that is otherwise.
func judge(out io.Writer, rows []row) error {
	var errs []error
	n, most, least := 0, 0.0, 0.0
	for _, r := range rows {
		if !r.permitted {
			continue
		}
		cached, err := r.cached()
		if err == nil && cached != r.predicted {
			err = fmt.Errorf("%s, %s: predicted to be answered from the cache: %t; measured: %t", r.policy, r.call, r.predicted, cached)
		}
		if err != nil {
			errs = append(errs, err)
			continue
		}
		n++
		bare := slices.Min(r.bare)
		most = max(most, slices.Min(r.heavyHit)/bare)
		if miss := slices.Min(r.heavyMiss) / bare; least == 0 || miss < least {
			least = miss
		}
	}
	fmt.Fprintf(out, "%d calls are answered as predicted: on top of ballast they take at most %.2f times as long as without a filter, spoiled at least %.1f times (fastest batches).\n", n, most, least)
	return errors.Join(errs...)
}

// ratio relates times to those without a filter of the same rounds: the median, and the
// middle half.
func (r row) ratio(v []float64) string {
	ratios := make([]float64, len(v))
	for i := range v {
		ratios[i] = v[i] / r.bare[i]
	}
	return fmt.Sprintf("%.2f (%.2f-%.2f)", middle(ratios, 0.5), middle(ratios, 0.25), middle(ratios, 0.75))
}

// middle is a quantile.
func middle(v []float64, q float64) float64 {
	s := slices.Sorted(slices.Values(v))
	return s[int(q*float64(len(s)-1)+0.5)]
}
