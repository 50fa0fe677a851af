// SPDX-License-Identifier: MIT

package seccomp_test

import (
	"fmt"
	"math/rand/v2"
	"reflect"
	"testing"

	"golang.org/x/net/bpf"

	"github.com/syscall-sandbox/sandbox/internal/abi"
	"github.com/syscall-sandbox/sandbox/internal/bpfsim"
	"github.com/syscall-sandbox/sandbox/internal/sysno"
	"github.com/syscall-sandbox/sandbox/seccomp"
)

func TestTablesDecide(t *testing.T) {
	for _, tab := range readTables(t) {
		for _, row := range tab.rows {
			if got, _ := tab.filter.Decide(row.call); got != row.want {
				t.Errorf("%s: %v: %v, want %v", row.where, row.call, got, row.want)
			}
		}
	}
}

func TestTablesProgram(t *testing.T) {
	for _, tab := range readTables(t) {
		j := newJudges(t, tab.filter)
		unbound, err := tab.unbound.Compile()
		if err != nil {
			t.Fatalf("%s: %v", tab.name, err)
		}
		for _, row := range tab.rows {
			if got := j.ask(t, row.call); got != row.want.Value() {
				t.Errorf("%s: %v: %#x, want %v", row.where, row.call, got, row.want)
			}
			// The filter is bound already; a program that is bound later says the same.
			_, rule := tab.filter.Decide(row.call)
			explained := unbound.ForPID(self).Explain(row.call)
			if explained.Action != row.want || !reflect.DeepEqual(explained.Rule, rule) {
				t.Errorf("%s: %v: explained by %+v, want %v by %v", row.where, row.call, explained, row.want, rule)
			}
		}
	}
}

// judges are the two interpreters over one compiled filter.
type judges struct {
	code []bpf.RawInstruction
	vm   *bpf.VM
}

func newJudges(t testing.TB, f seccomp.Filter) judges {
	t.Helper()
	p, err := f.Compile()
	if err != nil {
		t.Fatal(err)
	}
	return judgesOf(t, p)
}

func judgesOf(t testing.TB, p *seccomp.Program) (j judges) {
	t.Helper()
	j.code = p.Instructions()
	insns := make([]bpf.Instruction, len(j.code))
	for i, in := range j.code {
		insns[i] = in.Disassemble()
	}
	vm, err := bpf.NewVM(insns)
	if err != nil {
		t.Fatal(err)
	}
	j.vm = vm
	return j
}

// ask returns what both interpreters say, and fails the test if they differ.
func (j judges) ask(t testing.TB, c seccomp.Call) uint32 {
	t.Helper()
	got, err := bpfsim.Run(j.code, dataOf(c))
	if err != nil {
		t.Fatalf("%v: %v", c, err)
	}
	other, err := j.vm.Run(vmWords(c))
	if err != nil || uint32(other) != got {
		t.Fatalf("%v: bpfsim says %#x, x/net/bpf %#x, %v", c, got, other, err)
	}
	return got
}

func dataOf(c seccomp.Call) bpfsim.Data {
	return bpfsim.Data{Nr: c.Nr, Arch: c.Arch, IP: c.IP, Args: c.Args}
}

// vmWords is struct seccomp_data for x/net/bpf, which loads words big-endian.
func vmWords(c seccomp.Call) []byte {
	b := make([]byte, 0, abi.SizeofData)
	word := func(v uint32) { b = append(b, byte(v>>24), byte(v>>16), byte(v>>8), byte(v)) }
	word(c.Nr)
	word(c.Arch)
	word(uint32(c.IP))
	word(uint32(c.IP >> 32))
	for _, arg := range c.Args {
		word(uint32(arg))
		word(uint32(arg >> 32))
	}
	return b
}

// sweep is every number that the kernel's own action cache may hold, their x32
// twins, negative numbers and the highest unknown ones.
func sweep() []seccomp.Call {
	var calls []seccomp.Call
	for nr := range uint32(1024) {
		for _, n := range []uint32{nr, nr | abi.X32Bit, -nr - 1, 0x3fffffff - nr, 0x80000000 + nr} {
			calls = append(calls, seccomp.Call{Arch: abi.AuditArchX86_64, Nr: n})
		}
	}
	return calls
}

func allNames() (names []string) {
	for _, name := range sysno.All() {
		names = append(names, name)
	}
	return names
}

