// SPDX-License-Identifier: MIT

package learn

import (
	"encoding/json"
	"slices"
	"strings"
	"testing"

	"github.com/syscall-sandbox/sandbox/internal/gobase"
	"github.com/syscall-sandbox/sandbox/internal/sysno"
	"github.com/syscall-sandbox/sandbox/seccomp"
)

// filterOf compiles the rules: one that no call reaches would be a mistake.
func filterOf(t *testing.T, rules []seccomp.Rule) seccomp.Filter {
	t.Helper()
	f := seccomp.Filter{Rules: rules}
	if _, err := f.Compile(); err != nil {
		t.Fatalf("%v: %v", rules, err)
	}
	return f
}

func permits(f seccomp.Filter, nr uint32, args Args) bool {
	c, _ := seccomp.CallOf("read")
	c.Nr, c.Args = nr, args
	a, _ := f.Decide(c)
	return a.Permits()
}

// Rules permit each recorded call whatever its data is, and with another value of an
// argument that chooses only what was recorded too.
func TestRulesExact(t *testing.T) {
	for seed := range uint64(300) {
		m := newMaker(seed)
		p := m.phase()
		for range 20 {
			p.Calls = append(p.Calls, m.call())
		}
		f := filterOf(t, p.Rules())
		for _, c := range p.Calls {
			checkCall(t, m, &p, f, c)
		}
	}
}

func checkCall(t *testing.T, m maker, p *Phase, f seccomp.Filter, c Call) {
	t.Helper()
	nr, args := c.nr(), c.Args
	if p.given()[nr] || never(nr) {
		if permits(f, nr, args) {
			t.Fatalf("%s is permitted by a rule of its own", c.Syscall)
		}
		return
	}
	for i := range args {
		args[i] = args[i]&chosen(nr, i) | m.Uint64()&^chosen(nr, i)
	}
	if !permits(f, nr, args) {
		t.Fatalf("%s %#x is refused", c.Syscall, args)
	}
	for i := range args {
		args[i] ^= m.Uint64() & m.Uint64() & m.Uint64()
	}
	if got, want := permits(f, nr, args), byNumber(p, nr) || recorded(p, nr, args); got != want {
		t.Fatalf("%s %#x: permitted: %v, recorded: %v\n%v", c.Syscall, args, got, want, f.Rules)
	}
}

func byNumber(p *Phase, nr uint32) bool {
	return !choosing(nr) || hot(nr) || slices.ContainsFunc(p.Calls, func(c Call) bool { return c.nr() == nr && c.unseen() })
}

func recorded(p *Phase, nr uint32, args Args) bool {
	name, _ := sysno.Name(nr)
	masked := Call{Syscall: name, Args: args}.choosing()
	return slices.ContainsFunc(p.Calls, func(c Call) bool { return c.nr() == nr && c.choosing() == masked })
}

// Every subset of the combinations of few values: what is permitted is that subset, as
// long as it is spelled out.
func TestRulesCombinations(t *testing.T) {
	listed := 0
	for seed := range uint64(300) {
		m := newMaker(seed)
		p := Phase{Policies: []string{"net"}}
		density := 1 + m.IntN(10)
		for i := range uint64(27) {
			if m.IntN(10) < density {
				p.Calls = append(p.Calls, Call{Syscall: "socket", Args: Args{i % 3, i / 3 % 3, i / 9}})
			}
		}
		rules := p.Rules()
		if len(p.Calls) == 0 || rules[0].When == nil {
			continue
		}
		listed++
		f := filterOf(t, rules)
		for i := range uint64(64) {
			args := Args{i % 4, i / 4 % 4, i / 16}
			if got, want := permits(f, sysno.Socket, args), recorded(&p, sysno.Socket, args); got != want {
				t.Fatalf("seed %d: %v: permitted: %v, recorded: %v\n%v", seed, args, got, want, rules)
			}
		}
	}
	if listed < 200 {
		t.Errorf("only %d of 300 were spelled out", listed)
	}
}

func sockets(combinations ...Args) []Call {
	var calls []Call
	for _, args := range combinations {
		calls = append(calls, Call{Syscall: "socket", Args: args})
	}
	return calls
}

func text(rules []seccomp.Rule) string {
	var lines []string
	for _, r := range rules {
		lines = append(lines, ruleText(r))
	}
	return strings.Join(lines, "\n")
}

