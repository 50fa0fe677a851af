// SPDX-License-Identifier: MIT

package main

import (
	"crypto/tls"
	"crypto/x509"
	"fmt"
	"io"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	"github.com/syscall-sandbox/sandbox/examples/internal/faketime"
	"github.com/syscall-sandbox/sandbox/examples/internal/yeartest"
	"github.com/syscall-sandbox/sandbox/internal/testproc"
)

func TestMain(m *testing.M) {
	testproc.Main(m, map[string]func(){"daemon": main, "clock": clock, "ending": ending, "profiled": profiled})
}

// clock runs the daemon with a wall clock of its own.
func clock() {
	self, err := os.Executable()
	if err != nil {
		testproc.Fail("%v", err)
	}
	os.Setenv("SANDBOX_TESTPROC_CHILD", "daemon")
	faketime.Main(os.Stdin, self, testproc.Args()...)
}

// running is a daemon under test, with the files and sockets around it.
type running struct {
	process     *testproc.Process
	pid         int
	ended       bool
	dir, log    string
	url, pprof  string
	authority   *authority
	manager     *yeartest.Datagrams
	client      http.Client
	args        []string
	environment []string
}

// prepare makes what the daemon is configured with: a certificate with serial number 1, a log file, a service manager.
func prepare(t *testing.T, args ...string) *running {
	t.Helper()
	r := &running{dir: t.TempDir(), authority: newAuthority(t), manager: yeartest.Listen(t)}
	r.log = filepath.Join(r.dir, "log")
	r.issue(t, 1)
	r.args = append([]string{"-listen=127.0.0.1:0", "-pprof=127.0.0.1:0", "-cert=" + r.file("cert.pem"), "-key=" + r.file("key.pem")}, args...)
	r.environment = []string{"NOTIFY_SOCKET=" + r.manager.Path, "WATCHDOG_USEC=100000"}
	roots := x509.NewCertPool()
	roots.AddCert(r.authority.cert)
	r.client = http.Client{Timeout: yeartest.Patience, Transport: &http.Transport{DisableKeepAlives: true, TLSClientConfig: &tls.Config{RootCAs: roots}}}
	return r
}

// start starts it under an action and returns when it says that it is ready.
func (r *running) start(t *testing.T, action string) *running {
	t.Helper()
	return r.run(t, testproc.Cmd{Name: "daemon"}, action)
}

func (r *running) run(t *testing.T, cmd testproc.Cmd, action string) *running {
	t.Helper()
	cmd.Args, cmd.Env = append(r.args, "-sandbox="+action), r.environment
	r.process = cmd.Start(t)
	t.Cleanup(func() {
		if !r.ended { // the test has failed
			r.process.Signal(syscall.SIGKILL)
			r.end().ExpectSignal(t, syscall.SIGKILL)
		}
	})
	ready := r.manager.Await(t, "READY=1\nMAINPID=")
	if _, err := fmt.Sscanf(ready, "READY=1\nMAINPID=%d\nSTATUS=%s %s", &r.pid, &r.url, &r.pprof); err != nil {
		t.Fatalf("%q: %v", ready, err)
	}
	return r
}

// end waits for the daemon's end.
func (r *running) end() *testproc.Result {
	r.ended = true
	return r.process.Wait()
}

func (r *running) file(name string) string { return filepath.Join(r.dir, name) }

// issue renews the certificate of the daemon.
func (r *running) issue(t *testing.T, serial int64) {
	t.Helper()
	cert, key := r.authority.issue(t, serial)
	write(t, r.file("cert.pem"), cert)
	write(t, r.file("key.pem"), key)
}

// hangUp sends SIGHUP and returns the status after the reload.
func (r *running) hangUp(t *testing.T) string {
	t.Helper()
	r.process.Signal(syscall.SIGHUP)
	r.manager.Await(t, "RELOADING=1")
	return strings.TrimPrefix(r.manager.Await(t, "READY=1"), "READY=1\nSTATUS=")
}

// get asks for a path and wants the answer to have text in it. It returns the certificate's serial number.
func (r *running) get(t *testing.T, path, text string) int64 {
	t.Helper()
	answer, err := r.client.Get(r.url + path)
	if err != nil {
		t.Fatal(err)
	}
	defer answer.Body.Close()
	body, err := io.ReadAll(answer.Body)
	if err != nil || !strings.Contains(string(body), text) {
		t.Fatalf("%s: %s, %q, %v; want %q", path, answer.Status, body, err, text)
	}
	return answer.TLS.PeerCertificates[0].SerialNumber.Int64()
}

// terminate ends the daemon as the service manager does. Nothing was violated: it exits with 0, and with no word on standard
// error.
func (r *running) terminate(t *testing.T) {
	t.Helper()
	r.process.Signal(syscall.SIGTERM)
	r.manager.Await(t, "STOPPING=1")
	if result := r.end().ExpectExit(t, 0); result.Stderr != "" {
		t.Errorf("standard error:\n%s", result.Stderr)
	}
}

// refused waits for the end of a daemon that made a call which its policy refuses, and checks the report.
func (r *running) refused(t *testing.T, words ...string) {
	t.Helper()
	result := r.end().ExpectExit(t, 2)
	for _, want := range append(words, "is not allowed by the syscall sandbox", `policy "serving"`) {
		if !strings.Contains(result.Stderr, want) {
			t.Errorf("no %q in\n%s", want, result.Stderr)
		}
	}
}

func read(t *testing.T, file string) string {
	t.Helper()
	text, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

func write(t *testing.T, file, text string) {
	t.Helper()
	if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
}
