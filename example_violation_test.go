// SPDX-License-Identifier: MIT

package sandbox_test

import (
	"fmt"
	"time"

	"github.com/syscall-sandbox/sandbox"
	"github.com/syscall-sandbox/sandbox/seccomp"
)

// Under "abort" the kernel's log is all there is: journalctl -k, dmesg or
// /var/log/audit/audit.log.
func ExampleParseAuditLine() {
	v, err := sandbox.ParseAuditLine(`[  123.456789] audit: type=1326 audit(1732443753.123:456): auid=4294967295 uid=1000 gid=1000 ses=4294967295 pid=1234 comm="scheduler" exe="/usr/bin/btcnode" sig=31 arch=c000003e syscall=42 compat=0 ip=0x4a5b6c code=0x80000000`)
	if err != nil {
		fmt.Println(err)
		return
	}
	fmt.Println(v)
	// Output:
	// ERROR: The syscall "connect" (syscall number 42) is not allowed by the syscall sandbox in thread "scheduler" (policy unknown).
	//   call:     connect(...)
	//   answer:   killed by the kernel
	//   count:    1
	//   where:    x86_64, pc 0x4a5b6c, 2024-11-24T10:22:33.123000000Z
	//   note:     process 1234, "/usr/bin/btcnode"; the audit log has no arguments, policies or stack
	//   remedy:   AllowConnect() permits it; or only Allow("connect"); built in, "net-open-connection" and "net-add-connection" permit it
}

// What Violations returns and Config.OnViolation gets.
func ExampleViolation_String() {
	call, _ := seccomp.CallOf("socket")
	call.IP, call.Args = 0x4a5b6c, [6]uint64{16, 0x80003}
	fmt.Println(sandbox.Violation{
		Time:    time.Date(2026, 11, 24, 11, 22, 33, 123456789, time.UTC),
		Syscall: call.Name(), Call: call, Decoded: "socket(AF_NETLINK, SOCK_RAW|SOCK_CLOEXEC, NETLINK_ROUTE)",
		Policies: []string{"steady", "net"}, Thread: "net", TID: 4711,
		Action: sandbox.ActionDeny, Errno: 1, Count: 3,
		Stack: []sandbox.Frame{
			{Func: "syscall.Socket", File: "/usr/lib/go/src/syscall/syscall_unix.go", Line: 425},
			{Func: "main.work", File: "/src/main.go", Line: 17},
		},
		Remedy: `allow it in policy "net": NewPolicy("net", b.Allow("socket"))`,
	})
	// Output:
	// ERROR: The syscall "socket" (syscall number 41) is not allowed by the syscall sandbox in thread "net" (policy "net").
	//   call:     socket(AF_NETLINK, SOCK_RAW|SOCK_CLOEXEC, NETLINK_ROUTE)
	//   answer:   EPERM, the program goes on
	//   count:    3
	//   where:    thread id 4711, x86_64, pc 0x4a5b6c, 2026-11-24T11:22:33.123456789Z
	//   policies: steady > net
	//   stack:
	//     syscall.Socket
	//         /usr/lib/go/src/syscall/syscall_unix.go:425
	//     main.work
	//         /src/main.go:17
	//   remedy:   allow it in policy "net": NewPolicy("net", b.Allow("socket"))
}
