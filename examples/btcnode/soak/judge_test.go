// SPDX-License-Identifier: MIT

package main

import (
	"maps"
	"strings"
	"syscall"
	"testing"
)

func TestJudgeEnd(t *testing.T) {
	const (
		killed, badCall, aborted = syscall.WaitStatus(syscall.SIGKILL), syscall.WaitStatus(syscall.SIGSYS), syscall.WaitStatus(syscall.SIGABRT)
		zero, one, two           = syscall.WaitStatus(0), syscall.WaitStatus(1 << 8), syscall.WaitStatus(2 << 8)
	)
	for _, how := range allEnds {
		for _, status := range []syscall.WaitStatus{killed, badCall, aborted, zero, one, two} {
			good := status == zero
			if how == byKill {
				good = status == killed
			}
			if err := judgeEnd(how, status); (err == nil) != good {
				t.Errorf("%s, %#x: %v", how, status, err)
			}
		}
	}
}

func TestJudgeOutput(t *testing.T) {
	for _, test := range []struct{ output, log, want string }{
		{"", "time=x level=INFO msg=stopping\ntime=x level=WARN msg=dial\n", ""},
		{"ERROR: The syscall", "", "The syscall"},
		{"", "level=INFO msg=a\nlevel=ERROR msg=stopped err=x\n", "msg=stopped"},
		{"", "level=WARN msg=violation call=x\n", "msg=violation"},
	} {
		err := judgeOutput(test.output, test.log)
		if (err == nil) != (test.want == "") || err != nil && !strings.Contains(err.Error(), test.want) {
			t.Errorf("%q, %q: %v", test.output, test.log, err)
		}
	}
}

func firstCensus() *census {
	return &census{
		roles:  map[string]string{"net": "initialization > steady > net", "initload": "ended"},
		others: 10,
		files:  map[string]int{"socket": 3, "[eventpoll]": 1, tables: 2, blockFiles: 2, "debug.log": 1},
		onDisk: map[string]int{tables: 3, blockFiles: 2},
		heap:   100 << 20, rss: 200 << 20,
	}
}

func TestCompare(t *testing.T) {
	for _, test := range []struct {
		name   string
		change func(*census)
		want   string
	}{
		{"the same", func(*census) {}, ""},
		{"other tables are open", func(c *census) { c.files[tables] = 3 }, ""},
		{"none are", func(c *census) { delete(c.files, tables) }, ""},
		{"threads of the runtime", func(c *census) { c.others += moreThreads }, ""},
		{"too many", func(c *census) { c.others += moreThreads + 1 }, "27 threads"},
		{"a socket more", func(c *census) { c.files["socket"]++ }, "4 sockets, not 3"},
		{"a socket less", func(c *census) { c.files["socket"]-- }, "2 sockets, not 3"},
		{"a log more", func(c *census) { c.files["debug.log"]++ }, `2 descriptors of the kind "debug.log", not 1`},
		{"a kind less", func(c *census) { delete(c.files, "[eventpoll]") }, `0 descriptors of the kind "[eventpoll]", not 1`},
		{"a new kind", func(c *census) { c.files["deleted file"]++ }, `1 descriptors of the kind "deleted file", not 0`},
		{"a table twice", func(c *census) { c.files[tables] = 4 }, "3 on the disk"},
		{"a thread is gone", func(c *census) { delete(c.roles, "net") }, "thread net"},
		{"a thread is new", func(c *census) { c.roles["shutoff"] = "x" }, "thread shutoff"},
		{"a policy is gone", func(c *census) { c.roles["net"] = "initialization > steady" }, "thread net"},
	} {
		first, now := firstCensus(), firstCensus()
		test.change(now)
		err := now.compare(first, 1)
		if (err == nil) != (test.want == "") || err != nil && !strings.Contains(err.Error(), test.want) {
			t.Errorf("%s: %v; want %q", test.name, err, test.want)
		}
		if !maps.Equal(first.files, firstCensus().files) {
			t.Errorf("%s: the first census has changed", test.name)
		}
	}
	if err := firstCensus().compare(nil, 0); err == nil {
		t.Error("a socket too many is not seen in the first lap")
	}
}

func TestCompareMemory(t *testing.T) {
	for _, test := range []struct {
		heap, rss int64 // MiB
		good      bool
	}{
		{100, 200, true},
		{50, 100, true},
		{114, 236, true},
		{115, 236, false},
		{114, 237, false},
	} {
		now := firstCensus()
		now.heap, now.rss = test.heap<<20, test.rss<<20
		if err := now.compareMemory(firstCensus()); (err == nil) != test.good {
			t.Errorf("%+v: %v", test, err)
		}
	}
}

func TestKindOf(t *testing.T) {
	for target, want := range map[string]string{
		"socket:[1234]": "socket", "pipe:[1]": "pipe", "anon_inode:[eventpoll]": "anon_inode:[eventpoll]", "/dev/null": "null",
		"/x/blocks/metadata/000012.ldb": tables, "/x/blocks/000000000.fdb": blockFiles, "/x/txindex/000003.log": "database journal",
		"/x/txindex/MANIFEST-000004": "database manifest", "/x/debug.log": "debug.log", "/x/debug.log.17 (deleted)": "deleted file",
		"/x/blocks/metadata/LOCK": "LOCK",
	} {
		if got := kindOf(target); got != want {
			t.Errorf("%s: %q, want %q", target, got, want)
		}
	}
}
