// SPDX-License-Identifier: MIT

package needed

import (
	"slices"
	"strings"

	"github.com/syscall-sandbox/sandbox"
	"github.com/syscall-sandbox/sandbox/seccomp"
)

// reasons are why entries stay that no scenario here needs: what this machine cannot show,
// what is proved elsewhere, and what does no harm but to be missed. A scenario that needs
// such an entry all the same counts more: -update looks for one first.
var reasons = []struct{ entry, why string }{
	// The Go runtime's share.
	{"clock_gettime", stays + "the clock where the vDSO cannot read it; the runtime's scenarios without a vDSO need it"},
	{"prctl if arg0:32 == 0x53564d41 && arg1 == 0x0", stays + "made after every mmap where the kernel has CONFIG_ANON_VMA_NAME; the runtime's scenarios as if PR_SET_VMA existed need it"},
	{"gettimeofday", stays + "ThreadSanitizer's clock at the end of a thread (-race), made where the vDSO does not read it"},
	{"uretprobe", stays + "the kernel puts it into a program that is traced; since Linux 6.14 it asks no filter"},
	{"uprobe", stays + "the kernel puts it into a program that is traced; it asks no filter, since it brought the call in Linux 6.18"},
	{"setitimer", stays + "the timer of a CPU profile that samples threads of C; refused, only Go's threads are sampled"},
	{"pread64", "cgroup: default GOMAXPROCS"},
	{"mprotect if arg2:32 & 0x4 == 0x0", "cgo: new threads"},
	{"rseq", "cgo: new threads"},
	{"brk", stays + "glibc's malloc, which pthread_create calls too; refused, C code writes behind its heap: only a C library's full arena shows it"},
	{"set_robust_list", stays + "glibc starts a thread without it too, but robust mutexes of C libraries would stay locked when a thread dies"},

	// Storage, FileLocks, FileMapping: examples/storage takes each entry out under the engine.
	{"fdatasync", storage + "bbolt"},
	{"statfs", storage + "pebble"},
	{"fstatfs", storage + "pebble"},
	{"readahead", storage + "pebble"},
	{"fadvise64", storage + "pebble"},
	{"fallocate", storage + "pebble"},
	{"sync_file_range", storage + "pebble"},
	{"flock", storage + "bbolt"},
	{"fcntl if arg1:32 in {0x5, 0x6, 0x7, 0x24, 0x25, 0x26}", storage + "sqlite, sqlite-ofd, pebble"},
	{"mremap", storage + "sqlite-mmap"},
	{"msync", storage + "badger"},
	{"mmap if arg2:32 & 0x4 == 0x0", storage + "bbolt"},
	{"madvise if arg2:32 in {0x0, 0x1, 0x2, 0x3, 0x4, 0x8}", storage + "bbolt"},

	// PolicyInitialization.
	{"sendfile", stays + "io.Copy has the kernel copy; refused, it goes on by reading and writing"},
	{"splice", stays + "io.Copy has the kernel copy; refused, it goes on by reading and writing"},
	{"copy_file_range", stays + "io.Copy has the kernel copy; refused, it goes on by reading and writing"},
	{"pidfd_send_signal if arg2 == 0x0", stays + "os.Process.Signal; refused, os signals by process id"},
	{"clone if arg0 & 0x10000 == 0x10000", stays + "threads, of which the Go runtime's share has the runtime's and glibc's own; it is for what a C library starts otherwise"},
}

// Reasons of several entries, and of mprotect(2), which is in the runtime's share on the
// process only.
const (
	storage  = "examples/storage: "
	arenas   = stays + "for engines with cgo: glibc's malloc grows the arena of a thread by it"
	bitcoins = stays + "in a group of Bitcoin Core's, wide for programs that come from there: "
)

// reason says why an entry stays, or which scenario of another build needs it; "" if nothing does.
func (c class) reason(entry string) string {
	if c.Policy != nothing.String() && strings.HasPrefix(entry, "mprotect if") {
		return arenas
	}
	for _, r := range reasons {
		if r.entry == entry {
			return r.why
		}
	}
	if c.Policy == sandbox.PolicyInitialization.String() {
		return c.bitcoinsReason(entry)
	}
	return ""
}

// bitcoinsReason names the group that PolicyInitialization has from Bitcoin Core.
func (c class) bitcoinsReason(entry string) string {
	f, err := c.filter()
	if err != nil {
		return ""
	}
	i := slices.IndexFunc(f.Rules, func(r seccomp.Rule) bool { return text(r) == entry })
	group, _, ok := strings.Cut(f.Rules[i].Reason, ": ")
	if !ok {
		return ""
	}
	return bitcoins + group
}
