// SPDX-License-Identifier: MIT

package main

import (
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	"github.com/syscall-sandbox/sandbox/examples/btcnode/internal/rpcapi"
)

// onSmallDisk runs the node twice, with its blocks on a disk of $1 that nobody else sees: once until it ends, and then, on a
// disk that was made larger, for good.
const onSmallDisk = `
mount -t tmpfs -o size="$1" small "$2" || exit 99
shift 2
"$@"
echo "first run: status $?"
mount -o remount,size=256m small "$SMALL_DISK" || exit 98
exec "$@"
`

// TestDiskFull lets a syncing node run into the end of its disk. It says so and ends with status 1, by itself or because btcd's
// database ends it, and no policy has to do with it; when the disk has space again, the next run goes on from what is there.
func TestDiskFull(t *testing.T) {
	dir := t.TempDir()
	blocks := filepath.Join(dir, "blocks")
	if err := os.Mkdir(blocks, 0o700); err != nil {
		t.Fatal(err)
	}
	requireMounts(t, blocks)
	node := nodeCommand("--sandbox=log-and-abort", "--connect", startPeer(t, realBlocks(t, shortChain)).Addr)
	cmd := exec.Command("sh", append([]string{"-c", onSmallDisk, "sh", "1m", blocks}, node.Args...)...)
	cmd.Env = append(node.Env, "SMALL_DISK="+blocks)
	cmd.SysProcAttr = ownMounts()
	p := startCommand(t, dir, cmd)
	err := p.Poll(testTimeout, "the disk is full", func() (bool, error) { return strings.Contains(p.Stdout(), "first run: status"), nil })
	if err != nil {
		t.Fatal(err)
	}
	first := p.Stdout()
	if !strings.Contains(first, "first run: status 1\n") || !strings.Contains(first, "no space left on device") || strings.Contains(first, "peer refused") {
		t.Errorf("the first run\n%s", p.Output())
	}
	// The second run listens elsewhere.
	err = p.Poll(testTimeout, "it is at the tip", func() (bool, error) {
		at, err := rpcapi.ReadEndpoints(dir)
		if err != nil {
			return false, nil
		}
		p.At, p.RPC = at, rpcapi.NewClient(at)
		var info rpcapi.ChainInfo
		return p.RPC.Call(&info, "getblockchaininfo") == nil && info.Synced && info.Blocks == shortChain, nil
	})
	if err != nil {
		t.Fatal(err)
	}
	if second := loaded.FindStringSubmatch(p.Stdout()[len(first):]); second == nil || second[1] == "0" {
		t.Errorf("the second run began anew\n%s", p.Output())
	}
	if err := p.Terminate(testTimeout); err != nil {
		t.Error(err)
	}
	if n := p.Violations(); n > 0 {
		t.Errorf("%d violations\n%s", n, p.Stderr())
	}
}

// requireMounts skips the test where this user may make no mounts, not even in a user namespace.
func requireMounts(t *testing.T, dir string) {
	t.Helper()
	cmd := exec.Command("mount", "-t", "tmpfs", "-o", "size=3m", "probe", dir)
	cmd.SysProcAttr = ownMounts()
	if out, err := cmd.CombinedOutput(); err != nil {
		t.Skipf("SKIP-CONFIG no mount namespace for user %d: %v\n%s", os.Geteuid(), err, out)
	}
}

// ownMounts gives a child mounts of its own: as root right away, as somebody else in a user namespace.
func ownMounts() *syscall.SysProcAttr {
	attr := &syscall.SysProcAttr{Unshareflags: syscall.CLONE_NEWNS}
	if os.Geteuid() != 0 {
		attr.Cloneflags = syscall.CLONE_NEWUSER
		attr.UidMappings = []syscall.SysProcIDMap{{ContainerID: 0, HostID: os.Getuid(), Size: 1}}
		attr.GidMappings = []syscall.SysProcIDMap{{ContainerID: 0, HostID: os.Getgid(), Size: 1}}
	}
	return attr
}
