// SPDX-License-Identifier: MIT

package main

import (
	"bufio"
	"io"
	"net/http"
	"os"
	"os/signal"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	"github.com/syscall-sandbox/sandbox/internal/testproc"
)

func TestMain(m *testing.M) { testproc.Main(m, map[string]func(){"server": main}) }

// start runs the server on a free port and returns it with its address.
func start(t *testing.T, args ...string) (*testproc.Process, string) {
	t.Helper()
	r, w, err := os.Pipe()
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { r.Close() })
	server := testproc.Cmd{Name: "server", Args: append(args, "-listen=127.0.0.1:0"), Stdout: w}.Start(t)
	w.Close()
	line, err := bufio.NewReader(r).ReadString('\n')
	if err != nil {
		t.Fatalf("%v: %+v", err, server.Wait())
	}
	return server, strings.TrimSpace(strings.TrimPrefix(line, "serving on "))
}

func get(t *testing.T, url string) (string, error) {
	t.Helper()
	client := http.Client{Transport: &http.Transport{DisableKeepAlives: true}}
	response, err := client.Get(url)
	if err != nil {
		return "", err
	}
	defer response.Body.Close()
	body, err := io.ReadAll(response.Body)
	return string(body), err
}

func TestThreePhases(t *testing.T) {
	for _, action := range []string{"abort", "log-and-abort", "off"} {
		t.Run(action, func(t *testing.T) {
			count := filepath.Join(t.TempDir(), "count")
			server, url := start(t, "-sandbox="+action, "-count="+count)
			for _, want := range []string{"request 1\n", "request 2\n"} {
				if body, err := get(t, url); err != nil || body != want {
					t.Errorf("%q, %v", body, err)
				}
			}
			server.Signal(syscall.SIGTERM)
			server.Wait().ExpectExit(t, 0)
			if got, err := os.ReadFile(count); err != nil || string(got) != "2\n" {
				t.Errorf("%q, %v", got, err)
			}
		})
	}
}

func TestViolation(t *testing.T) {
	server, url := start(t, "-sandbox=abort")
	if _, err := get(t, url+"/violation"); err == nil {
		t.Error("the server answered")
	}
	server.Wait().ExpectSignal(t, syscall.SIGSYS)

	server, url = start(t, "-sandbox=log-and-abort")
	if _, err := get(t, url+"/violation"); err == nil {
		t.Error("the server answered")
	}
	r := server.Wait().ExpectExit(t, 2)
	if !strings.Contains(r.Stderr, `"getgroups" (syscall number 115) is not allowed`) || !strings.Contains(r.Stderr, "webserver.main.func2") {
		t.Error(r.Stderr)
	}
}

// TestHangUp: a program that does not listen to SIGHUP ends by it, as ever, and not by its policy.
func TestHangUp(t *testing.T) {
	// Under nohup(1) a child would ignore it too; what is caught here is the default there
	// (execve(2)).
	caught := make(chan os.Signal, 1)
	signal.Notify(caught, syscall.SIGHUP)
	defer signal.Stop(caught)
	for _, action := range []string{"abort", "log-and-abort"} {
		server, _ := start(t, "-sandbox="+action)
		server.Signal(syscall.SIGHUP)
		if r := server.Wait().ExpectSignal(t, syscall.SIGHUP); r.Stderr != "" {
			t.Error(r.Stderr)
		}
	}
}
