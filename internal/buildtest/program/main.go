// SPDX-License-Identifier: MIT

// Command program violates its policy. The test builds it in every way that Go
// programs are built.
package main

import (
	"fmt"
	"os"
	"runtime"

	"github.com/syscall-sandbox/sandbox"
)

func main() {
	err := sandbox.SetupSyscallSandbox(sandbox.Config{Action: sandbox.ActionInvokeSignalHandler})
	if err == nil && len(os.Args) > 1 && os.Args[1] == "thread" {
		for range 2 {
			go func() {
				for {
					runtime.KeepAlive(make([]byte, 1<<16))
					runtime.GC()
				}
			}()
		}
		err = sandbox.Go(sandbox.PolicyNet, "net", violate)
		if err == nil {
			select {}
		}
	}
	if err != nil {
		fmt.Println(err)
		os.Exit(1)
	}
	if len(os.Args) > 1 && os.Args[1] == "thread of C" {
		onThreadOfC()
	}
	violate()
}

// onThreadOfC violates on a thread that C made; there is none without cgo.
var onThreadOfC func()

//go:noinline
func violate() {
	fmt.Println(sandbox.TestDisallowedSandboxCall())
	os.Exit(1)
}
