// SPDX-License-Identifier: MIT

package main

import (
	"fmt"
	"os"
	"runtime"
	"strconv"
	"strings"

	"golang.org/x/sys/unix"

	"github.com/syscall-sandbox/sandbox"
	"github.com/syscall-sandbox/sandbox/seccomp"
)

func kernelSymptoms() []symptom {
	var u unix.Utsname
	must(unix.Uname(&u))
	release := unix.ByteSliceToString(u.Release[:])
	all := []symptom{{What: "kernel", Value: release + " " + unix.ByteSliceToString(u.Machine[:])}}
	all = append(all, supportSymptom(), actionsSymptom(), flagsSymptom(), notificationsSymptom())
	return append(all, jitSymptom(), cacheSymptom(release), vdsoSymptom(), namesSymptom(), placeSymptom())
}

func supportSymptom() symptom {
	s := symptom{What: "seccomp(2)", Value: "works"}
	if err := sandbox.Supported(); err != nil {
		s = symptom{What: s.What, Value: "does not work", Bad: err.Error(), Fatal: true, Remedy: "Linux 4.14 or later on amd64 is needed, and a container or unit that allows seccomp(2)."}
	}
	return s
}

func actionsSymptom() symptom {
	var have, lack []string
	for _, a := range []seccomp.Action{seccomp.KillProcess, seccomp.UnsafeKillThread, seccomp.Trap(0), seccomp.Errno(1), seccomp.UserNotif, seccomp.Trace(0), seccomp.Log, seccomp.Allow} {
		name, _, _ := strings.Cut(a.String(), "(")
		if seccomp.ActionAvailable(a) == nil {
			have = append(have, name)
		} else {
			lack = append(lack, name)
		}
	}
	s := symptom{What: "actions", Value: strings.Join(have, " ")}
	if len(lack) > 0 {
		s.Bad, s.Remedy = "this kernel has no "+strings.Join(lack, ", "), "A newer kernel has them."
	}
	return s
}

// flagsSymptom asks with a null pointer: EFAULT means that the flag is known (kernel/seccomp.c
// seccomp_set_mode_filter looks at flags first).
func flagsSymptom() symptom {
	var have []string
	for _, f := range []struct {
		name  string
		value uintptr
	}{
		{"TSYNC", unix.SECCOMP_FILTER_FLAG_TSYNC}, {"LOG", unix.SECCOMP_FILTER_FLAG_LOG}, {"SPEC_ALLOW", unix.SECCOMP_FILTER_FLAG_SPEC_ALLOW},
		{"NEW_LISTENER", unix.SECCOMP_FILTER_FLAG_NEW_LISTENER}, {"TSYNC_ESRCH", unix.SECCOMP_FILTER_FLAG_TSYNC_ESRCH},
		{"WAIT_KILLABLE_RECV", unix.SECCOMP_FILTER_FLAG_NEW_LISTENER | unix.SECCOMP_FILTER_FLAG_WAIT_KILLABLE_RECV},
	} {
		if _, _, errno := unix.RawSyscall(unix.SYS_SECCOMP, unix.SECCOMP_SET_MODE_FILTER, f.value, 0); errno == unix.EFAULT {
			have = append(have, f.name)
		}
	}
	return symptom{What: "filter flags", Value: strings.Join(have, " ")}
}

func notificationsSymptom() symptom {
	sizes, err := seccomp.NotificationSizes()
	if err != nil {
		return symptom{What: "notifications", Value: "none: " + err.Error()}
	}
	return symptom{What: "notifications", Value: fmt.Sprintf("%d bytes, answers %d, data %d", sizes.Notification, sizes.Response, sizes.Data)}
}

func jitSymptom() symptom {
	s := symptom{What: "BPF JIT"}
	switch text := readLine("/proc/sys/net/core/bpf_jit_enable"); text {
	case "":
		s.Value = "not known (no /proc/sys/net/core/bpf_jit_enable; CONFIG_BPF_JIT_ALWAYS_ON has none in containers)"
	case "0":
		s.Value, s.Bad, s.Remedy = "off", "filters are interpreted", "sysctl net.core.bpf_jit_enable=1"
	default:
		s.Value = "on"
	}
	return s
}

func cacheSymptom(release string) symptom {
	s := symptom{What: "action cache", Value: "yes: calls that are permitted by number cost next to nothing"}
	var major, minor int
	if n, _ := fmt.Sscanf(release, "%d.%d", &major, &minor); n < 2 || major < 5 || major == 5 && minor < 11 {
		s.Value, s.Bad, s.Remedy = "no", "every call runs the filters", "Linux 5.11 brought it."
	}
	return s
}

