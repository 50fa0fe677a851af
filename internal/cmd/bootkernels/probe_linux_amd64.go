// SPDX-License-Identifier: MIT

package main

import (
	"fmt"
	"os"
	"runtime"
	"time"
	"unsafe"

	"golang.org/x/sys/unix"
)

// namesMappings says whether the Go runtime names its mappings here: it tries
// prctl(PR_SET_VMA) once (set_vma_name_linux.go setVMAName).
func namesMappings() string {
	page, err := unix.Mmap(-1, 0, os.Getpagesize(), unix.PROT_READ, unix.MAP_ANON|unix.MAP_PRIVATE)
	if err != nil {
		return "PR_SET_VMA " + err.Error()
	}
	name := []byte("probe\x00")
	err = unix.Prctl(unix.PR_SET_VMA, unix.PR_SET_VMA_ANON_NAME, uintptr(unsafe.Pointer(&page[0])), uintptr(len(page)), uintptr(unsafe.Pointer(&name[0])))
	if err != nil {
		return "PR_SET_VMA no"
	}
	return "PR_SET_VMA yes"
}

// measure finds out whether the kernel answers from its action cache what a filter
// always allows (kernel/seccomp.c seccomp_cache_prepare), by the cost of filters that take
// long to read. It needs no more than order of magnitude: without the cache, the filters'
// 28,000 loads are made for each call.
func measure() {
	runtime.LockOSThread()
	before := cheapest()
	if err := install(); err != nil {
		fmt.Println(err)
		return
	}
	after := cheapest()
	answer := "no"
	if after < 10*before+time.Microsecond {
		answer = "yes"
	}
	say("fact action cache %s", answer)
	fmt.Printf("getppid: %v without filters, %v behind long ones\n", before, after)
}

// cheapest returns the least time that a system call took, of many: what
// interrupts a call only adds.
func cheapest() time.Duration {
	least := time.Hour
	for range 2000 {
		began := time.Now()
		unix.Getppid()
		least = min(least, time.Since(began))
	}
	return least
}

// install puts seven filters on this thread that allow everything and load the call's
// number 4,000 times: near the most that the kernel takes, seccomp(2) ENOMEM.
func install() error {
	program := make([]unix.SockFilter, 0, 4001)
	for len(program) < 4000 {
		program = append(program, unix.SockFilter{Code: unix.BPF_LD | unix.BPF_W | unix.BPF_ABS})
	}
	program = append(program, unix.SockFilter{Code: unix.BPF_RET | unix.BPF_K, K: unix.SECCOMP_RET_ALLOW})
	if err := unix.Prctl(unix.PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0); err != nil {
		return err
	}
	f := unix.SockFprog{Len: uint16(len(program)), Filter: &program[0]}
	for range 7 {
		if _, _, errno := unix.Syscall(unix.SYS_SECCOMP, unix.SECCOMP_SET_MODE_FILTER, 0, uintptr(unsafe.Pointer(&f))); errno != 0 {
			return errno
		}
	}
	return nil
}
