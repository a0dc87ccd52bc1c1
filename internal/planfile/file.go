package planfile

import (
	"bytes"
	"compress/gzip"
	"crypto/sha256"
	"errors"
	"fmt"
	"io"
	"os"
	"slices"
	"strings"
	"time"

	"github.com/megaplan/megaplan/internal/addr"
	"github.com/megaplan/megaplan/internal/atomicfile"
	"github.com/megaplan/megaplan/planner"
)

// Version is the format this package writes. It reads every older one.
const Version = 1

// signature begins every plan file; the version and a line feed follow.
const signature = "megaplan-plan "

// Errors that callers branch on. Each is wrapped with what was found and what to do.
var (
	// ErrCorrupt: not a plan file, damaged, or cut short.
	ErrCorrupt = errors.New("not a plan file, or damaged")
	// ErrNewer: written by a newer megaplan.
	ErrNewer = errors.New("the plan file is from a newer megaplan")
	// ErrOtherHost: made on another host (rule 26).
	ErrOtherHost = errors.New("the plan was made on another host")
	// ErrStale: the configuration, the state or the account has changed since (rule 26).
	ErrStale = errors.New("the plan is stale")
)

// Saved is a plan and what it is bound to.
type Saved struct {
	Created         time.Time
	MegaplanVersion string
	Host            string
	// ConfigDigest is config.Config.Digest: files and variables.
	ConfigDigest string
	// Lineage and Serials are the state the plan saw; an address without state has serial 0.
	Lineage  string
	Serials  map[addr.Address]uint64
	Accounts []AccountPoint
	Plan     *planner.Plan
}

// AccountPoint is how far an account's events had been read.
type AccountPoint struct {
	Account addr.Address
	User    string
	// Sequence is MEGA's sequence number.
	Sequence string
}

// Write puts a plan into a file, mode 0600, as a whole or not at all.
func Write(path string, s Saved) error {
	data, err := Encode(s)
	if err != nil {
		return fmt.Errorf("write plan %s: %w", path, err)
	}
	return atomicfile.Write(path, data, atomicfile.Options{})
}

// Read reads a plan file. Its error wraps ErrCorrupt or ErrNewer if the file is there but cannot be used.
func Read(path string) (Saved, error) {
	data, err := os.ReadFile(path)
	if err != nil {
		return Saved{}, fmt.Errorf("read plan: %w", err)
	}
	s, err := Decode(data)
	if err != nil {
		return Saved{}, fmt.Errorf("read plan %s: %w; make a new one with megaplan plan -out=%s", path, err, path)
	}
	return s, nil
}

// CheckHost returns an error that wraps ErrOtherHost unless the plan was made on this host (rule 26).
func (s Saved) CheckHost(host string) error {
	if planner.SameHost(s.Host, host) {
		return nil
	}
	return fmt.Errorf("%w: it was made on %s, this is %s; plan here, or set MEGAPLAN_HOST where runners stand for one host", ErrOtherHost, s.Host, host)
}

// Encode returns the bytes of a plan file.
func Encode(s Saved) ([]byte, error) {
	var out bytes.Buffer
	fmt.Fprintf(&out, "%s%d\n", signature, Version)
	z, err := gzip.NewWriterLevel(&out, gzip.BestSpeed)
	if err != nil {
		return nil, err
	}
	e := newEncoder(z)
	if err := e.saved(s); err != nil {
		return nil, err
	}
	if err := errors.Join(e.w.Flush(), z.Close()); err != nil {
		return nil, err
	}
	sum := sha256.Sum256(out.Bytes())
	out.Write(sum[:])
	return out.Bytes(), nil
}

// Decode reads what Encode returned. Its error wraps ErrCorrupt or ErrNewer.
func Decode(data []byte) (Saved, error) {
	version, body, err := head(data)
	if err != nil {
		return Saved{}, err
	}
	if version > Version {
		return Saved{}, fmt.Errorf("%w: format %d, this one reads up to %d", ErrNewer, version, Version)
	}
	if len(body) < sha256.Size {
		return Saved{}, fmt.Errorf("%w: it is cut short", ErrCorrupt)
	}
	body, sum := body[:len(body)-sha256.Size], body[len(body)-sha256.Size:]
	if want := sha256.Sum256(data[:len(data)-sha256.Size]); !bytes.Equal(sum, want[:]) {
		return Saved{}, fmt.Errorf("%w: its checksum does not fit", ErrCorrupt)
	}
	return decodeBody(body)
}

// head reads the first line.
func head(data []byte) (version int, body []byte, err error) {
	rest, ok := strings.CutPrefix(string(data[:min(len(data), 64)]), signature)
	if !ok {
		return 0, nil, fmt.Errorf("%w: it does not begin as one", ErrCorrupt)
	}
	number, _, ok := strings.Cut(rest, "\n")
	if !ok || len(number) == 0 || len(number) > 9 || strings.Trim(number, "0123456789") != "" {
		return 0, nil, fmt.Errorf("%w: its first line names no version", ErrCorrupt)
	}
	for _, digit := range number {
		version = version*10 + int(digit-'0')
	}
	return version, data[len(signature)+len(number)+1:], nil
}

func decodeBody(body []byte) (Saved, error) {
	z, err := gzip.NewReader(bytes.NewReader(body))
	if err != nil {
		return Saved{}, fmt.Errorf("%w: %w", ErrCorrupt, err)
	}
	d := newDecoder(z)
	s := d.saved()
	if d.err == nil {
		if _, err := d.r.ReadByte(); !errors.Is(err, io.EOF) {
			d.fail("something follows its end")
		}
	}
	if d.err != nil {
		return Saved{}, fmt.Errorf("%w: %w", ErrCorrupt, d.err)
	}
	return s, nil
}

// sorted returns the addresses of a map in order.
func sorted(m map[addr.Address]uint64) []addr.Address {
	out := make([]addr.Address, 0, len(m))
	for a := range m {
		out = append(out, a)
	}
	slices.SortFunc(out, addr.Address.Compare)
	return out
}