func vdsoSymptom() symptom {
	s := symptom{What: "vDSO", Value: "yes: the clock is read without a call"}
	maps, _ := os.ReadFile("/proc/self/maps")
	if !strings.Contains(string(maps), "[vdso]") {
		s.Value, s.Bad = "no", "every time.Now is a system call, which the policies permit"
	} else if source := readLine("/sys/devices/system/clocksource/clocksource0/current_clocksource"); source != "" && source != "tsc" && source != "kvm-clock" && !strings.HasPrefix(source, "hyperv") {
		s.Value, s.Bad = "yes, but the clock source is "+source, "time.Now may be a system call, which the policies permit"
	}
	return s
}

// namesSymptom names an anonymous mapping, as the Go runtime does where it can.
func namesSymptom() symptom {
	page, err := unix.Mmap(-1, 0, os.Getpagesize(), unix.PROT_READ, unix.MAP_PRIVATE|unix.MAP_ANON)
	if err != nil {
		return symptom{What: "PR_SET_VMA", Value: "not known"}
	}
	defer unix.Munmap(page)
	s := symptom{What: "PR_SET_VMA", Value: "no: the Go runtime names no mappings"}
	if unix.Prctl(unix.PR_SET_VMA, unix.PR_SET_VMA_ANON_NAME, addressOf(page), uintptr(len(page)), 0) == nil {
		s.Value = "yes: the Go runtime calls prctl after each mmap, which the policies permit"
	}
	return s
}

// placeSymptom says what somebody else has put on this process.
func placeSymptom() symptom {
	status := statusOf("/proc/self/status")
	s := symptom{What: "this place", Value: fmt.Sprintf("seccomp mode %s, filters %s, no_new_privs %s, capabilities %s", status["Seccomp"], or(status["Seccomp_filters"], "?"), status["NoNewPrivs"], status["CapEff"])}
	if status["Seccomp"] == "2" {
		s.Value += ": an outer filter (of a container or unit) is in force"
		if action := os.Getenv("container"); action != "" {
			s.Value += ", container=" + action
		}
	}
	if limit := readLine("/sys/fs/cgroup/pids.max"); limit != "" && limit != "max" {
		s.Value += ", at most " + limit + " processes and threads"
	}
	if n := runtime.NumCPU(); n == 1 {
		s.Bad, s.Remedy = "one processor: every report waits for its goroutine", "Two are better."
	}
	return s
}

// statusOf reads the fields of a status file of /proc.
func statusOf(file string) map[string]string {
	fields := make(map[string]string)
	text, _ := os.ReadFile(file)
	for line := range strings.Lines(string(text)) {
		if name, value, ok := strings.Cut(line, ":"); ok {
			fields[name] = strings.TrimSpace(value)
		}
	}
	return fields
}

func readLine(file string) string {
	text, _ := os.ReadFile(file)
	line, _, _ := strings.Cut(string(text), "\n")
	return line
}

func or(s, other string) string {
	if s == "" {
		return other
	}
	return s
}

// processSymptoms says what is in force on each thread of a process.
func processSymptoms(pid int) ([]symptom, error) {
	dir := fmt.Sprintf("/proc/%d/task", pid)
	tasks, err := os.ReadDir(dir)
	if err != nil {
		return nil, err
	}
	var all []symptom
	unfiltered, open := 0, 0
	for _, task := range tasks {
		status := statusOf(dir + "/" + task.Name() + "/status")
		if len(status) == 0 {
			continue // it has ended
		}
		all = append(all, symptom{What: "thread " + task.Name(), Value: fmt.Sprintf("%s: seccomp mode %s, filters %s, no_new_privs %s", status["Name"], status["Seccomp"], or(status["Seccomp_filters"], "?"), status["NoNewPrivs"])})
		if status["Seccomp"] != "2" {
			unfiltered++
		}
		if status["NoNewPrivs"] == "0" {
			open++
		}
	}
	s := symptom{What: "process " + strconv.Itoa(pid), Value: fmt.Sprintf("%d threads, %d without a filter", len(all), unfiltered)}
	switch {
	case unfiltered == len(all):
		s.Bad, s.Remedy = "no thread has a filter: the sandbox is off or not set up", "Call SetupSyscallSandbox early in main, with an action that refuses."
	case unfiltered > 0:
		s.Bad, s.Remedy = fmt.Sprintf("%d threads have no filter", unfiltered), "Somebody put filters on single threads only: use SetupSyscallSandbox, which reaches all."
	case open > 0:
		s.Bad = fmt.Sprintf("%d threads lack no_new_privs", open)
	}
	return append(all, s), nil
}
