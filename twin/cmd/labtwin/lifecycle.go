// SPDX-License-Identifier: GPL-3.0-or-later

package main

import (
	"context"
	"errors"
	"fmt"
	"os"

	"github.com/spf13/cobra"

	"livelab.dev/twin/lab"
)

func upCommand(o *options) *cobra.Command {
	return &cobra.Command{
		Use:   "up",
		Short: "Start the data centre in the background; returns when every endpoint answers",
		Args:  cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			return up(cmd, o)
		},
	}
}

func up(cmd *cobra.Command, o *options) error {
	d, config, err := o.open()
	if err != nil {
		return err
	}
	args, err := o.args(d, config)
	if err != nil {
		return err
	}
	err = lab.Up(cmd.Context(), d, args)
	if err != nil && !errors.Is(err, lab.ErrRunning) {
		return err
	}
	already := err != nil
	status, err := lab.AskStatus(cmd.Context(), d)
	if err != nil {
		return err
	}
	if already && o.backing != "" && status.Backing != o.backing {
		return fmt.Errorf("it is up with backing %s already; for backing %s run `labtwin down` first", status.Backing, o.backing)
	}
	word := "up"
	if already {
		word = "already up"
	}
	fmt.Fprintf(cmd.OutOrStdout(), "%s: backing %s, acceleration %s, state in %s\n", word, status.Backing, status.Accel, d)
	for _, e := range status.Endpoints {
		fmt.Fprintf(cmd.OutOrStdout(), "  %-8s %s\n", e.Name, e.URL)
	}
	return nil
}

func runCommand(o *options) *cobra.Command {
	return &cobra.Command{
		Use:   "run",
		Short: "Run the data centre in the foreground, until SIGTERM or Ctrl-C",
		Args:  cobra.NoArgs,
		RunE: func(*cobra.Command, []string) error {
			d, config, err := o.open()
			if err != nil {
				return err
			}
			args, err := o.args(d, config)
			if err != nil {
				return err
			}
			return lab.Run(d, config, args, os.Stderr)
		},
	}
}

func downCommand(o *options) *cobra.Command {
	return &cobra.Command{
		Use:   "down",
		Short: "Stop the data centre and all that it started",
		Args:  cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			d, _, err := o.open()
			if err != nil {
				return err
			}
			was, err := lab.Down(d)
			if err != nil {
				return err
			}
			word := "down"
			if !was {
				word = "already down"
			}
			fmt.Fprintln(cmd.OutOrStdout(), word)
			return nil
		},
	}
}

func resetCommand(o *options) *cobra.Command {
	return &cobra.Command{
		Use:   "reset",
		Short: "Back to a freshly installed data centre; secrets and certificates stay",
		Args:  cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			return reset(cmd, o)
		},
	}
}

// reset stops the data centre where it runs, clears it, and starts it again as it was.
func reset(cmd *cobra.Command, o *options) error {
	d, _, err := o.open()
	if err != nil {
		return err
	}
	process, err := lab.ReadProcess(d)
	if err != nil {
		return err
	}
	running := process.Alive()
	if _, err := lab.Down(d); err != nil {
		return err
	}
	if err := lab.Reset(d); err != nil {
		return err
	}
	if running {
		if err := lab.Up(context.WithoutCancel(cmd.Context()), d, process.Args); err != nil {
			return err
		}
	}
	fmt.Fprintln(cmd.OutOrStdout(), "freshly installed")
	return nil
}
