// SPDX-License-Identifier: MIT

package main

import (
	"testing"

	"github.com/syscall-sandbox/sandbox/examples/btcnode/internal/rpcapi"
)

// Without threads of their own the roles run under the process policy, which is in force all the same.
func TestScopeProcess(t *testing.T) {
	node := startNode(t, t.TempDir(), "--sandbox-scope=process")
	var info rpcapi.SandboxInfo
	if err := node.RPC.Call(&info, "getsandboxinfo"); err != nil {
		t.Fatal(err)
	}
	if !info.Enabled || info.ProcessThreads == 0 || len(info.Roles) == 0 {
		t.Errorf("%+v", info)
	}
	for _, r := range info.Roles {
		if r.TID != 0 {
			t.Errorf("role %s has the filtered thread %d", r.Name, r.TID)
		}
	}
	if err := node.StopByRPC(testTimeout); err != nil {
		t.Error(err)
	}
}
