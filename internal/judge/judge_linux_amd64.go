// SPDX-License-Identifier: MIT

package judge

import (
	"bytes"
	"encoding/gob"
	"os"
	"runtime"
	"runtime/debug"
	"strings"
	"sync/atomic"
	"syscall"
	"testing"
	"unsafe" // the assembly and the kernel read the structures built here

	"golang.org/x/net/bpf"
	"golang.org/x/sys/unix"

	"github.com/syscall-sandbox/sandbox/internal/abi"
	"github.com/syscall-sandbox/sandbox/internal/sysno"
	"github.com/syscall-sandbox/sandbox/internal/testproc"
	"github.com/syscall-sandbox/sandbox/seccomp"
)

// Children are the child functions that a TestMain must register with
// testproc.Main for this package to work.
func Children() map[string]func() {
	return map[string]func(){
		childProbe:   probeChild,
		childVerdict: verdictChild,
		childCompat:  compatChild,
	}
}

const (
	childProbe   = "judge.probe"
	childVerdict = "judge.verdict"
	childCompat  = "judge.compat"
)

// block is what the assembly function gets.
type block struct {
	fprog     *unix.SockFprog
	mask      uint64 // signals to block
	installed int64  // result of seccomp(2)
	n         uint64
	calls     *probeCall
	done      uint32
}

// probeCall is one call and its result.
type probeCall struct {
	nr     uint64
	compat uint64 // 1: by int 0x80
	args   [6]uint64
	result int64
}

func probe(b *block)

// A question goes from the test to the probing child.
type question struct {
	Code  []bpf.RawInstruction
	Calls []seccomp.Call
}

// Exempt reports whether newer kernels do not ask any filter about a call:
// uretprobe (since 6.14) and uprobe (since 6.18), which the kernel itself puts
// into traced programs. Called from anywhere else they raise SIGILL or fail
// (kernel/seccomp.c: seccomp_uprobe_exception; arch/x86/kernel/uprobes.c).
func Exempt(c seccomp.Call) bool {
	return c.Native() && (c.Nr == sysno.Uretprobe || c.Nr == sysno.Uprobe)
}

// Answers returns for each call the value of the RET that the kernel ends in
// when it runs the program for it. Nothing is executed. A call's Arch is
// x86-64 or i386 (see RequireCompat); its IP is not the caller's to choose. It must
// not be Exempt.
func Answers(t testing.TB, p *seccomp.Program, calls []seccomp.Call) []uint32 {
	t.Helper()
	code, rets, err := rewrite(p.Instructions())
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range calls {
		if c.Arch != abi.AuditArchX86_64 && c.Arch != abi.AuditArchI386 {
			t.Fatalf("judge: no call of architecture %#x can be made here", c.Arch)
		}
		if Exempt(c) {
			t.Fatalf("judge: the kernel asks no filter about %v", c)
		}
	}
	var results []int64
	ask(t, childProbe, question{code, calls}, &results)
	answers := make([]uint32, len(calls))
	for i, r := range results {
		if answers[i], err = original(r, rets); err != nil {
			t.Fatalf("%v: %v", calls[i], err)
		}
	}
	return answers
}

// ask runs a child with a question on its standard input and reads its answer.
func ask(t testing.TB, child string, q, answer any) {
	t.Helper()
	var in bytes.Buffer
	if err := gob.NewEncoder(&in).Encode(q); err != nil {
		t.Fatal(err)
	}
	r := testproc.Cmd{Name: child, Stdin: &in}.Run(t).ExpectExit(t, 0)
	if err := gob.NewDecoder(strings.NewReader(r.Stdout)).Decode(answer); err != nil {
		t.Fatalf("child %s: %v\n%s", child, err, r.Stderr)
	}
}

func receive(q any) {
	if err := gob.NewDecoder(os.Stdin).Decode(q); err != nil {
		testproc.Fail("reading the question: %v", err)
	}
}

func reply(answer any) {
	if err := gob.NewEncoder(os.Stdout).Encode(answer); err != nil {
		testproc.Fail("writing the answer: %v", err)
	}
}

