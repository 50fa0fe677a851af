// SPDX-License-Identifier: MIT

//go:build unix

// Command daemon is a web server as it stands for a year under a service manager: its certificate is renewed, its log
// rotated, the disk is full, syslog is restarted, somebody takes a profile. The tests do all that to it under policies that
// kill. policy.go says what each of these events needs of the kernel.
package main

import (
	"context"
	"flag"
	"fmt"
	"log"
	"os"
	"os/signal"
	"strings"
	"syscall"
	"time"

	"github.com/syscall-sandbox/sandbox"
)

type options struct {
	action    sandbox.SyscallSandboxAction
	listen    string
	cert, key string
	log       string
	syslog    string
	upstream  string
	pprof     string
	forget    forgotten
}

func parseOptions() *options {
	o := &options{action: sandbox.ActionInvokeSignalHandler}
	flag.TextVar(&o.action, "sandbox", o.action, "what happens to refused calls: abort, log-and-abort, log-and-deny or off")
	flag.StringVar(&o.listen, "listen", "127.0.0.1:8443", "address of the HTTPS server")
	flag.StringVar(&o.cert, "cert", "cert.pem", "certificate; SIGHUP reads it again")
	flag.StringVar(&o.key, "key", "key.pem", "its private key")
	flag.StringVar(&o.log, "log", "", "log file; SIGHUP opens it again")
	flag.StringVar(&o.syslog, "syslog", "", "socket of the syslog daemon, such as /dev/log")
	flag.StringVar(&o.upstream, "upstream", "", "URL that /upstream answers with")
	flag.StringVar(&o.pprof, "pprof", "", "address for /debug/pprof; SIGUSR1 turns it on and off")
	flag.Var(&o.forget, "forget", "to see what it is for, leave out what this needs: "+strings.Join(needNames(), ", "))
	flag.Parse()
	return o
}

func main() {
	if err := run(parseOptions()); err != nil {
		log.Fatal(err)
	}
}

// run goes through three phases: everything is opened and read; requests are served; what is left is closed.
func run(o *options) error {
	serving, ending := o.policy(), o.ending()
	err := sandbox.SetupSyscallSandbox(sandbox.Config{Action: o.action, Policies: []sandbox.SyscallSandboxPolicy{serving, ending}})
	if err != nil {
		return err
	}
	d, err := open(o)
	if err != nil {
		return err
	}
	signals := make(chan os.Signal, 8)
	signal.Notify(signals, os.Interrupt, syscall.SIGTERM, syscall.SIGHUP, syscall.SIGUSR1)
	if err := o.warmUp(); err != nil {
		return err
	}
	if err := sandbox.SetProcessPolicy(serving); err != nil {
		return err
	}
	d.serve()
	d.notify.Send(fmt.Sprintf("READY=1\nMAINPID=%d\nSTATUS=%s", os.Getpid(), d.addresses()))
	d.attend(signals)
	d.notify.Send("STOPPING=1")
	//sandboxvet:ignore getdents64 no TLS connection waits for this context
	ctx, cancel := context.WithTimeout(context.Background(), 10*time.Second)
	defer cancel() //sandboxvet:ignore getdents64,getrandom,openat the context is only Shutdown's: no TLS connection waits for it
	if err := d.shutdown(ctx); err != nil {
		return err
	}
	if err := sandbox.SetProcessPolicy(ending); err != nil {
		return err
	}
	return d.logs.close()
}

// attend does what signals ask for until one of them says stop. The watchdog is fed here and not on a goroutine that would
// feed it whatever happens to this one.
func (d *daemon) attend(signals <-chan os.Signal) {
	watchdog, stop := d.notify.Watchdog()
	defer stop()
	for {
		select {
		case <-watchdog:
			d.notify.Send("WATCHDOG=1")
		case s := <-signals:
			switch s {
			case syscall.SIGHUP:
				d.reload()
			case syscall.SIGUSR1:
				d.profiles.Switch(!d.profiles.On())
				d.notify.Send(fmt.Sprintf("STATUS=pprof %t", d.profiles.On()))
			default:
				return
			}
		}
	}
}

// reload takes the new certificate and the new log file. What cannot be had is logged, and the old one stays.
func (d *daemon) reload() {
	d.notify.Send("RELOADING=1")
	status := "reloaded"
	for _, err := range []error{d.logs.reopen(), d.certificate.load()} {
		if err != nil {
			status = sandbox.ExplainError(err).Error()
			d.logs.Printf("reload: %s", status)
		}
	}
	d.notify.Send("READY=1\nSTATUS=" + status)
}
