// SPDX-License-Identifier: MIT

package main

import (
	"encoding/hex"

	"github.com/spf13/cobra"

	"github.com/syscall-sandbox/sandbox/seccomp"
)

func dumpCommand() *cobra.Command {
	cmd := &cobra.Command{
		Use:   "dump POLICY",
		Short: "Show the compiled program: disassembly, bytes or decision tree",
		Long: `Show the program that a policy compiles to. With --call the path of that call is
marked in the disassembly and in the tree.`,
		Args: cobra.ExactArgs(1), ValidArgsFunction: completePolicies(1),
	}
	scope := scopeFlag(cmd)
	output := outputFlag(cmd, "asm", "raw", "hex", "dot", "svg")
	text := cmd.Flags().String("call", "", "a call whose path is marked")
	cmd.RunE = func(cmd *cobra.Command, args []string) error {
		s, err := load(args[0])
		if err != nil {
			return err
		}
		f, err := s.filter(*scope)
		if err != nil {
			return err
		}
		program, err := f.Compile()
		if err != nil {
			return err
		}
		path := map[int]bool{}
		if *text != "" {
			call, err := seccomp.ParseCall(*text)
			if err != nil {
				return err
			}
			for _, at := range program.Explain(call).Path {
				path[at] = true
			}
		}
		switch out := cmd.OutOrStdout(); *output {
		case "raw":
			_, err = out.Write(program.Bytes())
		case "hex":
			_, err = out.Write([]byte(hex.Dump(program.Bytes())))
		case "dot":
			_, err = out.Write([]byte(dot(program, path)))
		case "svg":
			err = svg(cmd.Context(), out, dot(program, path))
		default:
			printAsm(cmd, program, path)
		}
		return err
	}
	return cmd
}
