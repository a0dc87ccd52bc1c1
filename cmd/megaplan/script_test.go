package main

import (
	"context"
	"crypto/sha256"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"io"
	"maps"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path"
	"path/filepath"
	"sort"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/rogpeppe/go-internal/testscript"
	gomega "github.com/t3rm1n4l/go-mega"

	"github.com/megaplan/megaplan/internal/emulator"
	"github.com/megaplan/megaplan/internal/emulator/emulatortest"
	"github.com/megaplan/megaplan/internal/mega"
	"github.com/megaplan/megaplan/state/statetest"
)

var update = flag.Bool("update", false, "rewrite the expected output in the scripts")

func TestMain(m *testing.M) {
	testscript.Main(m, map[string]func(){"megaplan": main})
}

// TestScripts runs what a user would type, against an emulated MEGA. Scripts start one with `mega`, act as another client
// with `other` and read the emulator's counters with `stat`.
func TestScripts(t *testing.T) {
	commands := map[string]func(*testscript.TestScript, bool, []string){
		"mega": startMega, "tamper": tamper, "other": otherClient, "stat": checkStat, "mark": markStats, "mtime": setTime, "expect-exit": expectExit, "fault": queueFault,
		"session-env": sessionEnv, "kill-apply": killApply, "now": takeTime, "kill-when": killWhen, "interrupt-when": interruptWhen,
		"snap": makeSnapshot, "grow": growFiles, "prefix": checkPrefix,
		"state-server": startStateServer, "remote-state": remoteState,
	}
	maps.Copy(commands, unixCommands)
	testscript.Run(t, testscript.Params{
		Dir:           "testdata/script",
		UpdateScripts: *update,
		Setup: func(env *testscript.Env) error {
			home := filepath.Join(env.WorkDir, "home")
			env.Setenv("HOME", home)
			env.Setenv("MEGAPLAN_CACHE_DIR", filepath.Join(env.WorkDir, ".cache"))
			env.Setenv("MEGAPLAN_STATE_DIR", filepath.Join(env.WorkDir, ".state"))
			env.Setenv("MEGAPLAN_HOST", "laptop")
			examples, err := filepath.Abs("../../examples")
			if err != nil {
				return err
			}
			env.Setenv("EXAMPLES", examples)
			env.Setenv("MEGAPLAN_KEYRING", "off")
			env.Values[serverValue{}] = new(*emulator.Server)
			env.Values[stateServer{}] = new(*statetest.Server)
			env.Values[snapped{}] = map[[sha256.Size]byte]mega.Uploaded{}
			env.Values[growersValue{}] = new(growers)
			env.Values[markedValue{}] = map[string]float64{}
			env.Values[frozenValue{}] = new(running)
			return os.MkdirAll(home, 0o700)
		},
		Cmds: commands,
	})
}

// unixCommands are those that only some systems have.
var unixCommands map[string]func(*testscript.TestScript, bool, []string)

// startMega starts an emulated MEGA for user@example.com and sets MEGA_URL: mega [mfa=SECRET] [quota=BYTES] [login-limit=N]
// [latency=DURATION] [bandwidth=BYTES] [faults=SPEC].
func startMega(ts *testscript.TestScript, _ bool, args []string) {
	var opts emulator.Options
	for _, arg := range args {
		name, value, _ := strings.Cut(arg, "=")
		number, err := strconv.ParseInt(value, 10, 64)
		switch name {
		case "mfa":
			opts.MFASecret = value
			err = nil
		case "quota":
			opts.Quota = number
		case "bandwidth":
			opts.Bandwidth = number
		case "login-limit":
			opts.LoginLimit = int(number)
		case "faults":
			opts.Faults, err = value, nil
		case "latency":
			opts.Latency, err = time.ParseDuration(value)
		default:
			ts.Fatalf("mega has no option %s", name)
		}
		ts.Check(err)
	}
	opts.NewKey = emulatortest.SharedKey
	server, err := emulator.New(opts)
	ts.Check(err)
	ts.Check(server.AddAccount(emulatortest.DefaultAccount))
	*ts.Value(serverValue{}).(**emulator.Server) = server
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	ts.Check(err)
	ctx, cancel := context.WithCancel(context.Background())
	served := make(chan error, 1)
	go func() { served <- server.Serve(ctx, listener) }()
	ts.Defer(func() {
		cancel()
		ts.Check(<-served)
		ts.Check(server.Close())
	})
	ts.Setenv("MEGA_URL", "http://"+listener.Addr().String())
}

