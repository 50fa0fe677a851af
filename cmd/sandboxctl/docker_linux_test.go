// SPDX-License-Identifier: MIT

package main

import (
	"encoding/json"
	"os"

	docker "github.com/moby/profiles/seccomp"
)

// dockerProfile writes Docker's default profile, as docker(1) takes it back.
func dockerProfile() {
	if err := json.NewEncoder(os.Stdout).Encode(docker.DefaultProfile()); err != nil {
		os.Exit(1)
	}
}