func randomAction(r *rand.Rand) seccomp.Action {
	switch r.IntN(10) {
	case 0:
		return seccomp.KillProcess
	case 1:
		return seccomp.UnsafeKillThread
	case 2:
		return seccomp.Log
	case 3:
		return seccomp.Trap(uint16(r.Uint32()))
	case 4:
		return seccomp.Trace(uint16(r.Uint32()))
	case 5:
		return seccomp.Errno(uint16(1 + r.IntN(4094)))
	case 6:
		return seccomp.UserNotif
	}
	return seccomp.Allow
}

// randomFilter takes its rules' actions from a few, as real filters do.
func randomFilter(r *rand.Rand) seccomp.Filter {
	palette := make([]seccomp.Action, 1+r.IntN(8))
	for i := range palette {
		palette[i] = randomAction(r)
	}
	pick := func() seccomp.Action { return palette[r.IntN(len(palette))] }
	f := seccomp.Filter{Default: pick(), Unknown: pick()}
	density := r.IntN(101)
	for _, name := range sysno.All() {
		if r.IntN(100) < density {
			f.Rules = append(f.Rules, seccomp.Rule{Call: name, Action: pick()})
		}
	}
	r.Shuffle(len(f.Rules), func(i, j int) { f.Rules[i], f.Rules[j] = f.Rules[j], f.Rules[i] })
	return f
}

func TestRandomFilters(t *testing.T) {
	count := 300
	if testing.Short() || raceEnabled {
		count = 30
	}
	calls := sweep()
	for seed := range count {
		r := rand.New(rand.NewPCG(uint64(seed), 1))
		f := randomFilter(r)
		p, err := f.Compile()
		if err != nil {
			t.Fatal(err)
		}
		decide := decider(f)
		code := p.Instructions()
		coverage := bpfsim.NewCoverage(len(code))
		var trace []int
		for _, c := range append(calls, seccomp.Call{Arch: abi.AuditArchI386, Nr: r.Uint32()}, seccomp.Call{Nr: r.Uint32()}) {
			var got uint32
			got, trace, err = bpfsim.RunTrace(code, dataOf(c), trace[:0])
			if want := decide(c); err != nil || got != want.Value() {
				t.Fatalf("seed %d: %v: %#x, %v, want %v\n%v", seed, c, got, err, want, p)
			}
			coverage.Add(trace)
		}
		if missed := coverage.Missed(); missed != nil {
			t.Fatalf("seed %d: no call reaches instructions %v\n%v", seed, missed, p)
		}
	}
}

// decider is Decide with its answers to known numbers looked up once.
func decider(f seccomp.Filter) func(seccomp.Call) seccomp.Action {
	var known [1024]seccomp.Action
	for nr := range known {
		known[nr], _ = f.Decide(seccomp.Call{Arch: abi.AuditArchX86_64, Nr: uint32(nr)})
	}
	return func(c seccomp.Call) seccomp.Action {
		if c.Arch == abi.AuditArchX86_64 && c.Nr < uint32(len(known)) {
			return known[c.Nr]
		}
		a, _ := f.Decide(c)
		return a
	}
}

func TestDecideRule(t *testing.T) {
	f := seccomp.Filter{Default: seccomp.Allow, Rules: []seccomp.Rule{{Call: "read", Action: seccomp.Errno(1), Reason: "why"}}}
	read, _ := seccomp.CallOf("read")
	a, rule := f.Decide(read)
	if a != seccomp.Errno(1) || rule == nil || rule.Reason != "why" {
		t.Errorf("%v, %v", a, rule)
	}
	rule.Action = seccomp.Allow
	if a, _ := f.Decide(read); a != seccomp.Errno(1) {
		t.Error("the rule returned is the filter's own")
	}
	for _, c := range []seccomp.Call{{Arch: read.Arch, Nr: 1}, {Arch: read.Arch, Nr: 999}, {Arch: 1}, {Arch: read.Arch, Nr: abi.X32Bit}} {
		if _, rule := f.Decide(c); rule != nil {
			t.Errorf("%v: %v", c, rule)
		}
	}
}

func ExampleFilter_Decide() {
	f := seccomp.Filter{
		Default: seccomp.Allow,
		Rules:   []seccomp.Rule{{Call: "ptrace", Action: seccomp.Errno(1), Reason: "nobody debugs here"}},
	}
	call, _ := seccomp.CallOf("ptrace")
	action, rule := f.Decide(call)
	fmt.Println(action, rule.Reason)
	call.Nr |= 0x40000000 // the x32 ABI
	action, _ = f.Decide(call)
	fmt.Println(action)
	// Output:
	// errno(EPERM) nobody debugs here
	// kill_process
}
