// SPDX-License-Identifier: MIT

package policy

import (
	"bytes"
	"encoding/json"
	"reflect"
	"strings"
	"testing"

	"github.com/syscall-sandbox/sandbox"
	"github.com/syscall-sandbox/sandbox/bench/policies"
	"github.com/syscall-sandbox/sandbox/internal/sysno"
	"github.com/syscall-sandbox/sandbox/seccomp"
)

func TestNamedPolicies(t *testing.T) {
	net, args := MustParse(policies.Net), MustParse(policies.Args)
	checked := 0
	for _, r := range args.Rules {
		if r.Checked() {
			checked++
		}
	}
	if len(net.Rules) != 114 || len(args.Rules) != 114 || net.HasArgs() || checked != 12 {
		t.Errorf("net: %d rules, args: %d rules, %d with conditions", len(net.Rules), len(args.Rules), checked)
	}
}

func TestEval(t *testing.T) {
	args := MustParse(policies.Args)
	socket := func(domain, kind uint64) Call { return Native(41, [6]uint64{domain, kind}) }
	for _, test := range []struct {
		call Call
		want Action
	}{
		{socket(2, 1), Allow},
		{socket(2, 1|0x80800), Allow},
		{socket(10, 2|0x80000), Allow},
		{socket(2, 3), KillProcess},
		{socket(16, 1), KillProcess},
		{socket(2|1<<32, 1), KillProcess},
		{socket(2, 1|1<<40), KillProcess},
		{Native(0, [6]uint64{}), Allow},
		{Native(115, [6]uint64{}), KillProcess},
		{Native(1<<30, [6]uint64{}), KillProcess},
		{Call{Arch: 0x40000003}, KillProcess},
	} {
		if got := args.Eval(test.call); got != test.want {
			t.Errorf("%s: %s, want %s", test.call, got, test.want)
		}
	}
}

func TestOperators(t *testing.T) {
	const v = 1<<32 + 5
	for op, want := range map[string][3]bool{ // v-1, v, v+1
		"eq": {false, true, false}, "ne": {true, false, true}, "lt": {true, false, false},
		"le": {true, true, false}, "gt": {false, false, true}, "ge": {false, true, true},
		"masked_eq": {false, true, false},
	} {
		c := Cond{Op: op, Value: v, Mask: 1<<32 | 7}
		for i, x := range []uint64{v - 1, v, v + 1} {
			if got := c.holds(x); got != want[i] {
				t.Errorf("%#x %s %#x: %v", x, op, uint64(v), got)
			}
		}
	}
}

func TestParseRefuses(t *testing.T) {
	for _, test := range []struct{ policy, reason string }{
		{`{"default":"perhaps"}`, "unknown action"},
		{`{"default":"allow","arch":"aarch64"}`, "x86_64"},
		{`{"default":"allow","extra":1}`, "unknown field"},
		{`{"default":"errno:65536"}`, "unknown action"},
		{`{"rules":[{"nr":1,"action":"allow"},{"nr":1,"action":"allow"}]}`, "two rules"},
		{`{"rules":[{"nr":1,"action":"allow","any":[]}]}`, "no defined meaning"},
		{`{"rules":[{"nr":1,"action":"allow","any":[[{"arg":6,"op":"eq","value":"0x1"}]]}]}`, "argument 6"},
		{`{"rules":[{"nr":1,"action":"allow","any":[[{"arg":0,"op":"in","value":"0x1"}]]}]}`, "unknown operator"},
		{`{"rules":[{"nr":1,"action":"allow","any":[[{"arg":0,"op":"eq","value":"-1"}]]}]}`, "no unsigned"},
		{`{} {}`, "something follows"},
	} {
		_, err := Parse(strings.NewReader(test.policy))
		if err == nil || !strings.Contains(err.Error(), test.reason) {
			t.Errorf("%s: %v, want a reason with %q", test.policy, err, test.reason)
		}
	}
}

func TestRandomIsDeterministicAndTravels(t *testing.T) {
	for seed := range uint64(50) {
		p, form := Random(seed, true), RandomForm(seed)
		if !reflect.DeepEqual(p, Random(seed, true)) || !reflect.DeepEqual(form, RandomForm(seed)) {
			t.Fatalf("seed %d makes two policies", seed)
		}
		for _, p := range []*Policy{p, form} {
			b, err := json.Marshal(p)
			if err != nil {
				t.Fatal(err)
			}
			q, err := Parse(bytes.NewReader(b))
			if err != nil || !reflect.DeepEqual(p, q) {
				t.Fatalf("%s does not survive JSON: %v", p.Name, err)
			}
		}
	}
}

