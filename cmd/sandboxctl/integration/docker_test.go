// SPDX-License-Identifier: MIT

//go:build integration

package integration

import (
	"encoding/json"
	"fmt"
	"os/exec"
	"testing"

	docker "github.com/moby/profiles/seccomp"
)

// TestDockerDefaultInside: the import of Docker's default profile says what is measured
// inside under the profile that Docker itself makes of it for the container; and our own
// setup works and reports under it.
func TestDockerDefaultInside(t *testing.T) {
	need(t, "runc", "crun", "scmp_sys_resolver")
	f, root := dockerDefault(t), rootfs(t)
	for _, runtime := range []string{"runc", "crun"} {
		for _, noNewPrivs := range []bool{true, false} {
			t.Run(fmt.Sprintf("%s/no_new_privs=%v", runtime, noNewPrivs), func(t *testing.T) {
				b := newBundle(t, runtime, root, []byte("{}"), noNewPrivs)
				profile, err := docker.GetDefaultProfile(&b.spec)
				must(t, err)
				text, err := json.Marshal(profile)
				must(t, err)
				must(t, json.Unmarshal(text, &b.spec.Linux.Seccomp))
				other := compare(t, f, func(cmd *exec.Cmd) *exec.Cmd { return b.command(t, cmd) })
				if runtime == "crun" {
					withoutUnknown(other)
				}
				explained(t, other, nil)
				b.reports(t)
			})
		}
	}
}
