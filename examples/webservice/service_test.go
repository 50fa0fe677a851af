// SPDX-License-Identifier: MIT

package main

import (
	"bytes"
	"crypto/tls"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"syscall"
	"testing"
)

// The test binary is the service too, in the build flavour of the test; with planted mistakes if the variable says so.
const runAs = "WEBSERVICE_TEST_RUN_AS"

func TestMain(m *testing.M) {
	var routing func(*store) http.Handler
	switch os.Getenv(runAs) {
	case "":
		os.Exit(m.Run())
	case "service":
		routing = routes
	case "planted":
		routing = plantedRoutes
	}
	if err := run(parseOptions(), routing); err != nil {
		fmt.Fprintln(os.Stderr, "stopped:", err)
		os.Exit(1)
	}
	os.Exit(0)
}

// A process is a running service.
type process struct {
	t             *testing.T
	cmd           *exec.Cmd
	guests, admin string // URLs
	client        *http.Client

	stderr bytes.Buffer  // to be read when it has ended
	ended  chan struct{} // it has, and closed its standard error
}

// start returns when the service says that it serves.
func start(t *testing.T, as, db string, args ...string) *process {
	t.Helper()
	r, w, err := os.Pipe()
	if err != nil {
		t.Fatal(err)
	}
	p := &process{t: t, client: &http.Client{Transport: &http.Transport{}}, ended: make(chan struct{})}
	p.cmd = exec.Command(os.Args[0], append([]string{"-listen=127.0.0.1:0", "-admin=127.0.0.1:0", "-timeout=2m", "-db=" + db}, args...)...)
	p.cmd.Dir = t.TempDir() // for a core file
	// Race-built programs wait a second when they end, unless told not to.
	p.cmd.Env = append(os.Environ(), runAs+"="+as, "GORACE=atexit_sleep_ms=0")
	p.cmd.Stderr = w
	if err := p.cmd.Start(); err != nil {
		t.Fatal(err)
	}
	w.Close()
	t.Cleanup(func() {
		p.cmd.Process.Kill() // if it has not ended
		<-p.ended
		r.Close()
	})
	serving := make(chan string, 1)
	go p.read(r, serving)
	select {
	case line := <-serving:
		p.guests, p.admin = address(line, "guests"), address(line, "admin")
	case <-p.ended:
		p.cmd.Wait()
		t.Fatalf("the service ended: %v\n%s", p.cmd.ProcessState, &p.stderr)
	}
	return p
}

// read takes what the service writes, and passes on the line that says where it serves.
func (p *process) read(r io.Reader, serving chan<- string) {
	defer close(p.ended)
	buf := make([]byte, 4096)
	told := false
	for {
		n, err := r.Read(buf)
		p.stderr.Write(buf[:n])
		if err != nil {
			return
		}
		for line := range strings.Lines(p.stderr.String()) {
			if !told && strings.Contains(line, " serving ") && strings.HasSuffix(line, "\n") {
				told = true
				serving <- line
			}
		}
	}
}

func address(line, name string) string {
	_, rest, _ := strings.Cut(line, name+"=")
	return "http://" + strings.Fields(rest)[0]
}

// end waits until the service has ended, and says how; what it wrote is in stderr then.
func (p *process) end() (code int, signal syscall.Signal) {
	p.t.Helper()
	<-p.ended
	p.cmd.Wait()
	status := p.cmd.ProcessState.Sys().(syscall.WaitStatus)
	if status.Signaled() {
		return -1, status.Signal()
	}
	return status.ExitStatus(), 0
}

// stop sends SIGTERM and expects the end in order.
func (p *process) stop() {
	p.t.Helper()
	p.client.CloseIdleConnections()
	if err := p.cmd.Process.Signal(syscall.SIGTERM); err != nil {
		p.t.Error(err)
	}
	if code, signal := p.end(); code != 0 || strings.Contains(p.stderr.String(), "ERROR") {
		p.t.Errorf("the service ended by %d, %v\n%s", code, signal, &p.stderr)
	}
}

func (p *process) get(url string) (string, error) {
	r, err := p.client.Get(url)
	if err != nil {
		return "", err
	}
	return body(r)
}

// body is what a good answer says.
func body(r *http.Response) (string, error) {
	defer r.Body.Close()
	text, err := io.ReadAll(r.Body)
	if err == nil && r.StatusCode/100 != 2 {
		err = fmt.Errorf("%s: %s", r.Status, text)
	}
	return string(text), err
}

