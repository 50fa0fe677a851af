// SPDX-License-Identifier: MIT

package main

import (
	"bufio"
	"io"
	"os"
	"strings"

	"github.com/spf13/cobra"

	"github.com/syscall-sandbox/sandbox"
)

func auditCommand() *cobra.Command {
	cmd := &cobra.Command{
		Use:   "audit [FILE]",
		Short: "Explain the kernel's audit lines of seccomp",
		Long: `Read lines of the kernel's audit log, from a file or standard input, and explain those
about seccomp (type=1326 or type=SECCOMP): under "abort" they are all that names the call.
Others are passed over. Exit status 2: no line was about seccomp.`,
		Example: "  journalctl -k | sandboxctl audit",
		Args:    cobra.MaximumNArgs(1),
	}
	output := outputFlag(cmd, "text", "json")
	cmd.RunE = func(cmd *cobra.Command, args []string) error {
		in := cmd.InOrStdin()
		if len(args) == 1 {
			file, err := os.Open(args[0])
			if err != nil {
				return err
			}
			defer file.Close()
			in = file
		}
		violations, err := auditLines(in)
		if err != nil {
			return err
		}
		if *output == "json" {
			return printJSON(cmd, violations)
		}
		for _, v := range violations {
			cmd.Println(v)
		}
		return nil
	}
	return cmd
}

// auditLines returns the violations; if there is none, the error says what is wrong with
// the last line that looked like one.
func auditLines(in io.Reader) (all []sandbox.Violation, err error) {
	_, err = sandbox.ParseAuditLine("")
	lines := bufio.NewScanner(in)
	lines.Buffer(nil, 1<<20)
	for lines.Scan() {
		line := lines.Text()
		if !strings.Contains(line, "1326") && !strings.Contains(line, "SECCOMP") {
			continue
		}
		v, mistake := sandbox.ParseAuditLine(line)
		if mistake != nil {
			err = mistake
			continue
		}
		all = append(all, v)
	}
	switch {
	case lines.Err() != nil:
		return nil, lines.Err()
	case len(all) > 0:
		return all, nil
	}
	return nil, err
}
