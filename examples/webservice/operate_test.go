// SPDX-License-Identifier: MIT

package main

import (
	"bufio"
	"bytes"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/x509"
	"encoding/pem"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"math/big"
	"mime/multipart"
	"net"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"
)

// operate does what an operator may: a backup, profiles; and a form that would not fit into memory.
func (p *process) operate() {
	p.t.Helper()
	file, err := p.get(p.admin + "/backup")
	if err != nil {
		p.t.Fatal(err)
	}
	copied := filepath.Join(p.t.TempDir(), "copy.db")
	if err := os.WriteFile(copied, []byte(file), 0o600); err != nil {
		p.t.Fatal(err)
	}
	if n := len(stored(p.t, copied)); n != clients*rounds+1 {
		p.t.Errorf("the backup has %d entries", n)
	}
	for _, profile := range []string{"heap", "heap?debug=1", "goroutine?debug=2", "profile?seconds=1", "trace?seconds=0.1"} {
		if text, err := p.get(p.admin + "/debug/pprof/" + profile); err != nil || text == "" {
			p.t.Errorf("%s: %v", profile, err)
		}
	}
	var form bytes.Buffer
	m := multipart.NewWriter(&form)
	w, err := m.CreateFormFile("file", "large")
	if err == nil {
		_, err = io.CopyN(w, rand.Reader, 48<<20) // net/http keeps 42 MiB in memory
	}
	if err := errors.Join(err, m.Close()); err != nil {
		p.t.Fatal(err)
	}
	// It may be answered before it has been sent: an error then.
	if r, err := p.client.Post(p.admin+"/debug/pprof/goroutine", m.FormDataContentType(), &form); err == nil {
		r.Body.Close()
	}
	if _, err := p.get(p.admin + "/debug/pprof/"); err != nil {
		p.t.Error(err)
	}
}

// hangUp makes requests and goes away.
func (p *process) hangUp() {
	p.t.Helper()
	for range 5 * connections {
		c, err := net.Dial("tcp", strings.TrimPrefix(p.guests, "http://"))
		if err != nil {
			p.t.Fatal(err)
		}
		if _, err := io.WriteString(c, "GET /entries HTTP/1.1\r\nHost: x\r\n\r\n"); err != nil {
			p.t.Error(err)
		}
		c.(*net.TCPConn).SetLinger(0) // RST
		c.Close()
	}
	p.look(1)
}

// checkThreads asks the kernel: each thread has both filters.
func (p *process) checkThreads() {
	p.t.Helper()
	tasks := fmt.Sprintf("/proc/%d/task", p.cmd.Process.Pid)
	entries, err := os.ReadDir(tasks)
	if err != nil {
		p.t.Fatal(err)
	}
	seen := 0
	for _, e := range entries {
		status, err := os.ReadFile(filepath.Join(tasks, e.Name(), "status"))
		if errors.Is(err, fs.ErrNotExist) || errors.Is(err, syscall.ESRCH) {
			continue // a thread that has ended meanwhile
		}
		seen++
		mode, filters := field(string(status), "Seccomp"), field(string(status), "Seccomp_filters")
		if err != nil || mode != "2" || filters != "2" && filters != "" { // the second since Linux 5.9
			p.t.Errorf("thread %s: Seccomp %q, Seccomp_filters %q, %v", e.Name(), mode, filters, err)
		}
	}
	if seen == 0 {
		p.t.Error("no thread is seen")
	}
}

// field is the value of a field of /proc/PID/status, "" if it is not there.
func field(status, name string) string {
	for line := range strings.Lines(status) {
		if n, value, _ := strings.Cut(line, ":"); n == name {
			return strings.TrimSpace(value)
		}
	}
	return ""
}

