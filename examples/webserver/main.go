// SPDX-License-Identifier: MIT

// Command webserver is net/http in three phases: initialization, serving (no process
// can be made) and shutoff (no socket either).
package main

import (
	"context"
	"flag"
	"fmt"
	"log"
	"net"
	"net/http"
	"os"
	"os/signal"
	"sync/atomic"
	"syscall"

	"github.com/syscall-sandbox/sandbox"
)

// What every goroutine may still call while serving: the union of two roles.
var serving = sandbox.NewPolicy("serving", sandbox.NewSeccompPolicyBuilder().AllowNothing().AllowProcessPolicies().
	AllowPolicy(sandbox.PolicyNetHTTPServer, sandbox.PolicyShutoff))

func main() {
	config := sandbox.Config{Action: sandbox.ActionInvokeSignalHandler, Policies: []sandbox.SyscallSandboxPolicy{serving}}
	flag.TextVar(&config.Action, "sandbox", config.Action, "abort, log-and-abort or off")
	addr := flag.String("listen", "127.0.0.1:8080", "address to listen on")
	count := flag.String("count", os.DevNull, "file that gets the number of requests at the end")
	flag.Parse()
	must(sandbox.SetupSyscallSandbox(config))

	var served atomic.Int64
	http.HandleFunc("/{$}", func(w http.ResponseWriter, r *http.Request) {
		fmt.Fprintf(w, "request %d\n", served.Add(1))
	})
	http.HandleFunc("/violation", func(w http.ResponseWriter, r *http.Request) { fmt.Fprintln(w, sandbox.TestDisallowedSandboxCall()) })
	listener, err := net.Listen("tcp", *addr)
	must(err)
	stop, cancel := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer cancel()
	must(sandbox.SetProcessPolicy(serving))

	var server http.Server
	//sandboxvet:ignore bind it is for the netlink socket that names interfaces, which gets an errno
	//sandboxvet:ignore *@shutoff Shutdown has returned: nothing is accepted or served any more
	go func() { log.Print(server.Serve(listener)) }()
	fmt.Printf("serving on http://%s\n", listener.Addr())
	<-stop.Done()
	must(server.Shutdown(context.Background()))
	must(sandbox.SetProcessPolicy(sandbox.PolicyShutoff))
	must(os.WriteFile(*count, fmt.Appendln(nil, served.Load()), 0o600))
}

func must(err error) {
	if err != nil {
		log.Fatal(err)
	}
}
