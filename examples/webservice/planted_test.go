// SPDX-License-Identifier: MIT

package main

import (
	"io"
	"net/http"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"testing"
)

// plantedRoutes are the service's with mistakes that somebody might make.
func plantedRoutes(s *store) http.Handler {
	mux := http.NewServeMux()
	mux.Handle("/", routes(s))
	mux.HandleFunc("/search", func(w http.ResponseWriter, r *http.Request) {
		rows, err := s.db.Query("SELECT text FROM entries WHERE name = '" + r.FormValue("of") + "'")
		for err == nil && rows.Next() {
			var text string
			if err = rows.Scan(&text); err == nil {
				io.WriteString(w, text+"\n")
			}
		}
		told(w, err)
	})
	mux.HandleFunc("/read", func(w http.ResponseWriter, r *http.Request) {
		text, err := os.ReadFile(r.FormValue("of"))
		w.Write(text)
		told(w, err)
	})
	mux.HandleFunc("/write", func(w http.ResponseWriter, r *http.Request) {
		told(w, os.WriteFile(r.FormValue("of"), nil, 0o600))
	})
	mux.HandleFunc("/fetch", func(w http.ResponseWriter, r *http.Request) {
		_, err := http.Get(r.FormValue("of"))
		told(w, err)
	})
	mux.HandleFunc("/run", func(w http.ResponseWriter, r *http.Request) {
		text, err := exec.Command(r.FormValue("of")).CombinedOutput()
		w.Write(text)
		told(w, err)
	})
	return mux
}

func told(w http.ResponseWriter, err error) {
	if err != nil {
		io.WriteString(w, "error: "+err.Error())
	}
}

// An attack is a request to the planted service, and what it gets of the kernel.
type attack struct {
	name, path, of string
	refused        string // the call that ends the service; "": it goes on
	answer         string // some of what it answers then
}

var attacks = []attack{
	// SQL, in the database that is open: nothing of this is a system call that could be refused.
	{name: "read all entries", path: "/search", of: "' OR 1=1 --", answer: "private"},
	{name: "change all entries", path: "/search", of: "'; UPDATE entries SET text = 'changed' RETURNING text --", answer: "changed"},
	// SQL that opens files: SQLite looks first whether a part of the path is a link. The service may write DIR.
	{name: "read another database", path: "/search", of: "'; ATTACH 'DIR/other.db' AS o; SELECT secret FROM o.secrets --", refused: "lstat"},
	{name: "write a new file", path: "/search", of: "'; VACUUM INTO 'DIR/new' --", refused: "lstat"},
	// Go code.
	{name: "read a file", path: "/read", of: "/etc/passwd", answer: "operation not permitted"},
	{name: "write to a file", path: "/write", of: "/proc/self/mem", refused: "openat"},
	{name: "ask another server", path: "/fetch", of: "http://127.0.0.1:1", refused: "socket"},
	{name: "run a program", path: "/run", of: "/bin/id", answer: "operation not permitted"},
}

func TestPlanted(t *testing.T) {
	dir := t.TempDir()
	otherDatabase(t, filepath.Join(dir, "other.db"))
	for _, a := range attacks {
		for _, action := range []string{"abort", "log-and-abort"} {
			t.Run(a.name+" "+action, func(t *testing.T) {
				p := start(t, "planted", filepath.Join(t.TempDir(), "book.db"), "-sandbox="+action)
				if _, err := p.sign("Ann", "private"); err != nil {
					t.Fatal(err)
				}
				query := url.Values{"of": {strings.ReplaceAll(a.of, "DIR", dir)}}
				answer, err := p.get(p.guests + a.path + "?" + query.Encode())
				if a.refused == "" {
					if err != nil || !strings.Contains(answer, a.answer) {
						t.Errorf("%q, %v", answer, err)
					}
					p.stop()
				} else {
					p.refused(action, a.refused)
				}
			})
		}
	}
}

// The table in README.md says what happens.
func TestReadmeAttacks(t *testing.T) {
	readme, err := os.ReadFile("README.md")
	if err != nil {
		t.Fatal(err)
	}
	lines := strings.Split(string(readme), "\n")
	for _, a := range attacks {
		says := "the service ends: `" + a.refused + "`"
		switch {
		case a.refused != "":
		case a.path == "/search":
			says = "**nothing stops it**"
		default:
			says = `"` + a.answer + `"; the service goes on`
		}
		if !slices.ContainsFunc(lines, func(line string) bool { return strings.HasPrefix(line, "| "+a.name) && strings.Contains(line, says) }) {
			t.Errorf("README.md does not say of %q: %s", a.name, says)
		}
	}
}

// refused expects that the service has ended because of a call.
func (p *process) refused(action, call string) {
	p.t.Helper()
	code, signal := p.end()
	stderr := p.stderr.String()
	switch action {
	case "abort":
		if signal != syscall.SIGSYS {
			p.t.Errorf("the service ended by %d, %v\n%s", code, signal, stderr)
		}
	case "log-and-abort":
		if code != 2 || !strings.Contains(stderr, `The syscall "`+call+`" `) || !strings.Contains(stderr, "plantedRoutes.func") {
			p.t.Errorf("the service ended by %d, %v\n%s", code, signal, stderr)
		}
	}
}
