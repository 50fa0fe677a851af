// SPDX-License-Identifier: MIT

package main

import (
	"crypto/x509"
	"encoding/pem"
	"fmt"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/syscall-sandbox/sandbox/internal/testproc"
)

// runDaemon has examples/daemon do all that it can: serve, ask another server, reload, be
// profiled, end.
func runDaemon(t *testing.T) observation {
	t.Helper()
	dir := t.TempDir()
	upstream := httptest.NewTLSServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { fmt.Fprintln(w, "upstream") }))
	defer upstream.Close()
	cert := filepath.Join(dir, "cert.pem")
	writePEM(t, cert, "CERTIFICATE", upstream.Certificate().Raw)
	key, err := x509.MarshalPKCS8PrivateKey(upstream.TLS.Certificates[0].PrivateKey)
	must(t, err)
	writePEM(t, filepath.Join(dir, "key.pem"), "PRIVATE KEY", key)
	manager, syslog := listen(t, filepath.Join(dir, "manager")), listen(t, filepath.Join(dir, "syslog"))
	go discard(syslog)
	d := watch(t, testproc.Cmd{
		Executable: build(t, "../..", "./examples/daemon"),
		Args: []string{"-sandbox=abort", "-listen=127.0.0.1:0", "-pprof=127.0.0.1:0", "-cert=" + cert, "-key=" + filepath.Join(dir, "key.pem"),
			"-log=" + filepath.Join(dir, "log"), "-syslog=" + syslog.LocalAddr().String(), "-upstream=" + upstream.URL},
		Env: []string{"NOTIFY_SOCKET=" + manager.LocalAddr().String(), "WATCHDOG_USEC=100000", "SSL_CERT_FILE=" + cert},
	})
	ready := strings.Fields(await(t, manager, "READY=1\nMAINPID="))
	url, profiles := strings.TrimPrefix(ready[2], "STATUS="), ready[3]
	client := upstream.Client().Transport
	for _, path := range []string{"/", "/static/page.html", "/upstream", "/upstream"} {
		get(t, client, url+path)
	}
	d.Signal(syscall.SIGHUP)
	await(t, manager, "STATUS=reloaded")
	d.Signal(syscall.SIGUSR1)
	await(t, manager, "STATUS=pprof true")
	for _, path := range []string{"", "heap", "goroutine?debug=2", "cmdline", "profile?seconds=1", "trace?seconds=1"} {
		get(t, http.DefaultTransport, profiles+"/debug/pprof/"+path)
	}
	go discard(manager) // a full socket would hold the daemon up
	d.Signal(syscall.SIGTERM)
	o, _ := d.end(t, 0)
	return o
}

func writePEM(t *testing.T, file, kind string, der []byte) {
	t.Helper()
	must(t, os.WriteFile(file, pem.EncodeToMemory(&pem.Block{Type: kind, Bytes: der}), 0o600))
}

func listen(t *testing.T, path string) *net.UnixConn {
	t.Helper()
	conn, err := net.ListenUnixgram("unixgram", &net.UnixAddr{Name: path, Net: "unixgram"})
	must(t, err)
	t.Cleanup(func() { conn.Close() })
	return conn
}

func discard(conn *net.UnixConn) {
	for b := make([]byte, 4096); ; {
		if _, err := conn.Read(b); err != nil {
			return
		}
	}
}

// await is the next datagram that has text in it.
func await(t *testing.T, conn *net.UnixConn, text string) string {
	t.Helper()
	must(t, conn.SetReadDeadline(time.Now().Add(5*time.Minute)))
	defer conn.SetReadDeadline(time.Time{})
	for b := make([]byte, 4096); ; {
		n, err := conn.Read(b)
		if err != nil {
			t.Fatalf("waiting for %q: %v", text, err)
		}
		if strings.Contains(string(b[:n]), text) {
			return string(b[:n])
		}
	}
}