// serverValue is the key of the server that a script's `mega` started.
type serverValue struct{}

// tamper stores, beside each file of a size, a newer one that claims to be the same and holds other bytes: tamper SIZE.
func tamper(ts *testscript.TestScript, _ bool, args []string) {
	server := *ts.Value(serverValue{}).(**emulator.Server)
	nodes, err := server.Nodes(emulatortest.DefaultAccount.Email)
	ts.Check(err)
	for _, n := range nodes {
		if n.Type != 0 || strconv.FormatInt(n.Size, 10) != args[0] {
			continue
		}
		n.Handle, n.Time = "", n.Time+60
		_, err := server.Put(emulatortest.DefaultAccount.Email, n, []byte(strings.Repeat("x", int(n.Size))))
		ts.Check(err)
	}
}

// otherClient acts on the account as go-mega does: other ls [trash:] | put FILE REMOTE | rm REMOTE | destroy REMOTE | mv REMOTE NAME |
// move REMOTE DIR | mkdir REMOTE | get REMOTE FILE | empty-trash. What begins with trash: lies in the rubbish bin.
func otherClient(ts *testscript.TestScript, neg bool, args []string) {
	m := gomega.New()
	m.SetLogger(nil)
	m.SetAPIUrl(ts.Getenv("MEGA_URL"))
	ts.Check(m.Login("user@example.com", "correct horse"))
	err := otherAct(ts, m, args)
	if neg != (err != nil) {
		ts.Fatalf("other %s: %v", strings.Join(args, " "), err)
	}
}

func otherAct(ts *testscript.TestScript, m *gomega.Mega, args []string) error {
	switch args[0] {
	case "ls":
		top := m.FS.GetRoot()
		if len(args) > 1 && args[1] == inTrash {
			top = m.FS.GetTrash()
		}
		return otherList(ts, m, top)
	case "mkdir":
		_, err := otherMkdir(m, args[1])
		return err
	case "put":
		dir, err := otherMkdir(m, path.Dir(args[2]))
		if err != nil {
			return err
		}
		_, err = m.UploadFile(ts.MkAbs(args[1]), dir, path.Base(args[2]), nil)
		return err
	}
	if args[0] == "empty-trash" {
		return otherEmptyTrash(m)
	}
	node, err := otherFind(m, args[1])
	if err != nil {
		return err
	}
	switch args[0] {
	case "rm":
		return m.Delete(node, false)
	case "destroy":
		return m.Delete(node, true)
	case "mv":
		return m.Rename(node, args[2])
	case "move":
		dir, err := otherFind(m, args[2])
		if err != nil {
			return err
		}
		return m.Move(node, dir)
	case "get":
		return m.DownloadFile(node, ts.MkAbs(args[2]), nil)
	}
	return fmt.Errorf("other has no command %s", args[0])
}

// inTrash begins the path of what lies in the rubbish bin.
const inTrash = "trash:"

func otherList(ts *testscript.TestScript, m *gomega.Mega, top *gomega.Node) error {
	var lines []string
	var walk func(string, *gomega.Node) error
	walk = func(at string, n *gomega.Node) error {
		children, err := m.FS.GetChildren(n)
		if err != nil {
			return err
		}
		for _, c := range children {
			name := at + "/" + c.GetName()
			if c.GetType() == gomega.FOLDER {
				lines = append(lines, name+"/")
				if err := walk(name, c); err != nil {
					return err
				}
				continue
			}
			lines = append(lines, fmt.Sprintf("%s %d", name, c.GetSize()))
		}
		return nil
	}
	if err := walk("", top); err != nil {
		return err
	}
	sort.Strings(lines)
	_, err := io.WriteString(ts.Stdout(), strings.Join(lines, "\n")+"\n")
	return err
}

