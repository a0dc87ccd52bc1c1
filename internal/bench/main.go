package main

import (
	"context"
	"encoding/json"
	"flag"
	"fmt"
	"os"
	"os/exec"
	"os/signal"
	"path/filepath"
	"strings"
)

func main() {
	if err := run(); err != nil {
		fmt.Fprintln(os.Stderr, "bench:", err)
		os.Exit(1)
	}
}

func run() error {
	rclone := flag.String("rclone", "", "rclone to compare with; empty looks in PATH")
	rounds := flag.Int("rounds", 3, "how often each side runs, in turn")
	only := flag.String("only", "", "run rows whose name begins with this")
	scale := flag.Float64("scale", 1, "factor on counts and sizes")
	asJSON := flag.Bool("json", false, "print JSON instead of a table")
	profile := flag.String("profile", "", "write CPU profiles of megaplan, ROW.N.prof, into this directory")
	keep := flag.Bool("keep", false, "keep the working directory")
	flag.Parse()
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	defer stop()

	lab, err := newLab(ctx, *rclone, *profile, *scale)
	if err != nil {
		return err
	}
	if !*keep {
		defer os.RemoveAll(lab.dir) //nolint:errcheck // a temporary directory
	}
	var results []result
	for _, r := range rows(*scale) {
		if !strings.HasPrefix(r.name, *only) {
			continue
		}
		fmt.Fprintf(os.Stderr, "%s: %s\n", r.name, r.what)
		got, err := lab.measure(ctx, r, *rounds)
		if err != nil {
			return fmt.Errorf("%s: %w", r.name, err)
		}
		results = append(results, got)
	}
	if *asJSON {
		enc := json.NewEncoder(os.Stdout)
		enc.SetIndent("", "  ")
		return enc.Encode(results)
	}
	return printTable(os.Stdout, results)
}

// newLab builds megaplan and finds rclone.
func newLab(ctx context.Context, rclone, profile string, scale float64) (*lab, error) {
	dir, err := os.MkdirTemp("", "megaplan-bench-*")
	if err != nil {
		return nil, err
	}
	l := &lab{dir: dir, megaplan: filepath.Join(dir, "megaplan"), rclone: rclone, scale: scale}
	args := []string{"build", "-o", l.megaplan}
	if profile != "" {
		args = append(args, "-tags=profile")
		if l.profiles, err = filepath.Abs(profile); err == nil {
			err = os.MkdirAll(l.profiles, 0o755)
		}
		if err != nil {
			return nil, err
		}
	}
	build := exec.CommandContext(ctx, "go", append(args, "github.com/megaplan/megaplan/cmd/megaplan")...)
	build.Stderr = os.Stderr
	if err := build.Run(); err != nil {
		return nil, fmt.Errorf("build megaplan: %w", err)
	}
	if l.rclone == "" {
		if l.rclone, err = exec.LookPath("rclone"); err != nil {
			l.rclone = ""
			fmt.Fprintln(os.Stderr, "rclone is not here: its column is left out (-rclone PATH)")
		}
	}
	return l, nil
}
