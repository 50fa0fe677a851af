// SPDX-License-Identifier: MIT

package main

import (
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"sync"
	"syscall"

	"github.com/btcsuite/btcd/rpcclient"
)

// crowd is many clients at once, half of them by websockets.
func (p *pair) crowd() {
	p.t.Helper()
	const clients = 20
	var list []*rpcclient.Client
	for i := range clients {
		list = append(list, p.first.client(i%2 == 0, nil))
	}
	var all sync.WaitGroup
	for _, c := range list {
		all.Go(func() {
			for range 5 {
				if _, err := c.GetBlockCount(); err != nil {
					p.t.Error(err)
				}
				if _, err := c.GetNetTotals(); err != nil {
					p.t.Error(err)
				}
			}
		})
	}
	all.Wait()
	for _, c := range list {
		c.Shutdown()
	}
}

// call makes one RPC that package rpcclient may not have.
func (n *node) call(method string, args ...any) {
	n.t.Helper()
	var params []json.RawMessage
	for _, arg := range args {
		text, err := json.Marshal(arg)
		must(n.t, err)
		params = append(params, text)
	}
	if _, err := n.rpc.RawRequest(method, params); err != nil {
		n.t.Errorf("%s: %v\n%s", method, err, n.output())
	}
}

// oddCalls are methods that do something else than to look into the chain.
func (p *pair) oddCalls() {
	p.t.Helper()
	for _, method := range []string{"help", "uptime", "version", "getinfo", "getmininginfo", "getmempoolinfo", "getnetworkhashps", "getchaintips", "getnodeaddresses", "ping"} {
		p.first.call(method)
	}
	p.first.call("getaddednodeinfo", true)
	p.first.call("verifychain", 3, 50)
	tip := p.first.tip()
	p.first.call("invalidateblock", tip.String())
	p.first.call("reconsiderblock", tip.String())
	p.first.until("is back at its tip", func() bool { return p.first.tip() == tip })
}

// rotateLog has the first node log so much that it compresses its log and begins a new one.
func (p *pair) rotateLog() {
	p.t.Helper()
	log := filepath.Join(p.first.dir, "simnet", "btcd.log")
	p.first.call("debuglevel", "trace")
	p.first.until("has compressed its log", func() bool {
		p.mine(p.first, 1)
		_, err := os.Stat(log + ".1.gz")
		_, busy := os.Stat(log + ".1")
		return err == nil && os.IsNotExist(busy)
	})
	p.first.call("debuglevel", "info")
	if now, err := os.Stat(log); err != nil || now.Size() > almostFull {
		p.t.Errorf("the log is %v, and %v", now, err)
	}
	p.sameTip()
}

// profiles reads all that --profile of both nodes serves, at once.
func (p *pair) profiles() {
	p.t.Helper()
	var all sync.WaitGroup
	for _, path := range []string{"heap", "allocs", "goroutine", "threadcreate", "block", "mutex", "profile?seconds=1", "trace?seconds=1", "cmdline", "symbol"} {
		for _, n := range []*node{p.first, p.second} {
			all.Go(func() {
				if text, err := n.get("/debug/pprof/" + path); err != nil || text == "" {
					p.t.Errorf("%s: %q, %v", path, text, err)
				}
			})
		}
	}
	all.Wait()
}

func (n *node) get(path string) (string, error) {
	r, err := http.Get("http://" + n.profile + path)
	if err != nil {
		return "", err
	}
	defer r.Body.Close()
	text, err := io.ReadAll(r.Body)
	if r.StatusCode != http.StatusOK {
		err = fmt.Errorf("%s: %s", r.Status, text)
	}
	return string(text), err
}

// confined checks what the kernel says of every thread: two filters more than the test has itself, and no new privileges.
func (n *node) confined() {
	n.t.Helper()
	before := filterCount(n.status("/proc/self/task/" + fmt.Sprint(os.Getpid())))
	tasks, err := filepath.Glob(fmt.Sprintf("/proc/%d/task/*", n.cmd.Process.Pid))
	must(n.t, err)
	seen := 0
	for _, task := range tasks {
		status := n.status(task)
		if status == nil {
			continue // the thread has ended
		}
		seen++
		if status["Seccomp"] != "2" || status["NoNewPrivs"] != "1" || filterCount(status) != before+2 {
			n.t.Errorf("%s: %v", task, status)
		}
	}
	if seen == 0 {
		n.t.Error("no threads seen")
	}
}

// status is what proc(5) says of a thread; nil if it has ended.
func (n *node) status(task string) map[string]string {
	n.t.Helper()
	text, err := os.ReadFile(filepath.Join(task, "status"))
	if err != nil {
		return nil
	}
	fields := make(map[string]string)
	for line := range strings.Lines(string(text)) {
		if name, value, _ := strings.Cut(line, ":"); name == "Seccomp" || name == "NoNewPrivs" || name == "Seccomp_filters" || name == "Name" {
			fields[name] = strings.TrimSpace(value)
		}
	}
	return fields
}

func filterCount(status map[string]string) (n int) {
	fmt.Sscan(status["Seccomp_filters"], &n)
	return n
}

// stopByRPC asks the node to stop.
func (n *node) stopByRPC() {
	n.t.Helper()
	n.call("stop")
	n.endsWell()
}

// waiting is btcd's listener for signals in the list of all goroutines, when it waits.
var waiting = regexp.MustCompile(`goroutine \d+ \[select[^\n]*\]:\nmain\.interruptListener\.func1\(`)

// terminate sends SIGTERM, but not before btcd has asked for it: it does so on a goroutine that nobody waits for.
func (n *node) terminate() {
	n.t.Helper()
	n.until("waits for signals", func() bool {
		goroutines, err := n.get("/debug/pprof/goroutine?debug=2")
		must(n.t, err)
		return waiting.MatchString(goroutines)
	})
	must(n.t, n.cmd.Process.Signal(syscall.SIGTERM))
	n.endsWell()
}
