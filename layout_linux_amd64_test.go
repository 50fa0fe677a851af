// SPDX-License-Identifier: MIT

package sandbox

import (
	"os"
	"regexp"
	"strconv"
	"strings"
	"testing"
	"unsafe" // for the layout that the assembly counts on

	"golang.org/x/sys/unix"

	"github.com/syscall-sandbox/sandbox/internal/abi"
)

// The numbers of the assembly are those of the Go structures, of internal/abi and of the
// kernel's table.
func TestAssemblyLayout(t *testing.T) {
	var i instance
	var e entry
	want := map[string]uint64{
		"si_errno": abi.OffErrno, "si_code": abi.OffCode, "si_call_addr": abi.OffCallAddr, "si_syscall": abi.OffSyscall, "si_arch": abi.OffSigArch,
		"uc_r8": abi.OffR8, "uc_r9": abi.OffR9, "uc_r10": abi.OffR10, "uc_rdi": abi.OffRDI, "uc_rsi": abi.OffRSI, "uc_rbp": abi.OffRBP,
		"uc_rdx": abi.OffRDX, "uc_rax": abi.OffRAX, "uc_rsp": abi.OffRSP, "uc_rip": abi.OffRIP, "uc_sigmask": abi.OffSigmask,
		"instance_length": uint64(unsafe.Offsetof(i.length)), "instance_byComm": uint64(unsafe.Offsetof(i.byComm)), "instance_label": uint64(unsafe.Offsetof(i.label)),
		"instance_guards": uint64(unsafe.Offsetof(i.guards)), "instance_text": uint64(unsafe.Offsetof(i.text)),
		"entry_hash": 0, "entry_count": uint64(unsafe.Offsetof(e.count)), "entry_nr": uint64(unsafe.Offsetof(e.nr)), "entry_label": uint64(unsafe.Offsetof(e.label)),
		"entry_tid": uint64(unsafe.Offsetof(e.tid)), "entry_done": uint64(unsafe.Offsetof(e.done)), "entry_ip": uint64(unsafe.Offsetof(e.ip)),
		"entry_args": uint64(unsafe.Offsetof(e.args)), "entry_time": uint64(unsafe.Offsetof(e.time)), "entry_comm": uint64(unsafe.Offsetof(e.comm)),
		"entry_leaf": uint64(unsafe.Offsetof(e.leaf)), "entry_npcs": uint64(unsafe.Offsetof(e.npcs)), "entry_pcs": uint64(unsafe.Offsetof(e.pcs)),
		"max_pcs": maxPCs, "table_mask": tableSize - 1, "max_used": tableSize * 3 / 4, "max_probes": 32, "rawText_len": uint64(len(rawLine)),
		"SYS_write": unix.SYS_WRITE, "SYS_rt_sigaction": unix.SYS_RT_SIGACTION, "SYS_rt_sigprocmask": unix.SYS_RT_SIGPROCMASK, "SYS_writev": unix.SYS_WRITEV,
		"SYS_nanosleep": unix.SYS_NANOSLEEP, "SYS_clone": unix.SYS_CLONE, "SYS_fork": unix.SYS_FORK, "SYS_vfork": unix.SYS_VFORK, "SYS_prctl": unix.SYS_PRCTL,
		"SYS_gettid": unix.SYS_GETTID, "SYS_timer_create": unix.SYS_TIMER_CREATE, "SYS_timer_settime": unix.SYS_TIMER_SETTIME,
		"SYS_clock_gettime": unix.SYS_CLOCK_GETTIME, "SYS_exit_group": unix.SYS_EXIT_GROUP,
		"SYS_rt_sigqueueinfo": unix.SYS_RT_SIGQUEUEINFO, "SYS_rt_tgsigqueueinfo": unix.SYS_RT_TGSIGQUEUEINFO,
	}
	header := readSource(t, "signal_linux_amd64.h")
	defines := regexp.MustCompile(`(?m)^#define (\w+)\s+(\d+)`).FindAllStringSubmatch(header, -1)
	seen := make(map[string]bool)
	for _, d := range defines {
		got, err := strconv.ParseUint(d[2], 10, 64)
		if err != nil {
			t.Fatal(err)
		}
		seen[d[1]] = true
		if w, ok := want[d[1]]; d[1] != "entry_shift" && (!ok || w != got) {
			t.Errorf("#define %s %d: want %d (known: %t)", d[1], got, w, ok)
		} else if d[1] == "entry_shift" && unsafe.Sizeof(e) != 1<<got {
			t.Errorf("an entry has %d bytes, not 1<<%d", unsafe.Sizeof(e), got)
		}
	}
	for name := range want {
		if !seen[name] {
			t.Errorf("%s is not in the header", name)
		}
	}
}

// Numbers that stand in the instructions themselves.
func TestAssemblyImmediates(t *testing.T) {
	if unsafe.Sizeof(instance{}) != 1<<7 || unsafe.Sizeof(prefix{}) != 1<<4 || maxInstances != 16384 || maxNumbers != 512 || len(blockers) != 8 {
		t.Error("signal_linux_amd64.s, answer_linux_amd64.s count on other sizes")
	}
	for file, texts := range map[string][]string{
		"signal_linux_amd64.s": {"CMPQ	BX, $16384", "SHLQ	$7, BX", "CMPQ	R14, $512", "SHLQ	$4, CX", "$0xc000003e"},
		"answer_linux_amd64.s": {"MOVQ	$8, CX // len(blockers)", "MOVQ	$0x" + strconv.FormatUint(again, 16) + ", AX"},
		"record_linux_amd64.s": {"IMUL3Q	$48, R14, AX"},
	} {
		source := readSource(t, file)
		for _, text := range texts {
			if !strings.Contains(source, text) {
				t.Errorf("%s has no %q", file, text)
			}
		}
	}
}

func readSource(t *testing.T, name string) string {
	t.Helper()
	text, err := os.ReadFile(name)
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}
