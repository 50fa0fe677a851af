// SPDX-License-Identifier: MIT

package main

import (
	"fmt"
	"net/http"
	"os"
	"regexp"
	"strings"
	"sync"
	"syscall"
	"testing"

	"github.com/syscall-sandbox/sandbox/examples/internal/yeartest"
)

// TestYear does to one daemon, one after the other, what happens in a year, and then stops it. Any call that its policy
// refuses would have killed it.
func TestYear(t *testing.T) {
	for _, action := range []string{"log-and-abort", "abort"} {
		t.Run(action, func(t *testing.T) {
			y := startYear(t, action)
			for _, event := range []struct {
				name string
				run  func(*year, *testing.T)
			}{
				{"HTTPS request", (*year).httpsRequest},
				{"file name extension", (*year).extension},
				{"log rotation", (*year).logRotation},
				{"log rotation under load", (*year).logRotationUnderLoad},
				{"log truncated in place", (*year).logTruncated},
				{"new certificate", (*year).newCertificate},
				{"bad certificate", (*year).badCertificate},
				{"watchdog", func(y *year, t *testing.T) { y.watchdog(t) }},
				{"syslog restarted", (*year).syslogRestarted},
				{"disk full", (*year).diskFull},
				{"pprof on and off", (*year).pprofOnAndOff},
				{"machine suspended", (*year).suspended},
			} {
				t.Run(event.name, func(t *testing.T) { event.run(y, t) })
				if t.Failed() {
					return
				}
				y.get(t, "/", "request")
			}
			y.terminate(t)
		})
	}
}

// year is a daemon with everything configured.
type year struct {
	*running
	syslog *yeartest.Datagrams
}

func startYear(t *testing.T, action string) *year {
	t.Helper()
	r := prepare(t)
	y := &year{running: r, syslog: yeartest.Listen(t)}
	r.args = append(r.args, "-log="+r.log, "-syslog="+y.syslog.Path, "-upstream="+r.authority.upstream(t).URL)
	r.trustAuthority(t)
	r.start(t, action)
	return y
}

// trustAuthority makes the test's authority what the system trusts, for the daemon.
func (r *running) trustAuthority(t *testing.T) {
	t.Helper()
	write(t, r.file("roots.pem"), r.authority.pem())
	r.environment = append(r.environment, "SSL_CERT_FILE="+r.file("roots.pem"), "SSL_CERT_DIR="+r.dir)
}

// The first one after narrowing.
func (y *year) httpsRequest(t *testing.T) { y.get(t, "/upstream", "from upstream") }

func (y *year) extension(t *testing.T) {
	answer, err := y.client.Get(y.url + "/static/page.css")
	if err != nil {
		t.Fatal(err)
	}
	answer.Body.Close()
	if got := answer.Header.Get("Content-Type"); !strings.HasPrefix(got, "text/css") {
		t.Errorf("a style sheet is %q", got)
	}
}

func (y *year) logRotation(t *testing.T) {
	y.get(t, "/?before", "request")
	old := y.log + ".1"
	if err := os.Rename(y.log, old); err != nil {
		t.Fatal(err)
	}
	y.get(t, "/?between", "request")
	if status := y.hangUp(t); status != "reloaded" {
		t.Error(status)
	}
	y.get(t, "/?after", "request")
	if text := read(t, old); !strings.Contains(text, "?before") || !strings.Contains(text, "?between") || strings.Contains(text, "?after") {
		t.Errorf("the old log:\n%s", text)
	}
	if text := read(t, y.log); strings.Count(text, "\n") != 1 || !strings.Contains(text, "?after") {
		t.Errorf("the new log:\n%s", text)
	}
}

// While requests are answered, no line is lost and none is torn. Nobody reads what goes to syslog meanwhile: once the socket
// is full, a write to it waits.
func (y *year) logRotationUnderLoad(t *testing.T) {
	const clients, each, rotations = 4, 50, 5
	var wg sync.WaitGroup
	for c := range clients {
		wg.Go(func() {
			for i := range each {
				if answer, err := y.client.Get(fmt.Sprintf("%s/?load-%d-%d-", y.url, c, i)); err != nil {
					t.Error(err)
				} else {
					answer.Body.Close()
				}
			}
		})
	}
	for i := range rotations {
		old := fmt.Sprintf("%s.load.%d", y.log, i)
		if err := os.Rename(y.log, old); err != nil {
			t.Fatal(err)
		}
		y.hangUp(t)
	}
	wg.Wait()
	lines := regexp.MustCompile(`^\d{4}/\d\d/\d\d \d\d:\d\d:\d\d GET /\?load-\d+-\d+-$`)
	seen := make(map[string]bool)
	for i := range rotations + 1 {
		file := y.log
		if i < rotations {
			file = fmt.Sprintf("%s.load.%d", y.log, i)
		}
		for line := range strings.Lines(read(t, file)) {
			if line = strings.TrimSuffix(line, "\n"); lines.MatchString(line) {
				seen[line[20:]] = true
			} else if strings.Contains(line, "load") {
				t.Errorf("%s: line %q", file, line)
			}
		}
	}
	if len(seen) != clients*each {
		t.Errorf("%d of %d requests are in the logs", len(seen), clients*each)
	}
}

