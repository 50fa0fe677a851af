// SPDX-License-Identifier: MIT

package export

import (
	"encoding/json"
	"fmt"
	"slices"

	"github.com/syscall-sandbox/sandbox/seccomp"
)

// A Container is what Docker's profiles ask about the container that they are for.
type Container struct {
	Caps []string // capabilities, "CAP_SYS_ADMIN"; Docker's default set has none that its profile asks for but CAP_SYS_CHROOT
	// Kernel is the version as in "5.10", for entries that need one; empty is newer than any.
	Kernel string
}

// dockerProfile is Docker's form: an OCI profile whose entries may hold for some
// containers only, with architectures by family.
type dockerProfile struct {
	profile
	ArchMap []struct {
		Architecture string `json:"architecture"`
	} `json:"archMap"`
	Syscalls []struct {
		syscall
		Name     string    `json:"name"`
		Includes condition `json:"includes"`
		Excludes condition `json:"excludes"`
	} `json:"syscalls"`
}

// A condition is what of a container an entry depends on.
type condition struct {
	Arches    []string `json:"arches"`
	Caps      []string `json:"caps"`
	MinKernel string   `json:"minKernel"`
}

// ParseDocker reads a profile in Docker's form for one container on x86-64. Everything
// else is as ParseOCI says.
func ParseDocker(text []byte, c Container) (seccomp.Filter, []Loss, error) {
	var d dockerProfile
	if err := json.Unmarshal(text, &d); err != nil {
		return seccomp.Filter{}, nil, fmt.Errorf("export: no Docker profile: %w", err)
	}
	foreign := len(d.ArchMap) > 0
	for _, a := range d.ArchMap {
		foreign = foreign && a.Architecture != archX86_64
	}
	if foreign {
		return seccomp.Filter{}, nil, fmt.Errorf("export: the profile is for %v, not for %s", d.ArchMap, archX86_64)
	}
	p := d.profile
	for _, s := range d.Syscalls {
		included, err := s.Includes.met(c, true)
		if err != nil {
			return seccomp.Filter{}, nil, err
		}
		excluded, err := s.Excludes.met(c, false)
		if err != nil {
			return seccomp.Filter{}, nil, err
		}
		if s.Name != "" {
			s.Names = append(s.Names, s.Name)
		}
		if included && !excluded {
			p.Syscalls = append(p.Syscalls, s.syscall)
		}
	}
	return p.filter()
}

// met reports whether what is asked holds: all of it for an entry to be included, any of
// it for one to be excluded. Nothing asked includes and does not exclude.
func (c condition) met(of Container, all bool) (bool, error) {
	holds := make([]bool, 0, 3)
	if len(c.Arches) > 0 {
		holds = append(holds, slices.Contains(c.Arches, "amd64"))
	}
	if len(c.Caps) > 0 {
		granted := 0
		for _, name := range c.Caps {
			if slices.Contains(of.Caps, name) {
				granted++
			}
		}
		holds = append(holds, granted == len(c.Caps) || granted > 0 && !all)
	}
	if c.MinKernel != "" {
		newer, err := atLeast(of.Kernel, c.MinKernel)
		if err != nil {
			return false, err
		}
		holds = append(holds, newer)
	}
	if all {
		return !slices.Contains(holds, false), nil
	}
	return slices.Contains(holds, true), nil
}

func atLeast(kernel, least string) (bool, error) {
	if kernel == "" {
		return true, nil
	}
	var have, want [2]int
	for _, v := range []struct {
		text string
		into *[2]int
	}{{kernel, &have}, {least, &want}} {
		if n, _ := fmt.Sscanf(v.text, "%d.%d", &v.into[0], &v.into[1]); n != 2 {
			return false, fmt.Errorf("export: %q is no kernel version like 5.10", v.text)
		}
	}
	return slices.Compare(have[:], want[:]) >= 0, nil
}
