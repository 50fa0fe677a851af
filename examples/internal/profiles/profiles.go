// SPDX-License-Identifier: MIT

// Package profiles is /debug/pprof with a switch.
package profiles

import (
	"net/http"
	"net/http/pprof"
	"strings"
	"sync/atomic"
)

// Path is where profiles are served.
const Path = "/debug/pprof/"

// A Handler serves profiles while it is on. Nothing is opened or closed when it is switched: it sits on a server that is there.
// A profile needs nothing of a policy: what the runtime calls for it is part of its share, and the one file that it would
// read, /proc/self/maps, it can do without. Package pprof reads forms, and net/http writes one that is too large for memory
// to a temporary file, whatever the method (net/http.Request.ParseMultipartForm): so requests have no bodies here.
type Handler struct{ on atomic.Bool }

// Switch turns it on or off.
func (h *Handler) Switch(on bool) { h.on.Store(on) }

// On reports whether it is on.
func (h *Handler) On() bool { return h.on.Load() }

func (h *Handler) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	name, ok := strings.CutPrefix(r.URL.Path, Path)
	if !ok || !h.On() {
		http.NotFound(w, r)
		return
	}
	if r.Method != http.MethodGet {
		http.Error(w, "profiles are read by GET", http.StatusMethodNotAllowed)
		return
	}
	r.Body = http.NoBody
	serve(name, w, r)
}

func serve(name string, w http.ResponseWriter, r *http.Request) {
	switch name {
	case "cmdline":
		pprof.Cmdline(w, r)
	case "profile":
		pprof.Profile(w, r)
	case "symbol":
		pprof.Symbol(w, r)
	case "trace":
		pprof.Trace(w, r)
	default:
		pprof.Index(w, r)
	}
}