func TestWitnessHolds(t *testing.T) {
	n := 0
	for seed := range uint64(300) {
		for _, r := range Random(seed, true).Rules {
			for _, conj := range r.Any {
				args, ok := Witness(conj)
				if !ok || !Holds(conj, args) {
					t.Errorf("%+v: %#x, %v", conj, args, ok)
				}
				n++
			}
		}
	}
	if n < 1000 {
		t.Errorf("only %d conjunctions", n)
	}
}

// TestWitnessIsSmallest compares with a search over small numbers.
func TestWitnessIsSmallest(t *testing.T) {
	for mask := range uint64(16) {
		for lo := range uint64(18) {
			for value := range uint64(16) {
				conj := []Cond{{Op: "ge", Value: Number(lo)}, {Op: "masked_eq", Mask: Number(mask), Value: Number(value)}, {Op: "ne", Value: 7}}
				got, ok := Witness(conj)
				x := uint64(0)
				for ; x < 64 && !Holds(conj, [6]uint64{x}); x++ {
				}
				if ok != (x < 64) || ok && got[0] != x {
					t.Fatalf("%+v: %d, %v, want %d", conj, got[0], ok, x)
				}
			}
		}
	}
}

func TestFilterRefuses(t *testing.T) {
	rule := func(nr uint32, name string, a Action) []Rule { return []Rule{{Nr: nr, Name: name, Action: a}} }
	for _, test := range []struct {
		p      Policy
		reason string
	}{
		{Policy{Default: Allow, BadArch: KillProcess}, "x32"},
		{Policy{Default: KillProcess, BadArch: Allow}, "foreign"},
		{Policy{Default: KillProcess, BadArch: KillProcess, Rules: rule(0, "write", Allow)}, `calls it "write"`},
		{Policy{Default: KillProcess, BadArch: KillProcess, Rules: rule(400, "", Allow)}, "no name"},
		{Policy{Default: KillProcess, BadArch: KillProcess, Rules: rule(0, "", errnoAction(0))}, "errno:0"},
	} {
		_, err := test.p.Filter()
		if _, ok := err.(*Inexpressible); err == nil || !ok && !strings.Contains(err.Error(), test.reason) || !strings.Contains(err.Error(), test.reason) {
			t.Errorf("%+v: %v, want a reason with %q", test.p, err, test.reason)
		}
	}
}

func TestTranslateCondition(t *testing.T) {
	for op, want := range map[string]string{
		"eq": "arg2 == 0x5", "ne": "arg2 != 0x5", "lt": "arg2 < 0x5", "le": "arg2 <= 0x5",
		"gt": "arg2 > 0x5", "ge": "arg2 >= 0x5", "masked_eq": "arg2 & 0x7 == 0x5",
	} {
		if got := (Cond{Arg: 2, Op: op, Value: 5, Mask: 7}).translate().String(); got != want {
			t.Errorf("%s: %s, want %s", op, got, want)
		}
	}
}

// TestBuiltin compares the rows of a built-in policy with what the library decides.
func TestBuiltin(t *testing.T) {
	for _, b := range sandbox.Policies() {
		p, err := Builtin(b)
		if err != nil {
			t.Fatal(err)
		}
		f, err := b.Filter(sandbox.ScopeThread, sandbox.ActionKillProcess)
		if err != nil {
			t.Fatal(err)
		}
		f = f.ForPID(ownPID)
		asked := make(map[string]bool)
		for _, r := range f.Rules {
			asked[r.Call] = asked[r.Call] || r.When != nil
		}
		for i := range uint32(2 * MaxDenied) {
			nr := i / 2
			c := Native(nr, [6]uint64{ownPID * uint64(i%2)})
			want, _ := f.Decide(seccomp.Call{Arch: c.Arch, Nr: nr, Args: c.Args})
			if (seccomp.Call{Arch: c.Arch, Nr: nr}).Name() == "" {
				want = seccomp.KillProcess // Unknown, which rows cannot say
			}
			if name, _ := sysno.Name(nr); asked[name] && !want.Permits() {
				want = seccomp.KillProcess // nor what a call gets where no condition holds
			}
			if got := p.Eval(c); uint32(got) != want.Value() {
				t.Errorf("%s, %d: %s, the library says %s", b, nr, got, want)
			}
		}
	}
}