// Alternatives are joined where that permits no more.
func TestRulesJoin(t *testing.T) {
	for _, test := range []struct {
		name string
		in   []Call
		want string
	}{
		{"one argument", []Call{{Syscall: "fcntl", Args: Args{9, 4}}, {Syscall: "fcntl", Args: Args{8, 3}}, {Syscall: "fcntl", Args: Args{7, 4}}},
			"fcntl if arg1:32 in {0x3, 0x4}"},
		{"a product", sockets(Args{2, 1, 6}, Args{10, 1, 6}, Args{2, 2, 6}, Args{10, 2, 6}),
			"socket if arg0:32 in {0x2, 0xa} && arg1:32 in {0x1, 0x2} && arg2:32 == 0x6"},
		{"no product", sockets(Args{2, 1, 6}, Args{10, 2, 17}),
			"socket if arg0:32 == 0x2 && arg1:32 == 0x1 && arg2:32 == 0x6\nsocket if arg0:32 == 0xa && arg1:32 == 0x2 && arg2:32 == 0x11"},
		// Joined along the first argument first, three boxes would remain.
		{"the order matters", sockets(Args{0, 0, 0}, Args{1, 0, 0}, Args{0, 1, 0}, Args{1, 2, 0}),
			"socket if arg0:32 == 0x0 && arg1:32 in {0x0, 0x1} && arg2:32 == 0x0\nsocket if arg0:32 == 0x1 && arg1:32 in {0x0, 0x2} && arg2:32 == 0x0"},
		{"64 bits", []Call{{Syscall: "unshare", Args: Args{0x11}}, {Syscall: "unshare", Args: Args{1<<32 | 0x11}}},
			"unshare if arg0 in {0x11, 0x100000011}"},
	} {
		p := Phase{Policies: []string{"net"}, Thread: true, Calls: test.in}
		if got := text(p.Rules()); got != test.want {
			t.Errorf("%s:\n%s\nnot\n%s", test.name, got, test.want)
		}
	}
}

func TestRulesByNumber(t *testing.T) {
	var diagonal, many []Call
	for i := range uint64(17) {
		diagonal = append(diagonal, sockets(Args{i, i, i})...)
	}
	for i := range uint64(129) {
		many = append(many, Call{Syscall: "ioctl", Args: Args{0, i}})
	}
	for _, test := range []struct {
		calls  []Call
		listed bool
		reason string
	}{
		{diagonal[:16], true, "learned"},
		{diagonal, false, "learned; by number: 17 different uses are too many to list"},
		{many[:128], true, "learned"},
		{many, false, "learned; by number: 129 different uses are too many to list"},
		{[]Call{{Syscall: "recvfrom", Args: Args{3: 2}}}, false, "learned; by number: the kernel answers from its action cache"},
		{[]Call{{Syscall: "clone", Mark: "passes by number"}}, false, "learned; by number: arguments were not seen"},
		{[]Call{{Syscall: "clone", Mark: "from data", Args: Args{17}}}, true, "learned"},
	} {
		p := Phase{Policies: []string{"net"}, Thread: true, Calls: test.calls}
		rules := p.Rules()
		if len(rules) == 0 || rules[0].Reason != test.reason || (rules[0].When != nil) != test.listed || rules[0].Action != seccomp.Allow {
			t.Errorf("%s: %+v", test.calls[0].Syscall, rules)
		}
	}
}

// What the library permits by itself no learned policy repeats: the root's builder
// would refuse to narrow it.
func TestRulesLeaveOutRuntime(t *testing.T) {
	for _, thread := range []bool{false, true} {
		p := Phase{Policies: []string{"all"}, Thread: thread}
		for _, name := range sysno.All() {
			p.Calls = append(p.Calls, Call{Syscall: name, Args: Args{1, 2, 3, 4, 5, 6}})
		}
		got := make(map[string]bool)
		for _, r := range p.Rules() {
			got[r.Call] = true
		}
		want := make(map[string]bool)
		for _, name := range sysno.All() {
			want[name] = true
		}
		for _, name := range []string{"rt_sigqueueinfo", "rt_tgsigqueueinfo"} {
			delete(want, name)
		}
		scope := gobase.Process
		if thread {
			scope = gobase.Thread
		}
		for n := range gobase.Needs(scope) {
			if name, _ := sysno.Name(n.Nr); n.When == "" || name == "tgkill" || name == "clone" {
				delete(want, name)
			}
		}
		for name := range want {
			if !got[name] {
				t.Errorf("thread %v: %s is left out", thread, name)
			}
		}
		if len(got) != len(want) {
			t.Errorf("thread %v: %d calls, want %d", thread, len(got), len(want))
		}
	}
}

// The JSON form has the same rules.
func TestPolicyJSON(t *testing.T) {
	for seed := range uint64(100) {
		p := newMaker(seed).phase()
		b, err := p.PolicyJSON("net")
		if err != nil {
			t.Fatal(err)
		}
		var form struct {
			Name  string
			Allow []string
			If    []struct {
				Call string
				When []seccomp.Cond
			} `json:"allow_if"`
		}
		if err := json.Unmarshal(b, &form); err != nil {
			t.Fatal(err)
		}
		var read []seccomp.Rule
		for _, call := range form.Allow {
			read = append(read, seccomp.Rule{Call: call, Action: seccomp.Allow})
		}
		for _, r := range form.If {
			read = append(read, seccomp.Rule{Call: r.Call, When: r.When, Action: seccomp.Allow})
		}
		rules := p.Rules()
		slices.SortStableFunc(rules, func(a, b seccomp.Rule) int { return min(len(a.When), 1) - min(len(b.When), 1) })
		if form.Name != "net" || text(read) != text(rules) {
			t.Fatalf("seed %d: %s\nnot\n%s", seed, text(read), text(rules))
		}
	}
	for _, name := range []string{"", "a\nb", "é", `"`, strings.Repeat("a", 49)} {
		if _, err := new(Phase).PolicyJSON(name); err == nil {
			t.Errorf("%q is taken as a name", name)
		}
	}
}
