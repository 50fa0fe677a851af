// SPDX-License-Identifier: MIT

package peer

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/syscall-sandbox/sandbox/bench/measure"
	"github.com/syscall-sandbox/sandbox/bench/policies"
	"github.com/syscall-sandbox/sandbox/bench/policy"
)

// TestBothWaysAreOne compiles policies that package seccomp has words for by the
// compiler below it too: same spans and weights, same program.
func TestBothWaysAreOne(t *testing.T) {
	all := []*policy.Policy{policy.MustParse(policies.Net), policy.MustParse(policies.Args)}
	for seed := range uint64(50) {
		all = append(all, policy.Random(seed, false), policy.Random(seed, true))
	}
	for _, p := range all {
		if _, err := p.Filter(); err != nil {
			t.Fatalf("%s: %v", p.Name, err)
		}
		compile, err := Sandbox(p)
		if err != nil {
			t.Fatal(err)
		}
		above, err := compile()
		if err != nil {
			t.Fatal(err)
		}
		below, err := lower(p)()
		if err != nil || !slices.Equal(above, below) {
			t.Errorf("%s: %d instructions by package seccomp, %d below it, %v", p.Name, len(above), len(below), err)
		}
	}
}

// TestManyConjunctions has more alternatives than the compiler tells apart at once.
func TestManyConjunctions(t *testing.T) {
	conj := map[string]func(i int) string{
		"values": func(i int) string {
			return fmt.Sprintf(`[{"arg":1,"op":"eq","value":"%#x"},{"arg":2,"op":"lt","value":"0x9"}]`, 21*i)
		},
		"nested": func(i int) string { return fmt.Sprintf(`[{"arg":1,"op":"le","value":"%#x"}]`, i) },
		"outside": func(i int) string {
			return fmt.Sprintf(`[{"arg":1,"op":"masked_eq","mask":"0xff","value":"%#x"}]`, 200+i)
		},
	}
	for name, conj := range conj {
		for _, def := range []string{"kill_process", "errno:1"} {
			var any []string
			for i := range 400 {
				any = append(any, conj(i))
			}
			p := policy.MustParse(fmt.Appendf(nil, `{"default":%q,"bad_arch":"kill_process","rules":[{"nr":16,"name":"ioctl","action":"allow","any":[%s]}]}`,
				def, strings.Join(any, ",")))
			compile, err := Sandbox(p)
			if err != nil {
				t.Fatal(err)
			}
			prog, err := compile()
			if err != nil {
				t.Errorf("%s, %s: %v", name, def, err)
				continue
			}
			if first, _, _, err := measure.Check(prog, p); first != nil || err != nil {
				t.Errorf("%s, %s: %v, %v", name, def, first, err)
			}
			t.Logf("%s, %s: %d instructions", name, def, len(prog))
		}
	}
}