// otherFind finds a node. The last name may be a pattern, which stands for the first that it matches.
func otherFind(m *gomega.Mega, remote string) (*gomega.Node, error) {
	if strings.Contains(path.Base(remote), "*") {
		return otherMatch(m, path.Dir(remote), path.Base(remote))
	}
	top := m.FS.GetRoot()
	below, trashed := strings.CutPrefix(remote, inTrash)
	if trashed {
		top = m.FS.GetTrash()
	}
	names := strings.Split(strings.Trim(below, "/"), "/")
	if below == "/" {
		return top, nil
	}
	nodes, err := m.FS.PathLookup(top, names)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", remote, err)
	}
	return nodes[len(nodes)-1], nil
}

func otherMatch(m *gomega.Mega, dir, pattern string) (*gomega.Node, error) {
	in, err := otherFind(m, dir)
	if err != nil {
		return nil, err
	}
	children, err := m.FS.GetChildren(in)
	if err != nil {
		return nil, err
	}
	sort.Slice(children, func(i, j int) bool { return children[i].GetName() < children[j].GetName() })
	for _, c := range children {
		if ok, err := path.Match(pattern, c.GetName()); err != nil || ok {
			return c, err
		}
	}
	return nil, fmt.Errorf("%s: nothing there matches %s", dir, pattern)
}

func otherMkdir(m *gomega.Mega, remote string) (*gomega.Node, error) {
	at := m.FS.GetRoot()
	for _, name := range strings.Split(strings.Trim(remote, "/"), "/") {
		if name == "" || name == "." {
			continue
		}
		next, err := m.FS.PathLookup(at, []string{name})
		if err == nil {
			at = next[0]
			continue
		}
		if at, err = m.CreateDir(name, at); err != nil {
			return nil, err
		}
	}
	return at, nil
}

func otherEmptyTrash(m *gomega.Mega) error {
	trashed, err := m.FS.GetChildren(m.FS.GetTrash())
	if err != nil {
		return err
	}
	for _, n := range trashed {
		if err := m.Delete(n, true); err != nil {
			return err
		}
	}
	return nil
}

// takeTime puts the time into a variable: now NAME. MEGA's times are whole seconds, so it lets one go by: what happened
// before is not after it, what happens next is.
func takeTime(ts *testscript.TestScript, _ bool, args []string) {
	at := time.Now().Truncate(time.Second).Add(time.Second)
	time.Sleep(time.Until(at.Add(time.Second)))
	ts.Setenv(args[0], at.UTC().Format(time.RFC3339))
}

// checkStat compares a counter of GET /emulator/stats: stat NAME WANT; a leading + means "since mark", then a < "less than".
func checkStat(ts *testscript.TestScript, _ bool, args []string) {
	bound, since := strings.CutPrefix(args[1], "+")
	got := counter(ts, args[0], since)
	bound, less := strings.CutPrefix(bound, "<")
	want, err := strconv.ParseFloat(bound, 64)
	ts.Check(err)
	if less && got >= want || !less && got != want {
		ts.Fatalf("%s is %v, want %s", args[0], got, args[1])
	}
}

// markedValue is the key of the counters as they were at a script's `mark`.
type markedValue struct{}

// markStats remembers all counters: mark.
func markStats(ts *testscript.TestScript, _ bool, _ []string) {
	marked := ts.Value(markedValue{}).(map[string]float64)
	for name, value := range counters(ts) {
		marked[name] = value
	}
}

// counter is one counter, since the script's mark if that is asked for.
func counter(ts *testscript.TestScript, name string, since bool) float64 {
	stats := counters(ts)
	got, ok := stats[name]
	if !ok {
		ts.Fatalf("there is no counter %s in %v", name, stats)
	}
	if since {
		got -= ts.Value(markedValue{}).(map[string]float64)[name]
	}
	return got
}

// counters reads GET /emulator/stats.
func counters(ts *testscript.TestScript) map[string]float64 {
	resp, err := http.Get(ts.Getenv("MEGA_URL") + "/emulator/stats")
	ts.Check(err)
	defer resp.Body.Close()
	var stats map[string]float64
	ts.Check(json.NewDecoder(resp.Body).Decode(&stats))
	return stats
}

// queueFault queues faults by POST /emulator/faults: fault JSON.
func queueFault(ts *testscript.TestScript, _ bool, args []string) {
	resp, err := http.Post(ts.Getenv("MEGA_URL")+"/emulator/faults", "application/json", strings.NewReader(args[0]))
	ts.Check(err)
	defer resp.Body.Close()
	if resp.StatusCode >= 300 {
		ts.Fatalf("faults were answered with %s", resp.Status)
	}
}

