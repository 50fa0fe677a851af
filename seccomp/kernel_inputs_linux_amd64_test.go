// SPDX-License-Identifier: MIT

package seccomp_test

import (
	"errors"
	"os"
	"slices"
	"syscall"
	"testing"
	"unsafe" // code is written into a page of its own, which is called

	"golang.org/x/sys/unix"

	"github.com/syscall-sandbox/sandbox/internal/abi"
	"github.com/syscall-sandbox/sandbox/internal/bpfsim"
	"github.com/syscall-sandbox/sandbox/internal/judge"
	"github.com/syscall-sandbox/sandbox/internal/testproc"
	"github.com/syscall-sandbox/sandbox/seccomp"
)

// What is a filter, and what it sees of a call.

func programLength() {
	nops := func(n int) []raw { return append(slices.Repeat([]raw{{Op: 0x00}}, n-1), ret(abi.RetAllow)) }
	onThread(func() {
		noNewPrivs()
		for n, want := range map[int]syscall.Errno{1: 0, 4095: 0, 4096: 0, 4097: unix.EINVAL, 65535: unix.EINVAL} {
			_, errno := judge.Install(nops(n), 0)
			check(errno == want, "%d instructions: %v, want %v", n, errno, want)
		}
		_, errno := judge.Install(nil, 0)
		check(errno == unix.EINVAL, "no instructions: %v", errno)
		err := seccomp.SetFilter(nil, 0)
		check(err == seccomp.ErrNoProgram, "SetFilter: %v", err)
	})
}

func programNull() {
	onThread(func() {
		noNewPrivs()
		for _, address := range []uintptr{0, 8, 1<<47 - 8} {
			_, _, errno := unix.RawSyscall(unix.SYS_SECCOMP, abi.SetModeFilter, 0, address)
			check(errno == unix.EFAULT, "a program at %#x: %v", address, errno)
		}
	})
}

func programRefused() {
	allow := ret(abi.RetAllow)
	onThread(func() {
		noNewPrivs()
		for name, code := range map[string][]raw{
			"load past the end":     {load(abi.SizeofData), allow},
			"load unaligned":        {load(2), allow},
			"load a byte":           {{Op: 0x30}, allow},
			"load of a packet":      {{Op: 0x40}, allow},
			"jump past the end":     {{Op: 0x15, Jt: 1}, allow},
			"long jump":             {{Op: 0x05, K: 1}, allow},
			"jump back":             {allow, {Op: 0x05, K: ^uint32(0)}, allow},
			"division by 0":         {{Op: 0x34}, allow},
			"shift by 32":           {{Op: 0x64, K: 32}, allow},
			"memory beyond the end": {{Op: 0x02, K: abi.MemWords}, allow},
			"memory not written":    {{Op: 0x60}, allow},
			"no end":                {load(0)},
			"no operation":          {{Op: 0xffff}, allow},
		} {
			_, errno := judge.Install(code, 0)
			check(errno == unix.EINVAL, "%s: %v", name, errno)
			check(bpfsim.Verify(code) != nil, "%s passes for a program", name)
		}
		install([]raw{allow}, 0)
	})
}

// chainLimit fills the chain to the last instruction.
func chainLimit() {
	if hardened, err := os.ReadFile("/proc/sys/net/core/bpf_jit_harden"); err == nil && string(hardened) != "0\n" {
		println("bpf_jit_harden: the kernel blinds constants, and a program counts more, by how much it does not say")
		return
	}
	if filtered() {
		println("filters are inherited, and the kernel does not say how long they are: not counted here")
		return
	}
	// converted returns a program that counts n.
	converted := func(n int) []raw {
		code := []raw{ret(abi.RetAllow)}
		for ; bpfsim.Converted(code) < n-1; code = append(code, ret(abi.RetAllow)) {
		}
		if bpfsim.Converted(code) < n {
			code = append([]raw{{Op: 0x00}}, code...)
		}
		check(bpfsim.Converted(code) == n, "%d, want %d", bpfsim.Converted(code), n)
		return code
	}
	onThread(func() {
		noNewPrivs()
		left := abi.MaxPathInsn
		for range 4 {
			install(converted(8000), 0)
			left -= 8000 + abi.PathPenalty
		}
		_, errno := judge.Install(converted(left+1), 0)
		check(errno == unix.ENOMEM, "one instruction too many: %v", errno)
		_, errno = judge.Install(converted(left), 0)
		check(errno == 0, "the last %d instructions: %v", left, errno)
		err := seccomp.SetFilter(refuseGetgroups(), 0)
		check(errors.Is(err, seccomp.ErrChainFull), "SetFilter: %v", err)
	})
}