// A signal while clients sign: what was answered is stored, whatever the signal.
func TestSignals(t *testing.T) {
	for _, signal := range []syscall.Signal{syscall.SIGTERM, syscall.SIGKILL} {
		t.Run(signal.String(), func(t *testing.T) {
			db := filepath.Join(t.TempDir(), "book.db")
			p := start(t, "service", db, "-sandbox=abort")
			answered := p.signUntil(signal)
			switch code, by := p.end(); {
			case signal == syscall.SIGTERM && code != 0, signal == syscall.SIGKILL && by != syscall.SIGKILL:
				t.Errorf("the service ended by %d, %v\n%s", code, by, &p.stderr)
			}
			p = start(t, "service", db, "-sandbox=abort") // which recovers
			if list, err := p.get(p.guests + "/entries"); err != nil || !strings.Contains(list, "client") {
				t.Error(list, err)
			}
			p.stop()
			ids := stored(t, db)
			for _, id := range answered {
				if !ids[id] {
					t.Errorf("entry %d was answered and is not stored", id)
				}
			}
		})
	}
}

// signUntil sends the signal after some answers and returns all that were answered.
func (p *process) signUntil(signal syscall.Signal) (answered []int64) {
	ids := make(chan int64)
	done := make(chan struct{})
	for range clients {
		go func() {
			defer func() { done <- struct{}{} }()
			for {
				e, err := p.sign("client", "text")
				if err != nil {
					return // the service has gone
				}
				ids <- e.ID
			}
		}()
	}
	for gone := 0; gone < clients; {
		select {
		case id := <-ids:
			if answered = append(answered, id); len(answered) == 10*clients {
				p.cmd.Process.Signal(signal)
			}
		case <-done:
			gone++
		}
	}
	if len(answered) < 10*clients {
		p.t.Errorf("only %d entries were answered", len(answered))
	}
	return answered
}

// Who begins a request and does not go on is cut off, whatever part is missing.
func TestSlowClients(t *testing.T) {
	p := start(t, "service", filepath.Join(t.TempDir(), "book.db"), "-sandbox=abort", "-timeout=100ms")
	for _, begun := range []string{"", "GET / HT", "POST /entries HTTP/1.1\r\nHost: x\r\nContent-Length: 100\r\n\r\n{"} {
		c, err := net.Dial("tcp", strings.TrimPrefix(p.guests, "http://"))
		if err != nil {
			t.Fatal(err)
		}
		if _, err := io.WriteString(c, begun); err != nil {
			t.Error(err)
		}
		c.SetReadDeadline(time.Now().Add(time.Minute))
		if answer, err := io.ReadAll(bufio.NewReader(c)); err != nil && !errors.Is(err, syscall.ECONNRESET) {
			t.Errorf("%q: %q, %v", begun, answer, err)
		}
		c.Close()
	}
	p.stop()
}

// certificate writes a new certificate and its key into files.
func certificate(t *testing.T) (cert, key string, roots *x509.CertPool) {
	t.Helper()
	private, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	now := time.Now()
	template := &x509.Certificate{SerialNumber: big.NewInt(1), NotBefore: now.Add(-time.Hour), NotAfter: now.Add(time.Hour), IPAddresses: []net.IP{net.IPv4(127, 0, 0, 1)}}
	der, err := x509.CreateCertificate(rand.Reader, template, template, private.Public(), private)
	if err != nil {
		t.Fatal(err)
	}
	pkcs8, err := x509.MarshalPKCS8PrivateKey(private)
	if err != nil {
		t.Fatal(err)
	}
	dir := t.TempDir()
	write := func(name, kind string, content []byte) string {
		file := filepath.Join(dir, name)
		if err := os.WriteFile(file, pem.EncodeToMemory(&pem.Block{Type: kind, Bytes: content}), 0o600); err != nil {
			t.Fatal(err)
		}
		return file
	}
	roots = x509.NewCertPool()
	parsed, err := x509.ParseCertificate(der)
	if err != nil {
		t.Fatal(err)
	}
	roots.AddCert(parsed)
	return write("cert.pem", "CERTIFICATE", der), write("key.pem", "PRIVATE KEY", pkcs8), roots
}
