package main

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"syscall"
	"time"
)

const (
	email    = "bench@example.com"
	password = "bench"
)

// lab is where the rows are measured.
type lab struct {
	dir, megaplan, rclone string
	profiles              string // directory of CPU profiles, empty for none
	scale                 float64
	n                     int
}

// sample is one measured run.
type sample struct {
	Seconds  float64 `json:"seconds"`
	CPU      float64 `json:"cpu_seconds"`
	PeakMiB  float64 `json:"peak_mib"`
	Requests int64   `json:"api_requests"`
	Storage  int64   `json:"storage_requests"`
	Bytes    int64   `json:"bytes"`
}

// result is a row's medians.
type result struct {
	Name   string  `json:"name"`
	What   string  `json:"what"`
	Ours   *sample `json:"megaplan"`
	Theirs *sample `json:"rclone,omitempty"`
}

// measure runs both sides in turn and takes medians.
func (l *lab) measure(ctx context.Context, r row, rounds int) (result, error) {
	src := filepath.Join(l.dir, "src-"+r.name)
	if err := os.MkdirAll(src, 0o755); err != nil {
		return result{}, err
	}
	defer os.RemoveAll(src) //nolint:errcheck // a temporary directory
	if err := r.source(src); err != nil {
		return result{}, err
	}
	var ours, theirs []sample
	for range rounds {
		s, err := l.once(ctx, r, src, l.ourSide)
		if err != nil {
			return result{}, fmt.Errorf("megaplan: %w", err)
		}
		ours = append(ours, s)
		if l.rclone == "" || r.theirs == nil {
			continue
		}
		if s, err = l.once(ctx, r, src, l.theirSide); err != nil {
			return result{}, fmt.Errorf("rclone: %w", err)
		}
		theirs = append(theirs, s)
	}
	return result{Name: r.name, What: r.what, Ours: median(ours), Theirs: median(theirs)}, nil
}

// side prepares a home of its own for one client and returns how to make its commands and those that are measured.
type side func(r row, home, src, url string) (command func(ctx context.Context, args []string) *exec.Cmd, measured []string, err error)

// once measures one client on a fresh emulator.
func (l *lab) once(ctx context.Context, r row, src string, prepare side) (sample, error) {
	l.n++
	home := filepath.Join(l.dir, "home"+strconv.Itoa(l.n))
	if err := os.MkdirAll(home, 0o755); err != nil {
		return sample{}, err
	}
	defer os.RemoveAll(home) //nolint:errcheck // a temporary directory
	url, stop, err := l.startEmulator(ctx, r)
	if err != nil {
		return sample{}, err
	}
	defer stop()
	command, measured, err := prepare(r, home, src, url)
	if err != nil {
		return sample{}, err
	}
	if r.before {
		if err := l.fill(ctx, r, home, src, url); err != nil {
			return sample{}, err
		}
	}
	run := func(out string) (sample, error) {
		replace := strings.NewReplacer("%SRC%", src, "%OUT%", filepath.Join(home, out))
		args := make([]string, len(measured))
		for i := range args {
			args[i] = replace.Replace(measured[i])
		}
		return timed(command(ctx, args), url)
	}
	if r.twice {
		if _, err := run("first"); err != nil {
			return sample{}, err
		}
	}
	return run("out")
}

// fill puts the source into the account: always with megaplan, because rclone takes an hour for a hundred thousand files.
func (l *lab) fill(ctx context.Context, r row, home, src, url string) error {
	command, _, err := l.ourSide(r, home, src, url)
	if err != nil {
		return err
	}
	_, err = timed(command(ctx, []string{"apply", "-auto-approve"}), url)
	return err
}

func (l *lab) ourSide(r row, home, src, url string) (func(context.Context, []string) *exec.Cmd, []string, error) {
	config := fmt.Sprintf("account \"main\" {\n  email = %q\n  password = %q\n  endpoint = %q\n}\nbackup \"bench\" {\n  source = %q\n  path = \"/bench\"\n}\n", email, password, url, src)
	if err := os.WriteFile(filepath.Join(home, "bench.mega.hcl"), []byte(config), 0o600); err != nil {
		return nil, nil, err
	}
	command := func(ctx context.Context, args []string) *exec.Cmd {
		cmd := exec.CommandContext(ctx, l.megaplan, args...)
		cmd.Dir = home
		cmd.Env = append(os.Environ(), "HOME="+home, "MEGAPLAN_CACHE_DIR="+home+"/cache", "MEGAPLAN_STATE_DIR="+home+"/state", "MEGAPLAN_KEYRING=off")
		if l.profiles != "" { // the last run of a home is the measured one
			cmd.Env = append(cmd.Env, "MEGAPLAN_PROFILE="+filepath.Join(l.profiles, fmt.Sprintf("%s.%d.prof", r.name, l.n)))
		}
		return cmd
	}
	return command, r.ours, nil
}