func byPrctl() {
	onThread(func() {
		noNewPrivs()
		_, _, errno := unix.RawSyscall(unix.SYS_PRCTL, unix.PR_SET_SECCOMP, unix.SECCOMP_MODE_FILTER, uintptr(judge.FilterArg(asked(abi.RetErrno|uint32(marker)))))
		check(errno == 0, "PR_SET_SECCOMP: %v", errno)
		_, errno = ask()
		check(errno == marker, "getpgrp: %v", errno)
		mode, _, errno := unix.RawSyscall(unix.SYS_PRCTL, unix.PR_GET_SECCOMP, 0, 0)
		check(mode == unix.SECCOMP_MODE_FILTER && errno == 0, "mode %d, %v", mode, errno)
	})
	onThread(func() {
		_, errno := ask()
		check(errno == 0, "another thread: getpgrp: %v", errno)
	})
}

// unused is a number that is no call, so that its arguments may be anything.
const unused = 1000

// argumentsSeen compares every word of every argument.
func argumentsSeen() {
	var args [6]uintptr
	code := []raw{load(abi.OffNr), unless(unused, 0), {Op: 0x15, Jt: 1, K: unused}, ret(abi.RetAllow)}
	for i := range args {
		args[i] = uintptr(0x0123456789abcdef) * uintptr(2*i+1)
		for half := range uint32(2) {
			code = append(code, load(abi.OffArgs+8*uint32(i)+4*half), raw{Op: 0x15, Jt: 1, K: uint32(args[i] >> (32 * half))},
				ret(abi.RetErrno|uint32(1+2*i)+half))
		}
	}
	onFiltered(func() {
		made := func(a [6]uintptr) syscall.Errno {
			_, _, errno := unix.RawSyscall6(unused, a[0], a[1], a[2], a[3], a[4], a[5])
			return errno
		}
		check(made(args) == marker, "the arguments as given: %v", made(args))
		for i := range args {
			for bit := range 64 {
				other := args
				other[i] ^= 1 << bit
				want := syscall.Errno(1 + 2*i + bit/32)
				check(made(other) == want, "bit %d of argument %d changed: %d, want %d", bit, i, made(other), want)
			}
		}
	}, append(code, ret(abi.RetErrno|uint32(marker))))
}

// pointersSeen: the same call with the same pointer is answered alike, whatever is there.
func pointersSeen() {
	path := []byte("/proc/self/status\x00")
	p, err := seccomp.Filter{Default: seccomp.Allow, Unknown: seccomp.Allow, Rules: []seccomp.Rule{
		{Call: "access", When: []seccomp.Cond{seccomp.Arg64(0).Is(uint64(uintptr(unsafe.Pointer(&path[0]))))}, Action: seccomp.Errno(uint16(marker))},
	}}.Compile()
	check(err == nil, "Compile: %v", err)
	elsewhere := slices.Clone(path)
	onThread(func() {
		noNewPrivs()
		err := seccomp.SetFilter(p, 0)
		check(err == nil, "SetFilter: %v", err)
		access := func(path []byte) syscall.Errno {
			_, _, errno := unix.RawSyscall(unix.SYS_ACCESS, uintptr(unsafe.Pointer(&path[0])), unix.F_OK, 0)
			return errno
		}
		check(access(path) == marker, "%v", access(path))
		check(access(elsewhere) == 0, "the same path elsewhere: %v", access(elsewhere))
		copy(path, "/proc/self/maps\x00")
		check(access(path) == marker, "another path there: %v", access(path))
	})
}

// sites returns the addresses of n times "syscall; ret", for judge.CallAt.
func sites(n int) []uintptr {
	page, err := unix.Mmap(-1, 0, 4096, unix.PROT_READ|unix.PROT_WRITE, unix.MAP_PRIVATE|unix.MAP_ANONYMOUS)
	check(err == nil, "mmap: %v", err)
	addresses := make([]uintptr, n)
	for i := range addresses {
		copy(page[16*i:], []byte{0x0f, 0x05, 0xc3})
		addresses[i] = uintptr(unsafe.Pointer(&page[16*i]))
	}
	err = unix.Mprotect(page, unix.PROT_READ|unix.PROT_EXEC)
	check(err == nil, "mprotect: %v", err)
	return addresses
}

func pointerSeen() {
	at := sites(2)
	ip := uint64(at[0] + 2)
	onFiltered(func() {
		there, elsewhere := int64(judge.CallAt(at[0], unused, 0, 0, 0, 0)), int64(judge.CallAt(at[1], unused, 0, 0, 0, 0))
		check(isErrno(there, marker), "there: %d", there)
		check(isErrno(elsewhere, unix.ENOSYS), "elsewhere: %d", elsewhere)
	}, []raw{load(abi.OffIP), unless(uint32(ip), 3), load(abi.OffIP + 4), unless(uint32(ip>>32), 1), ret(abi.RetErrno | uint32(marker)), ret(abi.RetAllow)})
}

