// SPDX-License-Identifier: GPL-3.0-or-later

// Command labtwin is a whole data centre on loopback addresses: ESXi hosts, a vCenter, a NAS and the networks between them.
package main

import (
	"fmt"
	"os"

	"github.com/spf13/cobra"
)

func main() {
	if err := command().Execute(); err != nil {
		fmt.Fprintln(os.Stderr, "labtwin:", err)
		os.Exit(1)
	}
}

func command() *cobra.Command {
	o := &options{}
	root := &cobra.Command{
		Use:           "labtwin",
		Short:         "A data centre on loopback addresses: ESXi hosts, vCenter, NAS and networks",
		SilenceUsage:  true,
		SilenceErrors: true,
		// Only labtwin's own commands; nobody sources its completions.
		CompletionOptions: cobra.CompletionOptions{DisableDefaultCmd: true},
	}
	o.register(root.PersistentFlags())
	root.AddCommand(upCommand(o), runCommand(o), downCommand(o), statusCommand(o), envCommand(o), resetCommand(o))
	return root
}
