// SPDX-License-Identifier: MIT

package main

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"log/syslog"
	"net"
	"os"
	"path/filepath"

	"github.com/coreos/go-systemd/v22/daemon"
)

// listenUnix stands for the other daemons of the machine: the log, the service manager
// and one that answers lines.
func listenUnix(dir string) error {
	log, err := net.ListenUnixgram("unixgram", &net.UnixAddr{Name: filepath.Join(dir, "log"), Net: "unixgram"})
	if err != nil {
		return err
	}
	notify, err := net.ListenUnixgram("unixgram", &net.UnixAddr{Name: filepath.Join(dir, "notify"), Net: "unixgram"})
	if err != nil {
		return err
	}
	echo, err := net.Listen("unix", filepath.Join(dir, "echo"))
	if err != nil {
		return err
	}
	go io.Copy(io.Discard, log)
	go io.Copy(io.Discard, notify)
	go func() {
		for {
			conn, err := echo.Accept()
			if err != nil {
				return
			}
			go io.Copy(conn, struct{ io.Reader }{conn})
		}
	}()
	return nil
}

// useUnix logs, tells the service manager that the program is alive, and asks a daemon.
func useUnix(dir string) error {
	log, err := syslog.Dial("unixgram", filepath.Join(dir, "log"), syslog.LOG_INFO, "node")
	if err != nil {
		return err
	}
	if err := errors.Join(log.Info("up"), log.Close()); err != nil {
		return err
	}
	if err := os.Setenv("NOTIFY_SOCKET", filepath.Join(dir, "notify")); err != nil {
		return err
	}
	if sent, err := daemon.SdNotify(false, daemon.SdNotifyWatchdog); err != nil || !sent {
		return fmt.Errorf("sd_notify: %v, %w", sent, err)
	}
	return askUnix(filepath.Join(dir, "echo"))
}

func askUnix(name string) error {
	conn, err := net.Dial("unix", name)
	if err != nil {
		return err
	}
	defer conn.Close()
	if _, err := fmt.Fprintln(conn, "are you there?"); err != nil {
		return err
	}
	answer, err := bufio.NewReader(conn).ReadString('\n')
	if err == nil && answer != "are you there?\n" {
		err = fmt.Errorf("the answer is %q", answer)
	}
	return err
}

// useInterfaces asks for the addresses of this machine, as a node does that tells
// peers where it is.
func useInterfaces(string) error {
	all, err := net.Interfaces()
	if err != nil {
		return err
	}
	for _, i := range all {
		if _, err := i.Addrs(); err != nil {
			return err
		}
	}
	_, err = net.InterfaceAddrs()
	return err
}
