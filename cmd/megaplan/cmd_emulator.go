package main

import (
	"context"
	"errors"
	"fmt"
	"net"
	"os"
	"strings"

	"github.com/spf13/cobra"

	"github.com/megaplan/megaplan/config"
	"github.com/megaplan/megaplan/internal/emulator"
)

type emulatorFlags struct {
	listen, data, tlsCA, bandwidth, quota string
	accounts                              []string
	opts                                  emulator.Options
}

func (a *app) emulatorCommand() *cobra.Command {
	var f emulatorFlags
	cmd := &cobra.Command{
		Use:   "emulator",
		Short: "Serve a MEGA of your own, for tests and for trying things out",
		Long: `Serves an emulated MEGA, API and storage, over http and TLS on one port, to megaplan and to every other client.

GET /emulator/stats answers counters, POST /emulator/faults queues faults. The data directory survives restarts.`,
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error { return a.serveEmulator(f) },
	}
	fs := cmd.Flags()
	fs.StringVar(&f.listen, "listen", "127.0.0.1:7467", "address and port; port 0 picks a free one")
	fs.StringVar(&f.data, "data", "", "directory that keeps everything; without it all is in memory")
	fs.StringArrayVar(&f.accounts, "account", nil, "EMAIL:PASSWORD of an account to make or to find (repeatable)")
	fs.StringVar(&f.tlsCA, "tls-ca", "", "file to write the CA's certificate to")
	fs.DurationVar(&f.opts.Latency, "latency", 0, "added once to every cs, sc and storage request")
	fs.DurationVar(&f.opts.ConnectLatency, "connect-latency", 0, "added to each new connection")
	fs.StringVar(&f.bandwidth, "bandwidth", "", "storage bytes a second in each direction, such as 100M")
	fs.StringVar(&f.quota, "quota", "", "storage of each account, such as 20GiB")
	fs.StringVar(&f.opts.Faults, "fault", "", "random faults, such as seed=1,cs:eagain:0.05,storage:reset:0.01")
	fs.IntVar(&f.opts.LoginLimit, "login-limit", 0, "sign-ins before an account is blocked; 0 is no limit")
	fs.IntVar(&f.opts.HashcashEasiness, "hashcash", 0, "ask for proof of work of this easiness (1 to 255)")
	fs.StringVar(&f.opts.MFASecret, "mfa", "", "base32 secret of one-time codes")
	fs.IntVar(&f.opts.GenerateNodes, "generate-nodes", 0, "give every account so many nodes made from their number")
	return cmd
}

func (a *app) serveEmulator(f emulatorFlags) (err error) {
	if f.opts.Bandwidth, err = sizeFlag("bandwidth", f.bandwidth); err != nil {
		return err
	}
	if f.opts.Quota, err = sizeFlag("quota", f.quota); err != nil {
		return err
	}
	f.opts.Dir, f.opts.Log = f.data, a.log
	server, err := emulator.New(f.opts)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, server.Close()) }()
	for _, account := range f.accounts {
		email, password, ok := strings.Cut(account, ":")
		if !ok {
			return fmt.Errorf("-account %q: write it as EMAIL:PASSWORD", account)
		}
		if err := server.AddAccount(emulator.Account{Email: email, Password: password}); err != nil {
			return err
		}
	}
	if f.tlsCA != "" {
		if err := os.WriteFile(f.tlsCA, server.CAPEM(), 0o600); err != nil {
			return err
		}
	}
	listener, err := net.Listen("tcp", f.listen)
	if err != nil {
		return err
	}
	fmt.Fprintf(a.screen.Err, "Emulator on http://%s and https://%s. Ctrl-C ends it.\n", listener.Addr(), listener.Addr())
	err = server.Serve(a.stopContext(), listener)
	if errors.Is(err, context.Canceled) {
		return nil
	}
	return err
}

func sizeFlag(name, value string) (int64, error) {
	if value == "" {
		return 0, nil
	}
	n, err := config.ParseSize(value)
	if err != nil {
		return 0, fmt.Errorf("-%s: %w", name, err)
	}
	return n, nil
}