func compatSeen(t *testing.T) {
	judge.RequireCompat(t)
	testproc.Run(t, "kernel.i386").ExpectExit(t, 0)
	testproc.Run(t, "kernel.killI386").ExpectSignal(t, unix.SIGSYS)
}

// getpidI386 is getpid's number in i386's table; in amd64's it is writev.
const getpidI386 = 20

func compatChild() {
	onFiltered(func() {
		r := judge.Int80(getpidI386)
		check(isErrno(int64(r), marker), "int 0x80: %d", r)
		_, errno := rawCall(getpidI386)
		check(errno != marker, "the same number by syscall: %v", errno)
	}, []raw{load(abi.OffArch), unless(abi.AuditArchI386, 3), load(abi.OffNr), unless(getpidI386, 1), ret(abi.RetErrno | uint32(marker)), ret(abi.RetAllow)})
}

func killCompatChild() {
	onThread(func() {
		noNewPrivs()
		err := seccomp.SetFilter(refuseGetgroups(), 0)
		check(err == nil, "SetFilter: %v", err)
		judge.Int80(getpidI386)
	})
}

func x32Seen(t *testing.T) {
	testproc.Run(t, "kernel.x32").ExpectExit(t, 0)
	testproc.Require(t, testproc.KillProcess)
	testproc.Run(t, "kernel.killX32").ExpectSignal(t, unix.SIGSYS)
}

func x32Child() {
	onFiltered(func() {
		_, errno := rawCall(abi.X32Bit | unix.SYS_GETPGRP)
		check(errno == marker, "x32: %v", errno)
		_, errno = ask()
		check(errno == 0, "amd64: %v", errno)
	}, []raw{load(abi.OffArch), unless(abi.AuditArchX86_64, 3), load(abi.OffNr), unless(abi.X32Bit|unix.SYS_GETPGRP, 1), ret(abi.RetErrno | uint32(marker)), ret(abi.RetAllow)})
}

func minusOneSeen(t *testing.T) {
	testproc.Run(t, "kernel.minusOne").ExpectExit(t, 0)
	testproc.Run(t, "kernel.killMinus").ExpectSignal(t, unix.SIGSYS)
}

func minusOneChild() {
	onThread(func() {
		noNewPrivs()
		install([]raw{ret(abi.RetAllow)}, 0)
		_, errno := rawCall(^uintptr(0))
		check(errno == unix.ENOSYS, "allowed: %v", errno)
		install(only(^uint32(0), abi.RetErrno|uint32(marker)), 0)
		_, errno = rawCall(^uintptr(0))
		check(errno == marker, "refused: %v", errno)
	})
}

func killMinusOneChild() {
	onThread(func() {
		noNewPrivs()
		err := seccomp.SetFilter(refuseGetgroups(), 0)
		check(err == nil, "SetFilter: %v", err)
		rawCall(^uintptr(0))
	})
}

func unknownNumber() {
	onFiltered(func() {
		_, errno := rawCall(unused)
		check(errno == unix.ENOSYS, "allowed: %v", errno)
		_, errno = rawCall(unused + 1)
		check(errno == marker, "refused: %v", errno)
	}, only(unused+1, abi.RetErrno|uint32(marker)))
}

// vsyscallTime is where the kernel emulates time(2) (arch/x86/entry/vsyscall).
const vsyscallTime = 0xffffffffff600400

func vsyscallSeen(t *testing.T) {
	judge.RequireVsyscall(t)
	testproc.Run(t, "kernel.vsyscall").ExpectExit(t, 0)
}

func vsyscallChild() {
	now := func() int64 { return int64(judge.CallAt(vsyscallTime, 0, 0, 0, 0, 0)) }
	check(now() > 0, "time: %d", now())
	at := []raw{load(abi.OffIP), unless(uint32(vsyscallTime&0xffffffff), 1), ret(abi.RetErrno | uint32(marker)), ret(abi.RetAllow)}
	onFiltered(func() {
		check(isErrno(now(), marker), "refused by number: %d", now())
	}, only(unix.SYS_TIME, abi.RetErrno|uint32(marker)))
	onFiltered(func() {
		check(isErrno(now(), marker), "refused by address: %d", now())
	}, at)
	onFiltered(func() { check(now() > 0, "allowed: %d", now()) }, []raw{ret(abi.RetAllow)})
}
