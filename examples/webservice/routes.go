// SPDX-License-Identifier: MIT

package main

import (
	_ "embed"
	"encoding/json"
	"errors"
	"html/template"
	"log/slog"
	"net/http"
	"net/http/pprof"
)

const maxBody = 256 << 10

var (
	//go:embed page.html
	pageText string
	page     = template.Must(template.New("page").Parse(pageText))
)

// routes are for everybody.
func routes(s *store) http.Handler {
	mux := http.NewServeMux()
	mux.HandleFunc("GET /{$}", s.showPage)
	mux.HandleFunc("GET /entries", s.list)
	mux.HandleFunc("POST /entries", s.sign)
	return mux
}

// adminRoutes are for the operator, on an address of their own. Package pprof reads forms, and a form that is too large for
// memory goes to a temporary file: so requests have no bodies here.
func adminRoutes(s *store) http.Handler {
	mux := http.NewServeMux()
	mux.HandleFunc("GET /backup", s.download)
	mux.HandleFunc("/debug/pprof/", pprof.Index)
	mux.HandleFunc("/debug/pprof/profile", pprof.Profile)
	mux.HandleFunc("/debug/pprof/trace", pprof.Trace)
	return http.MaxBytesHandler(mux, 0)
}

func (s *store) showPage(w http.ResponseWriter, r *http.Request) {
	all, err := s.latest()
	if err != nil {
		fail(w, err)
		return
	}
	w.Header().Set("Content-Type", "text/html; charset=utf-8")
	if err := page.Execute(w, all); err != nil {
		slog.Info("page", "err", err) // the client has gone
	}
}

func (s *store) list(w http.ResponseWriter, r *http.Request) {
	all, err := s.latest()
	if err != nil {
		fail(w, err)
		return
	}
	answer(w, http.StatusOK, all)
}

func (s *store) sign(w http.ResponseWriter, r *http.Request) {
	var e entry
	err := json.NewDecoder(http.MaxBytesReader(w, r.Body, maxBody)).Decode(&e)
	if tooLarge := (*http.MaxBytesError)(nil); errors.As(err, &tooLarge) {
		http.Error(w, "an entry has at most 256 KiB", http.StatusRequestEntityTooLarge)
		return
	} else if err != nil || e.Name == "" {
		http.Error(w, `want {"name": ..., "text": ...}`, http.StatusBadRequest)
		return
	}
	if e, err = s.add(e); err != nil {
		fail(w, err)
		return
	}
	answer(w, http.StatusCreated, e)
}

func (s *store) download(w http.ResponseWriter, r *http.Request) {
	file, err := s.backup()
	if err != nil {
		fail(w, err)
		return
	}
	w.Header().Set("Content-Type", "application/vnd.sqlite3")
	if _, err := w.Write(file); err != nil {
		slog.Info("backup", "err", err)
	}
}

func answer(w http.ResponseWriter, status int, v any) {
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(status)
	if err := json.NewEncoder(w).Encode(v); err != nil {
		slog.Info("answer", "err", err)
	}
}

func fail(w http.ResponseWriter, err error) {
	slog.Error("request", "err", err)
	http.Error(w, "the guest book cannot be read or written", http.StatusInternalServerError)
}
