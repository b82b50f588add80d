// SPDX-License-Identifier: GPL-3.0-or-later

package main

import (
	"encoding/json"

	"github.com/spf13/cobra"

	"livelab.dev/twin/lab"
)

func statusCommand(o *options) *cobra.Command {
	var asJSON bool
	c := &cobra.Command{
		Use:   "status",
		Short: "What runs where, what is measured and what is computed, and how many API calls there were",
		Args:  cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			d, _, err := o.open()
			if err != nil {
				return err
			}
			status, err := lab.AskStatus(cmd.Context(), d)
			if err != nil {
				return err
			}
			if !asJSON {
				return status.Write(cmd.OutOrStdout())
			}
			encoder := json.NewEncoder(cmd.OutOrStdout())
			encoder.SetIndent("", "  ")
			return encoder.Encode(status)
		},
	}
	c.Flags().BoolVar(&asJSON, "json", false, "as JSON")
	return c
}

func envCommand(o *options) *cobra.Command {
	return &cobra.Command{
		Use:   "env",
		Short: `Shell exports for other clients: eval "$(labtwin env)"`,
		Args:  cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			d, config, err := o.open()
			if err != nil {
				return err
			}
			secrets, err := lab.LoadSecrets(d)
			if err != nil {
				return err
			}
			return lab.WriteEnv(cmd.OutOrStdout(), d, config, secrets)
		},
	}
}
