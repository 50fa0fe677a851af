// SPDX-License-Identifier: MIT

//go:build integration

package integration

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"syscall"
	"testing"
	"time"
)

// A machine is a systemd that is booted here, in namespaces of its own.
type machine struct {
	share string // a directory of ours, /share inside
	units []string
	log   string
}

func newMachine(t *testing.T) *machine {
	t.Helper()
	need(t, "unshare", "/lib/systemd/systemd")
	m := &machine{share: rootfs(t)}
	must(t, os.Mkdir(filepath.Join(m.share, "units"), 0o755))
	return m
}

func (m *machine) write(t *testing.T, file, text string) {
	t.Helper()
	path := filepath.Join(m.share, file)
	must(t, os.MkdirAll(filepath.Dir(path), 0o755))
	must(t, os.WriteFile(path, []byte(text), 0o644))
}

// service is a unit that runs the probe, with drop-ins.
func (m *machine) service(t *testing.T, name, args string, stdin []byte, dropIns ...string) {
	t.Helper()
	m.execute(t, name, "/share/probe "+args, stdin, dropIns...)
}

// execute is a unit that runs a program.
func (m *machine) execute(t *testing.T, name, program string, stdin []byte, dropIns ...string) {
	t.Helper()
	m.units = append(m.units, name+".service")
	m.write(t, name+".in", string(stdin))
	for _, stream := range []string{".out", ".err"} {
		m.write(t, name+stream, "")
	}
	m.write(t, "units/"+name+".service", fmt.Sprintf(unitText, program, name))
	for i, text := range dropIns {
		m.write(t, fmt.Sprintf("units/%s.service.d/%d0.conf", name, i+1), text)
	}
}

const unitText = `[Unit]
DefaultDependencies=no
[Service]
Type=oneshot
ExecStart=%s
StandardInput=file:/share/%[2]s.in
StandardOutput=file:/share/%[2]s.out
StandardError=file:/share/%[2]s.err
`

const endText = `[Unit]
DefaultDependencies=no
After=%s
SuccessAction=exit-force
[Service]
Type=oneshot
ExecStart=/usr/bin/true
`

// run boots, runs every service, and ends.
func (m *machine) run(t *testing.T) {
	t.Helper()
	all := strings.Join(m.units, " ")
	m.write(t, "units/all.target", "[Unit]\nDefaultDependencies=no\nWants=end.service "+all+"\n")
	m.write(t, "units/end.service", fmt.Sprintf(endText, all))
	kmsg := filepath.Join(m.share, "kmsg")
	must(t, syscall.Mkfifo(kmsg, 0o600))
	fifo, err := os.OpenFile(kmsg, os.O_RDWR, 0)
	must(t, err)
	logged := make(chan string)
	go func() { logged <- readLog(fifo) }()
	ctx, cancel := context.WithTimeout(t.Context(), 5*time.Minute) // a bound for a machine that hangs, not a measure
	defer cancel()
	out, err := exec.CommandContext(ctx, "unshare", "--mount", "testdata/boot", t.TempDir(), m.share).CombinedOutput()
	_, werr := fifo.WriteString(endOfLog)
	must(t, werr)
	m.log = <-logged
	must(t, fifo.Close())
	if err != nil {
		t.Fatalf("%v\n%s%s", err, out, m.log)
	}
}

// readLog reads what systemd logs, until we write that it has ended.
func readLog(from io.Reader) string {
	var text bytes.Buffer
	for b := make([]byte, 4096); !bytes.HasSuffix(text.Bytes(), []byte(endOfLog)); {
		n, err := from.Read(b)
		text.Write(b[:n])
		if err != nil {
			break
		}
	}
	return text.String()
}

const endOfLog = "the end of the log"

func (m *machine) read(t *testing.T, file string) string {
	t.Helper()
	text, err := os.ReadFile(filepath.Join(m.share, file))
	must(t, err)
	return string(text)
}

// end is how a service ended, in systemd's words; success is not logged.
func (m *machine) end(name string) string {
	found := regexp.MustCompile(regexp.QuoteMeta(name) + `\.service: Main process exited, (code=\w+, status=\d+)`).FindStringSubmatch(m.log)
	if found == nil {
		return "success"
	}
	return found[1]
}
