// SPDX-License-Identifier: MIT

package measure_test

import (
	"fmt"
	"math"
	"os"
	"runtime"
	"testing"

	"golang.org/x/net/bpf"

	"github.com/syscall-sandbox/sandbox/bench/measure"
	"github.com/syscall-sandbox/sandbox/bench/peer"
	"github.com/syscall-sandbox/sandbox/bench/policies"
	"github.com/syscall-sandbox/sandbox/bench/policy"
)

// TestMain serves as the measuring child, which InKernel starts from its own program.
func TestMain(m *testing.M) {
	if len(os.Args) == 2 && os.Args[1] == measure.ChildArg {
		if err := measure.Child(); err != nil {
			fmt.Fprintln(os.Stderr, err)
			os.Exit(1)
		}
		os.Exit(0)
	}
	os.Exit(m.Run())
}

func compiled(t *testing.T, prepare func(*policy.Policy) (func() ([]bpf.RawInstruction, error), error), p *policy.Policy) []bpf.RawInstruction {
	t.Helper()
	compile, err := prepare(p)
	if err != nil {
		t.Fatal(err)
	}
	prog, err := compile()
	if err != nil {
		t.Fatal(err)
	}
	return prog
}

func linear(p *policy.Policy) (func() ([]bpf.RawInstruction, error), error) { return peer.Linear(p) }

func elastic(p *policy.Policy) (func() ([]bpf.RawInstruction, error), error) { return peer.Elastic(p) }

// TestCountKnown holds the counting to figures that can be worked out by hand
// (linear) or were taken independently (elastic).
func TestCountKnown(t *testing.T) {
	net, args := policy.MustParse(policies.Net), policy.MustParse(policies.Args)
	got := measure.Count(compiled(t, linear, net), net)
	// 4 instructions before the first comparison's, two for each number, the default;
	// the i-th number's path: 3 loads and the architecture, i comparisons, RET.
	if want := (measure.Paths{Length: 4 + 2*114 + 1, Allowed: 3 + 115.0/2 + 1, Denied: 3 + 114 + 1, Longest: 118, LongestRun: 118}); got != want {
		t.Errorf("linear: %+v, want %+v", got, want)
	}
	got = measure.Count(compiled(t, elastic, args), args)
	if got.Length != 315 || got.Longest != 311 || got.Denied != 119 || math.Round(got.Weighted) != 125 || math.Abs(got.Allowed-63.4) > 0.05 {
		t.Errorf("elastic on args: %+v", got)
	}
}

func TestCheckFindsWrongAnswers(t *testing.T) {
	args := policy.MustParse(policies.Args)
	first, wrong, probes, err := measure.Check(compiled(t, elastic, args), args)
	if err != nil || first == nil || !first.Call.Native() || wrong == 0 || probes < wrong {
		t.Errorf("elastic on args: %v, %d of %d, %v", first, wrong, probes, err)
	}
	net := policy.MustParse(policies.Net)
	if first, _, _, err := measure.Check(compiled(t, linear, net), net); first != nil || err != nil {
		t.Errorf("linear on net: %v, %v", first, err)
	}
	if _, _, _, err := measure.Check([]bpf.RawInstruction{{Op: 0x15, Jt: 9}}, net); err == nil {
		t.Error("a program that the kernel refuses is measured")
	}
}

func TestWeightsAddUp(t *testing.T) {
	args := policy.MustParse(policies.Args)
	sum := 0.0
	for _, r := range args.Rules {
		if r.Checked() {
			sum += measure.Weight(args, r.Name)
		}
	}
	if math.Abs(sum-1) > 1e-9 {
		t.Errorf("the weights of args add up to %v", sum)
	}
}

func TestCompileCost(t *testing.T) {
	var sink []byte
	cost, err := measure.Compile(func() error { sink = make([]byte, 1024); return nil })
	if err != nil || cost.NS <= 0 || cost.Allocs != 1 || cost.Bytes < 1024 || cost.Bytes > 1100 {
		t.Errorf("%+v, %v", cost, err)
	}
	_ = sink
	if _, err := measure.Compile(func() error { return os.ErrInvalid }); err != os.ErrInvalid {
		t.Errorf("a failing compiler: %v", err)
	}
}

func TestInKernel(t *testing.T) {
	if runtime.GOOS != "linux" || runtime.GOARCH != "amd64" {
		if err := measure.Child(); err == nil {
			t.Error("measures where it cannot")
		}
		return
	}
	net := policy.MustParse(policies.Net)
	k, err := measure.InKernel(compiled(t, linear, net), net)
	if err != nil || k.InstallUS <= 0 || k.CachedNS <= 0 || k.DeniedNS <= 0 || k.ArgsNS != -1 {
		t.Errorf("%+v, %v", k, err)
	}
	// A program that refuses what the policy allows is no run to report.
	if k, err := measure.InKernel([]bpf.RawInstruction{{Op: 0x06}}, net); err == nil {
		t.Errorf("an incoherent run is reported: %+v", k)
	}
}