// sign writes an entry.
func (p *process) sign(name, text string) (written entry, err error) {
	e, err := json.Marshal(entry{Name: name, Text: text})
	if err != nil {
		return written, err
	}
	r, err := p.client.Post(p.guests+"/entries", "application/json", bytes.NewReader(e))
	if err != nil {
		return written, err
	}
	answer, err := body(r)
	if err != nil {
		return written, err
	}
	return written, json.Unmarshal([]byte(answer), &written)
}

// stored are the ids of all entries of a database that no service has open.
func stored(t *testing.T, db string) map[int64]bool {
	t.Helper()
	s, err := openStore(db)
	if err != nil {
		t.Fatal(err)
	}
	defer s.close()
	var good string
	if err := s.db.QueryRow("PRAGMA integrity_check").Scan(&good); err != nil || good != "ok" {
		t.Error(good, err)
	}
	rows, err := s.db.Query("SELECT id FROM entries")
	if err != nil {
		t.Fatal(err)
	}
	defer rows.Close()
	ids := make(map[int64]bool)
	for rows.Next() {
		var id int64
		if err := rows.Scan(&id); err != nil {
			t.Fatal(err)
		}
		ids[id] = true
	}
	if err := rows.Err(); err != nil {
		t.Fatal(err)
	}
	return ids
}

func TestService(t *testing.T) {
	for _, action := range []string{"abort", "off"} {
		t.Run(action, func(t *testing.T) {
			db := filepath.Join(t.TempDir(), "book.db")
			p := start(t, "service", db, "-sandbox="+action)
			p.load(1)
			p.operate()
			p.hangUp()
			if action != "off" {
				p.checkThreads()
			}
			p.stop()
			p = start(t, "service", db, "-sandbox="+action) // nothing is new in the database
			p.load(1)
			p.stop()
			if n := len(stored(t, db)); n != 2*clients*rounds+2 {
				t.Errorf("%d entries are stored", n)
			}
		})
	}
}

func TestTLS(t *testing.T) {
	cert, key, roots := certificate(t)
	p := start(t, "service", filepath.Join(t.TempDir(), "book.db"), "-sandbox=log-and-abort", "-cert="+cert, "-key="+key)
	p.guests = strings.Replace(p.guests, "http:", "https:", 1)
	for _, major := range []int{2, 1} {
		transport := &http.Transport{TLSClientConfig: &tls.Config{RootCAs: roots}, ForceAttemptHTTP2: major == 2}
		p.client = &http.Client{Transport: transport}
		p.load(major)
		transport.CloseIdleConnections()
	}
	p.stop()
}

const clients, rounds = 8, 10

// load has clients sign and read at the same time; then one writes as much as an entry may have, and more.
func (p *process) load(major int) {
	p.t.Helper()
	var all sync.WaitGroup
	for i := range clients {
		all.Go(func() {
			for j := range rounds {
				name := fmt.Sprintf("client %d.%d", i, j)
				if e, err := p.sign(name, "<b>"); err != nil || e.Name != name {
					p.t.Errorf("%+v, %v", e, err)
				}
				p.look(major)
			}
		})
	}
	all.Wait()
	if _, err := p.sign("long", strings.Repeat("x", maxBody-100)); err != nil {
		p.t.Error(err)
	}
	if _, err := p.sign("longer", strings.Repeat("x", maxBody)); err == nil || !strings.Contains(err.Error(), "413") {
		p.t.Errorf("an entry that is too long: %v", err)
	}
	p.look(major)
}

// look reads the page and the list.
func (p *process) look(major int) {
	if page, err := p.get(p.guests + "/"); err != nil || !strings.Contains(page, "&lt;b&gt;") {
		p.t.Errorf("page: %v\n%s", err, page)
	}
	r, err := p.client.Get(p.guests + "/entries")
	if err != nil {
		p.t.Error(err)
		return
	}
	if r.ProtoMajor != major {
		p.t.Errorf("HTTP/%d instead of %d", r.ProtoMajor, major)
	}
	var entries []entry
	if list, err := body(r); err != nil || json.Unmarshal([]byte(list), &entries) != nil || len(entries) == 0 {
		p.t.Errorf("list: %v\n%s", err, list)
	}
}
