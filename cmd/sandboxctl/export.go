// SPDX-License-Identifier: MIT

package main

import (
	"errors"
	"fmt"
	"maps"
	"slices"

	"github.com/spf13/cobra"

	"github.com/syscall-sandbox/sandbox/export"
	"github.com/syscall-sandbox/sandbox/seccomp"
)

// targets are what export writes for, by the words of --for.
var targets = map[string]struct {
	launcher export.Launcher
	write    func(seccomp.Filter, export.Options) ([]byte, []export.Loss, error)
}{
	"runc":            {export.Runc, export.OCI},
	"runc-privileged": {export.RuncPrivileged, export.OCI},
	"crun":            {export.Crun, export.OCI},
	"crun-privileged": {export.CrunPrivileged, export.OCI},
	"docker":          {export.RuncPrivileged, export.OCI},
	"kubernetes":      {export.RuncPrivileged, export.OCI},
	"kubernetes-pod":  {export.RuncPrivileged, pod},
	"systemd":         {export.Systemd, export.SystemdUnit},
	"bubblewrap":      {export.Bubblewrap, raw},
}

func exportCommand() *cobra.Command {
	cmd := &cobra.Command{
		Use:   "export POLICY",
		Short: "Write a policy as a profile for a container or a unit",
		Long: `Write a policy as a profile for a container or a unit. It permits what the policy does,
the start of a Go program, the setup of its own sandbox, and what the launcher calls after it
has loaded the profile, listed apart. Refused calls get an errno, so that the report of the
program's own sandbox is not swallowed.

What the format cannot hold is listed on standard error; where that would permit more it is
an error, unless --allow-wider.`,
		Args: cobra.ExactArgs(1), ValidArgsFunction: completePolicies(1),
	}
	names := slices.Sorted(maps.Keys(targets))
	target := &format{value: "runc", formats: names}
	cmd.Flags().Var(target, "for", fmt.Sprintf("what reads it: %v", names))
	must(cmd.RegisterFlagCompletionFunc("for", cobra.FixedCompletions(names, cobra.ShellCompDirectiveNoFileComp)))
	wider := cmd.Flags().Bool("allow-wider", false, "permit more where the format cannot say less")
	cmd.RunE = func(cmd *cobra.Command, args []string) error {
		s, err := load(args[0])
		if err != nil {
			return err
		}
		f, err := s.filter("container")
		if err != nil {
			return err
		}
		to := targets[target.value]
		if target.value == "bubblewrap" && onTerminal() {
			return errors.New("a program for bubblewrap is no text: redirect it to a file")
		}
		if s.profile == nil {
			f = export.ForLauncher(f, to.launcher)
		}
		text, losses, err := to.write(f, export.Options{AllowWider: *wider})
		if err != nil {
			return fmt.Errorf("%w\n(--allow-wider writes it all the same)", err)
		}
		printLosses(cmd, losses)
		_, err = cmd.OutOrStdout().Write(text)
		return err
	}
	return cmd
}

// raw is the program itself, an array of struct sock_filter.
func raw(f seccomp.Filter, _ export.Options) ([]byte, []export.Loss, error) {
	p, err := f.Compile()
	return p.Bytes(), nil, err
}

// pod is an example of a pod that is run under the profile.
func pod(f seccomp.Filter, o export.Options) ([]byte, []export.Loss, error) {
	_, losses, err := export.OCI(f, o)
	return []byte(podText), losses, err
}

const podText = `# The profile of "export --for kubernetes" lies on every node below the kubelet's seccomp
# directory: /var/lib/kubelet/seccomp/profiles/node.json
apiVersion: v1
kind: Pod
metadata:
  name: node
spec:
  securityContext:
    seccompProfile:
      type: Localhost
      localhostProfile: profiles/node.json
  containers:
  - name: node
    image: example.com/node:1
    terminationMessagePath: /dev/termination-log # Config.Report of the program's own sandbox
    securityContext:
      runAsNonRoot: true
      runAsUser: 65532
      allowPrivilegeEscalation: false # no_new_privs: runc loads the profile last
      capabilities:
        drop: ["ALL"]
`