// Nothing is opened for that, and nobody tells the daemon.
func (y *year) logTruncated(t *testing.T) {
	if err := os.Truncate(y.log, 0); err != nil {
		t.Fatal(err)
	}
	y.get(t, "/?truncated", "request")
	if text := read(t, y.log); strings.Count(text, "\n") != 1 || !strings.HasSuffix(text, "GET /?truncated\n") || text[0] == 0 {
		t.Errorf("%q", text)
	}
}

func (y *year) newCertificate(t *testing.T) {
	if serial := y.get(t, "/", "request"); serial != 1 {
		t.Errorf("certificate %d", serial)
	}
	y.issue(t, 2)
	if status := y.hangUp(t); status != "reloaded" {
		t.Error(status)
	}
	if serial := y.get(t, "/", "request"); serial != 2 {
		t.Errorf("certificate %d after the renewal", serial)
	}
}

func (y *year) badCertificate(t *testing.T) {
	write(t, y.file("cert.pem"), "no certificate")
	if status := y.hangUp(t); !strings.Contains(status, "PEM") {
		t.Error(status)
	}
	if serial := y.get(t, "/", "request"); serial != 2 {
		t.Errorf("certificate %d", serial)
	}
	y.issue(t, 3)
	y.hangUp(t)
}

func (r *running) watchdog(t *testing.T) {
	t.Helper()
	for range 3 {
		r.manager.Await(t, "WATCHDOG=1")
	}
}

func (y *year) syslogRestarted(t *testing.T) {
	y.get(t, "/?there", "request")
	if line := y.syslog.Await(t, "?there"); !strings.HasPrefix(line, "<30>") || !strings.Contains(line, "daemon[") {
		t.Errorf("%q", line)
	}
	y.syslog.Stop()
	y.get(t, "/?gone", "request")
	y.syslog.Restart(t)
	y.get(t, "/?again", "request")
	y.syslog.Await(t, "?again")
	if text := read(t, y.log); !strings.Contains(text, "?gone") {
		t.Errorf("the file lacks what syslog did not get:\n%s", text)
	}
}

// What a syslog daemon that hangs does not take is queued, and more than that is lost.
func TestSyslogHangs(t *testing.T) {
	r, w, err := os.Pipe() // which nobody reads: it takes 64 KiB
	if err != nil {
		t.Fatal(err)
	}
	defer r.Close()
	q := newQueue(w)
	message := make([]byte, 1024)
	for range 2 * queueLength {
		if n, err := q.Write(message); n != len(message) || err != nil {
			t.Fatal(n, err)
		}
	}
	q.close(0)
	w.Close()
	<-q.done
}

// /dev/full is a disk without space for everybody, root or not: full(4).
func (y *year) diskFull(t *testing.T) {
	kept := y.log + ".kept"
	if err := os.Rename(y.log, kept); err != nil {
		t.Fatal(err)
	}
	if err := os.Symlink("/dev/full", y.log); err != nil {
		t.Fatal(err)
	}
	y.hangUp(t)
	y.get(t, "/?lost", "request")
	y.syslog.Await(t, "?lost") // syslog still has it
	y.get(t, "/?lost", "request")
	if err := os.Remove(y.log); err != nil {
		t.Fatal(err)
	}
	y.hangUp(t)
	y.get(t, "/?space", "request")
	if text := read(t, y.log); !strings.HasPrefix(text, "2 records lost: write "+y.log+": no space left on device\n") || !strings.Contains(text, "?space") {
		t.Errorf("%q", text)
	}
}

func (y *year) pprofOnAndOff(t *testing.T) {
	if code, _ := y.profile(t, "heap"); code != http.StatusNotFound {
		t.Errorf("off, and the answer is %d", code)
	}
	y.process.Signal(syscall.SIGUSR1)
	y.manager.Await(t, "STATUS=pprof true")
	y.profiles(t)
	y.process.Signal(syscall.SIGUSR1)
	y.manager.Await(t, "STATUS=pprof false")
	if code, _ := y.profile(t, "heap"); code != http.StatusNotFound {
		t.Errorf("off again, and the answer is %d", code)
	}
}

// profiles takes all of them; those that take a second, one beside the other requests.
func (r *running) profiles(t *testing.T) {
	t.Helper()
	var wg sync.WaitGroup
	for _, name := range slowProfiles {
		wg.Go(func() {
			if code, size := r.profile(t, name); code != http.StatusOK || size == 0 {
				t.Errorf("%s: %d, %d bytes", name, code, size)
			}
		})
	}
	for _, name := range quickProfiles {
		if code, size := r.profile(t, name); code != http.StatusOK || size == 0 {
			t.Errorf("%s: %d, %d bytes", name, code, size)
		}
	}
	wg.Wait()
}

func (r *running) profile(t *testing.T, name string) (code, size int) {
	t.Helper()
	return yeartest.Profile(t, &r.client, r.pprof, name)
}

// A machine that was suspended looks to its processes as if they had been stopped: a call that waits goes on as
// restart_syscall(2), and the time has jumped.
func (y *year) suspended(t *testing.T) {
	y.process.Signal(syscall.SIGSTOP)
	var status syscall.WaitStatus
	if _, err := syscall.Wait4(y.pid, &status, syscall.WUNTRACED, nil); err != nil || !status.Stopped() {
		t.Fatal(status, err)
	}
	y.process.Signal(syscall.SIGCONT)
	y.manager.Await(t, "WATCHDOG=1")
	y.get(t, "/", "request")
}