func probeChild() {
	var q question
	receive(&q)
	reply(put(q))
	os.Exit(0) // the filtered thread spins on until here
}

// put puts a question to the kernel and returns the results of the calls. The
// probing thread never reaches a safe point again, so nothing may stop the
// world from here to the end of the process.
func put(q question) []int64 {
	NeverStopTheWorld(1)
	calls := make([]probeCall, len(q.Calls)+1) // one more: a pointer to the first must exist
	for i, c := range q.Calls {
		calls[i] = probeCall{nr: uint64(c.Nr), args: c.Args}
		if c.Arch == abi.AuditArchI386 {
			calls[i].compat = 1
		}
	}
	b := &block{fprog: sockFprog(q.Code), mask: ^uint64(0), n: uint64(len(q.Calls)), calls: &calls[0]}
	go func() {
		runtime.LockOSThread()
		if err := seccomp.SetNoNewPrivs(); err != nil {
			testproc.Fail("%v", err)
		}
		probe(b)
	}()
	for atomic.LoadUint32(&b.done) == 0 {
		runtime.Gosched()
	}
	if b.installed != 0 {
		testproc.Fail("seccomp(2) returned %d", b.installed)
	}
	results := make([]int64, len(q.Calls))
	for i := range results {
		results[i] = calls[i].result
	}
	return results
}

// NeverStopTheWorld ends garbage collection for good, because threads will not reach a safe
// point any more, and adds the processors that they keep. SetGCPercent waits only for
// the marking of a collection that is under way, after which it still wants an answer from
// each thread; a change of GOMAXPROCS waits for all of it (runtime/proc.go stopTheWorldGC).
func NeverStopTheWorld(threads int) {
	debug.SetGCPercent(-1)
	runtime.GOMAXPROCS(runtime.GOMAXPROCS(0) + threads)
}

// sockFprog returns code as seccomp(2) takes it, a null pointer if it is empty.
// It does not check anything: refused programs are to be shown to the kernel too.
func sockFprog(code []bpf.RawInstruction) *unix.SockFprog {
	filter := make([]unix.SockFilter, len(code))
	for i, in := range code {
		filter[i] = unix.SockFilter{Code: in.Op, Jt: in.Jt, Jf: in.Jf, K: in.K}
	}
	return &unix.SockFprog{Len: uint16(len(filter)), Filter: unsafe.SliceData(filter)}
}

// RequireCompat skips the test on a kernel that has no int 0x80, which is a
// matter of its configuration and command line (ia32_emulation=), not its version.
func RequireCompat(t testing.TB) {
	t.Helper()
	r := testproc.Run(t, childCompat)
	if r.Signal == syscall.SIGSEGV {
		r.ExpectSignal(t, syscall.SIGSEGV)
		t.Skip("SKIP-CONFIG this kernel has no 32-bit calls (CONFIG_IA32_EMULATION, ia32_emulation=)")
	}
	r.ExpectExit(t, 0)
}

// compatChild makes one 32-bit call, to a filter that refuses it. Without int
// 0x80 the thread is killed by SIGSEGV, which it blocks.
func compatChild() {
	put(question{
		Code:  []bpf.RawInstruction{{Op: opRetK, K: abi.RetErrno | 1}},
		Calls: []seccomp.Call{{Arch: abi.AuditArchI386, Nr: 20}},
	})
	os.Exit(0)
}

// RequireVsyscall skips the test on a kernel that does not emulate vsyscalls, which is a
// matter of its configuration and command line (vsyscall=), not its version.
func RequireVsyscall(t testing.TB) {
	t.Helper()
	maps, err := os.ReadFile("/proc/self/maps")
	if err != nil {
		t.Fatal(err)
	}
	if !bytes.Contains(maps, []byte("[vsyscall]")) {
		t.Skip("SKIP-CONFIG this kernel emulates no vsyscalls (CONFIG_X86_VSYSCALL_EMULATION, vsyscall=)")
	}
}
