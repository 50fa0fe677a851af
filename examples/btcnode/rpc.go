// SPDX-License-Identifier: MIT

package main

import (
	"crypto/rand"
	"crypto/subtle"
	"encoding/json"
	"errors"
	"log/slog"
	"net"
	"net/http"
	"strings"
	"sync/atomic"
	"time"

	"github.com/btcsuite/btcd/btcjson"

	"github.com/syscall-sandbox/sandbox/examples/internal/profiles"
)

const (
	rpcUser      = "__cookie__" // Bitcoin Core's name for it
	rpcWorkers   = 2
	rpcTimeout   = 10 * time.Second
	rpcBodyLimit = 1 << 20
)

// rpcCall is one request on its way to a worker.
type rpcCall struct {
	request btcjson.Request
	result  any
	err     error
	done    chan struct{}
}

// rpcServer speaks JSON-RPC over HTTP. The connections are accepted on the thread of the http role. net/http then reads
// requests on a goroutine per connection, under the process policy; these only decode and wait, the methods run on the worker
// threads.
type rpcServer struct {
	*rpcQueue
	server   http.Server
	password string
	methods  map[string]rpcMethod
	profiles profiles.Handler
	answered [rpcWorkers]atomic.Int64
	accepted atomic.Int64
}

type rpcMethod func(params []json.RawMessage) (any, error)

func newRPCServer(methods map[string]rpcMethod) *rpcServer {
	s := &rpcServer{password: rand.Text(), methods: methods, rpcQueue: newRPCQueue()}
	s.server = http.Server{
		Handler: http.HandlerFunc(s.serveHTTP), ReadTimeout: rpcTimeout, IdleTimeout: time.Minute,
		ConnState: func(_ net.Conn, state http.ConnState) {
			if state == http.StateNew {
				s.accepted.Add(1)
			}
		},
	}
	return s
}

// accept is the body of the http role.
func (s *rpcServer) accept(l net.Listener) {
	//sandboxvet:ignore bind it is for the netlink socket that names interfaces, which gets an errno
	//sandboxvet:ignore unlinkat the listener is no unix socket
	if err := s.server.Serve(l); !errors.Is(err, http.ErrServerClosed) {
		slog.Error("rpc server", "err", err)
	}
}

// work is the body of worker i; it ends when calls is closed, after the HTTP server.
func (s *rpcServer) work(i int) {
	s.rpcQueue.work(func(call *rpcCall) {
		call.result, call.err = s.invoke(&call.request)
		s.answered[i].Add(1)
	})
}

func (s *rpcServer) invoke(r *btcjson.Request) (any, error) {
	method := s.methods[r.Method]
	if method == nil {
		return nil, btcjson.ErrRPCMethodNotFound
	}
	return method(r.Params)
}

func (s *rpcServer) serveHTTP(w http.ResponseWriter, r *http.Request) {
	user, password, _ := r.BasicAuth()
	if user != rpcUser || subtle.ConstantTimeCompare([]byte(password), []byte(s.password)) == 0 {
		w.Header().Set("WWW-Authenticate", `Basic realm="jsonrpc"`)
		http.Error(w, "wrong user or password", http.StatusUnauthorized)
		return
	}
	if strings.HasPrefix(r.URL.Path, profiles.Path) {
		s.profiles.ServeHTTP(w, r)
		return
	}
	if r.Method != http.MethodPost {
		http.Error(w, "JSON-RPC is spoken by POST", http.StatusMethodNotAllowed)
		return
	}
	s.enter()
	defer s.leave()
	call := &rpcCall{done: make(chan struct{})}
	if err := json.NewDecoder(http.MaxBytesReader(w, r.Body, rpcBodyLimit)).Decode(&call.request); err != nil {
		call.err = btcjson.ErrRPCParse
	} else {
		s.do(call)
	}
	writeAnswer(w, call)
}

func writeAnswer(w http.ResponseWriter, call *rpcCall) {
	var answer struct {
		Result any               `json:"result"`
		Error  *btcjson.RPCError `json:"error"`
		ID     any               `json:"id"`
	}
	answer.ID = call.request.ID
	switch {
	case call.err == nil:
		answer.Result = call.result
	case !errors.As(call.err, &answer.Error):
		answer.Error = btcjson.NewRPCError(btcjson.ErrRPCMisc, call.err.Error())
	}
	w.Header().Set("Content-Type", "application/json")
	if answer.Error != nil {
		w.WriteHeader(http.StatusInternalServerError)
	}
	if err := json.NewEncoder(w).Encode(answer); err != nil {
		slog.Debug("rpc answer", "err", err)
	}
}