// setTime sets a file's modification time: mtime FILE RFC3339.
func setTime(ts *testscript.TestScript, _ bool, args []string) {
	at, err := time.Parse(time.RFC3339, args[1])
	ts.Check(err)
	ts.Check(os.Chtimes(ts.MkAbs(args[0]), at, at))
}

// expectExit runs a command and compares its exit code: expect-exit CODE COMMAND ARGS.
func expectExit(ts *testscript.TestScript, _ bool, args []string) {
	want, err := strconv.Atoi(args[0])
	ts.Check(err)
	err = ts.Exec(args[1], args[2:]...)
	got := 0
	if err != nil {
		exit, ok := err.(interface{ ExitCode() int })
		if !ok {
			ts.Fatalf("%s: %v", args[1], err)
		}
		got = exit.ExitCode()
	}
	if got != want {
		ts.Fatalf("%s ended with exit code %d, want %d", strings.Join(args[1:], " "), got, want)
	}
}

// sessionEnv puts a file's text into MEGAPLAN_SESSION: session-env FILE.
func sessionEnv(ts *testscript.TestScript, _ bool, args []string) {
	ts.Setenv("MEGAPLAN_SESSION", strings.TrimSpace(ts.ReadFile(args[0])))
}

// killApply starts an apply and kills it as soon as the emulator has this many nodes: kill-apply NODES.
func killApply(ts *testscript.TestScript, neg bool, args []string) {
	killWhen(ts, neg, []string{"nodes", args[0], "megaplan", "apply", "-auto-approve"})
}

// killWhen starts a command and kills it as soon as a counter of the emulator is so high: kill-when COUNTER VALUE COMMAND ARGS;
// a leading + means "since mark".
func killWhen(ts *testscript.TestScript, _ bool, args []string) {
	if err := signalWhen(ts, os.Kill, args); err == nil {
		ts.Fatalf("%s was over before it could be killed", strings.Join(args[2:], " "))
	}
}

// interruptWhen is killWhen with a Ctrl-C, which the command must obey with exit code 130.
func interruptWhen(ts *testscript.TestScript, _ bool, args []string) {
	err := signalWhen(ts, os.Interrupt, args)
	var exit *exec.ExitError
	if !errors.As(err, &exit) || exit.ExitCode() != exitInterrupted {
		ts.Fatalf("%s, interrupted, ended with %v", strings.Join(args[2:], " "), err)
	}
}

// signalWhen returns how the command ended.
func signalWhen(ts *testscript.TestScript, sig os.Signal, args []string) error {
	r := runUntil(ts, args)
	ts.Check(r.cmd.Process.Signal(sig))
	return <-r.ended
}

// running is a command under way.
type running struct {
	cmd   *exec.Cmd
	ended chan error
}

// frozenValue is the key of the command that a script has frozen.
type frozenValue struct{}

// runUntil starts a command and returns as soon as a counter of the emulator is so high.
func runUntil(ts *testscript.TestScript, args []string) running {
	bound, since := strings.CutPrefix(args[1], "+")
	want, err := strconv.ParseFloat(bound, 64)
	ts.Check(err)
	program, err := exec.LookPath(args[2])
	ts.Check(err)
	cmd := exec.Command(program, args[3:]...)
	cmd.Dir = ts.MkAbs(".")
	for _, name := range []string{"PATH", "HOME", "MEGA_URL", "STATE_URL", "MEGAPLAN_CACHE_DIR", "MEGAPLAN_STATE_DIR", "MEGAPLAN_HOST", "MEGAPLAN_KEYRING", "MEGAPLAN_SESSION"} {
		cmd.Env = append(cmd.Env, name+"="+ts.Getenv(name))
	}
	ts.Check(cmd.Start())
	ended := make(chan error, 1)
	go func() { ended <- cmd.Wait() }()
	for counter(ts, args[0], since) < want {
		select {
		case err := <-ended:
			ts.Fatalf("%s was over before its signal came: %v", strings.Join(args[2:], " "), err)
		case <-time.After(2 * time.Millisecond):
		}
	}
	return running{cmd, ended}
}
