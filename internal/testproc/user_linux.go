// SPDX-License-Identifier: MIT

package testproc

import (
	"fmt"
	"os"
	"os/exec"
	"syscall"
)

// ordinaryID is nobody on most systems; no right depends on it.
const ordinaryID = 65534

// becomeOrdinary lets cmd run as an ordinary user, if this process is root.
//
// go test puts the binary into a directory that only root may enter, so the
// child executes it by an open file: following /proc/self/fd needs no right on
// the directories of the path (proc(5)).
func becomeOrdinary(cmd *exec.Cmd) (cleanup func(), err error) {
	if os.Geteuid() != 0 {
		return func() {}, nil
	}
	file, err := os.Open(cmd.Path)
	if err != nil {
		return nil, err
	}
	cmd.ExtraFiles = append(cmd.ExtraFiles, file)
	cmd.Path = fmt.Sprintf("/proc/self/fd/%d", 2+len(cmd.ExtraFiles))
	cmd.SysProcAttr = &syscall.SysProcAttr{Credential: &syscall.Credential{Uid: ordinaryID, Gid: ordinaryID}}
	return func() { file.Close() }, nil
}