func (l *lab) theirSide(r row, home, src, url string) (func(context.Context, []string) *exec.Cmd, []string, error) {
	hidden, err := exec.Command(l.rclone, "obscure", password).Output()
	if err != nil {
		return nil, nil, err
	}
	config := filepath.Join(home, "rclone.conf")
	text := fmt.Sprintf("[mega]\ntype = mega\nuser = %s\npass = %s\n", email, strings.TrimSpace(string(hidden)))
	if err := os.WriteFile(config, []byte(text), 0o600); err != nil {
		return nil, nil, err
	}
	command := func(ctx context.Context, args []string) *exec.Cmd {
		cmd := exec.CommandContext(ctx, l.rclone, append([]string{"--config", config}, args...)...)
		cmd.Env = append(os.Environ(), "HOME="+home, "X_MEGA_API_URL="+url)
		return cmd
	}
	return command, r.theirs, nil
}

var listening = regexp.MustCompile(`http://[0-9.:]+`)

// startEmulator starts one in a process of its own, in memory.
func (l *lab) startEmulator(ctx context.Context, r row) (url string, stop func(), err error) {
	args := []string{"emulator", "-listen=127.0.0.1:0", "-account=" + email + ":" + password, "-latency=" + r.latency.String()}
	if r.nodes > 0 {
		args = append(args, "-generate-nodes="+strconv.Itoa(r.nodes))
	}
	cmd := exec.CommandContext(ctx, l.megaplan, args...)
	out, err := cmd.StderrPipe()
	if err != nil {
		return "", nil, err
	}
	if err := cmd.Start(); err != nil {
		return "", nil, err
	}
	stop = func() {
		_ = cmd.Process.Signal(syscall.SIGTERM) // it may have ended already
		_ = cmd.Wait()                          // by the signal
	}
	lines := bufio.NewScanner(out)
	for lines.Scan() {
		if url = listening.FindString(lines.Text()); url != "" {
			go io.Copy(io.Discard, out) //nolint:errcheck // ends with the process
			return url, stop, nil
		}
	}
	stop()
	return "", nil, errors.New("the emulator did not start")
}

// stats reads the emulator's counters.
func stats(url string) (map[string]int64, error) {
	resp, err := http.Get(url + "/emulator/stats")
	if err != nil {
		return nil, err
	}
	defer resp.Body.Close() //nolint:errcheck // read only
	var counters map[string]int64
	return counters, json.NewDecoder(resp.Body).Decode(&counters)
}

// timed runs a command and measures it.
func timed(cmd *exec.Cmd, url string) (sample, error) {
	before, err := stats(url)
	if err != nil {
		return sample{}, err
	}
	var output strings.Builder
	cmd.Stdout, cmd.Stderr = io.Discard, &output
	began := time.Now()
	if err := cmd.Run(); err != nil {
		return sample{}, fmt.Errorf("%s: %w\n%s", strings.Join(cmd.Args, " "), err, output.String())
	}
	took := time.Since(began)
	after, err := stats(url)
	if err != nil {
		return sample{}, err
	}
	s := sample{
		Seconds: took.Seconds(), CPU: (cmd.ProcessState.UserTime() + cmd.ProcessState.SystemTime()).Seconds(),
		Requests: after["api_requests"] - before["api_requests"], Storage: after["storage_requests"] - before["storage_requests"],
		Bytes: after["uploads_bytes"] + after["downloads_bytes"] - before["uploads_bytes"] - before["downloads_bytes"],
	}
	if usage, ok := cmd.ProcessState.SysUsage().(*syscall.Rusage); ok {
		s.PeakMiB = float64(usage.Maxrss) / 1024 // KiB on Linux
	}
	return s, nil
}

// median takes each figure's median on its own.
func median(all []sample) *sample {
	if len(all) == 0 {
		return nil
	}
	mid := func(figure func(sample) float64) float64 {
		values := make([]float64, len(all))
		for i, s := range all {
			values[i] = figure(s)
		}
		slices.Sort(values)
		return values[len(values)/2]
	}
	return &sample{
		Seconds: mid(func(s sample) float64 { return s.Seconds }), CPU: mid(func(s sample) float64 { return s.CPU }),
		PeakMiB:  mid(func(s sample) float64 { return s.PeakMiB }),
		Requests: int64(mid(func(s sample) float64 { return float64(s.Requests) })),
		Storage:  int64(mid(func(s sample) float64 { return float64(s.Storage) })),
		Bytes:    int64(mid(func(s sample) float64 { return float64(s.Bytes) })),
	}
}
