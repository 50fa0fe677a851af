// SPDX-License-Identifier: MIT

// Sandboxctl shows, asks, compares and exports policies of the sandbox: see its README.
package main

import (
	"errors"
	"fmt"
	"os"

	"github.com/spf13/cobra"
)

// Exit codes: a question that is answered by no, differences and findings are 1, mistakes
// of the caller are 2.
const (
	exitNo      = 1
	exitMistake = 2
)

// errNo ends the program with exitNo when the answer has been printed.
var errNo = errors.New("no")

func main() { os.Exit(run(os.Args[1:])) }

func run(args []string) int {
	cmd := rootCommand()
	cmd.SetArgs(args)
	err := cmd.Execute()
	switch {
	case err == nil:
		return 0
	case errors.Is(err, errNo):
		return exitNo
	default:
		fmt.Fprintln(os.Stderr, "sandboxctl:", err)
		return exitMistake
	}
}

func rootCommand() *cobra.Command {
	cmd := &cobra.Command{
		Use:   "sandboxctl",
		Short: "See, ask, compare and export policies of the syscall sandbox",
		Long: `See, ask, compare and export policies of the syscall sandbox.

POLICY is the name of a built-in policy or the beginning of only one, a JSON file
as a program writes it (json.Marshal of a policy), or a profile for containers in
the form of the OCI or of Docker.

Exit status: 0; 1 when the answer is no (refused, different, findings); 2 for mistakes.`,
		SilenceErrors: true,
		SilenceUsage:  true,
	}
	cmd.SetOut(os.Stdout)
	cmd.AddCommand(
		policiesCommand(), showCommand(), explainCommand(), diffCommand(), dumpCommand(),
		exportCommand(), lintCommand(), learnCommand(), auditCommand(), doctorCommand(),
	)
	return cmd
}
