// SPDX-License-Identifier: MIT

package main

import (
	"context"
	"fmt"
	"os"
	"os/exec"
	"regexp"
	"strings"
)

// boot runs a kernel with the image until it powers off, and returns what the guest wrote
// to its second serial line. The first is the kernel's console, which
// shows when nothing came from the second. The kernel chooses its clock source itself: one told
// to trust a time stamp counter that a loaded host had it measure badly runs too fast. The check
// of its timer would fail on such a host.
func boot(kernel, image, serial string, o options) ([]byte, error) {
	ctx, cancel := context.WithTimeout(context.Background(), o.timeout)
	defer cancel()
	console := serial + ".console"
	cmd := exec.CommandContext(ctx, "qemu-system-x86_64",
		"-machine", "accel="+accelerator(), "-cpu", "max", "-smp", "2", "-m", "3G",
		"-nodefaults", "-nographic", "-no-reboot",
		"-kernel", kernel, "-initrd", image, "-append", "console=ttyS0 quiet panic=-1 no_timer_check",
		"-serial", "file:"+console, "-serial", "file:"+serial)
	message, err := cmd.CombinedOutput()
	out, _ := os.ReadFile(serial)
	if ctx.Err() != nil {
		return nil, fmt.Errorf("not done after %v; it wrote at last:\n%s", o.timeout, last(out))
	}
	if err != nil {
		return nil, fmt.Errorf("qemu-system-x86_64: %w\n%s", err, message)
	}
	if !strings.Contains(string(out), mark+"done") {
		log, _ := os.ReadFile(console)
		return nil, fmt.Errorf("the guest ended early\n%s\nits console:\n%s", last(out), last(log))
	}
	return out, nil
}

// accelerator returns kvm where the processor has virtualization for it. A
// machine that is a guest itself may have a /dev/kvm without, which does not boot these
// kernels. qemu's own translation takes several times as long.
func accelerator() string {
	info, _ := os.ReadFile("/proc/cpuinfo")
	if hardware.Match(info) {
		if f, err := os.OpenFile("/dev/kvm", os.O_RDWR, 0); err == nil {
			f.Close()
			return "kvm:tcg"
		}
	}
	return "tcg"
}

// hardware matches the flags of processors that run guests: Intel's and AMD's.
var hardware = regexp.MustCompile(`(?m)^flags\s*:.* (vmx|svm)( |$)`)

// last returns the last lines of a text.
func last(text []byte) string {
	lines := strings.Split(strings.TrimSpace(string(text)), "\n")
	return strings.Join(lines[max(0, len(lines)-40):], "\n")
}
