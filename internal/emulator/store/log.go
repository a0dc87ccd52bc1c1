package store

import (
	"bufio"
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"hash/crc32"
	"io"
	"os"
)

// A log file is the magic line followed by records: payload length and CRC-32C
// of the payload (both little-endian uint32), then the payload. A process that
// dies while it writes leaves a prefix of the last record, which is cut off on
// opening. A whole record with a wrong checksum is damage and refuses to open.
const (
	logMagic    = "megaplan emulator log 1\n"
	frameHeader = 8
	maxRecord   = 1 << 30
)

var castagnoli = crc32.MakeTable(crc32.Castagnoli)

// errTorn marks an unfinished record at the end of a log.
var errTorn = errors.New("unfinished record")

func appendFrame(dst, record []byte) []byte {
	dst = binary.LittleEndian.AppendUint32(dst, uint32(len(record)))
	dst = binary.LittleEndian.AppendUint32(dst, crc32.Checksum(record, castagnoli))
	return append(dst, record...)
}

// readLog calls fn for each record and returns the offset behind the last
// whole one. An error of fn ends it.
func readLog(r io.Reader, size int64, fn func([]byte) error) (int64, error) {
	br := bufio.NewReaderSize(r, 1<<20)
	magic := make([]byte, len(logMagic))
	if n, err := io.ReadFull(br, magic); err != nil {
		if string(magic[:n]) == logMagic[:n] {
			return 0, nil // died while making the file
		}
		return 0, errors.New("not an emulator log")
	}
	if string(magic) != logMagic {
		return 0, errors.New("not an emulator log, or one of another version")
	}
	at := int64(len(logMagic))
	var buf []byte
	for {
		record, err := readFrame(br, size-at, &buf)
		if errors.Is(err, io.EOF) || errors.Is(err, errTorn) {
			return at, nil
		}
		if err != nil {
			return at, fmt.Errorf("record at byte %d: %w", at, err)
		}
		if err := fn(record); err != nil {
			return at, fmt.Errorf("record at byte %d: %w", at, err)
		}
		at += frameHeader + int64(len(record))
	}
}

func readFrame(r io.Reader, left int64, buf *[]byte) ([]byte, error) {
	if left == 0 {
		return nil, io.EOF
	}
	var head [frameHeader]byte
	if left < frameHeader {
		return nil, errTorn
	}
	if _, err := io.ReadFull(r, head[:]); err != nil {
		return nil, err
	}
	n := int64(binary.LittleEndian.Uint32(head[:]))
	if n > left-frameHeader {
		return nil, errTorn
	}
	if n == 0 || n > maxRecord {
		return nil, badOrZeroTail(r, head[:])
	}
	if int64(cap(*buf)) < n {
		*buf = make([]byte, n)
	}
	record := (*buf)[:n]
	if _, err := io.ReadFull(r, record); err != nil {
		return nil, err
	}
	if crc32.Checksum(record, castagnoli) != binary.LittleEndian.Uint32(head[4:]) {
		return nil, errors.New("checksum does not match")
	}
	return record, nil
}

// badOrZeroTail forgives a tail of zeros, which file systems leave after a
// power cut.
func badOrZeroTail(r io.Reader, head []byte) error {
	rest, err := io.ReadAll(r)
	if err != nil {
		return err
	}
	if len(bytes.Trim(head, "\x00")) == 0 && len(bytes.Trim(rest, "\x00")) == 0 {
		return errTorn
	}
	return errors.New("impossible length")
}

// openLog opens or makes the log file and cuts off what is not whole.
func openLog(path string, fn func([]byte) error) (*os.File, int64, error) {
	f, err := os.OpenFile(path, os.O_RDWR|os.O_CREATE, 0o600)
	if err != nil {
		return nil, 0, err
	}
	info, err := f.Stat()
	if err == nil {
		var end int64
		end, err = readLog(f, info.Size(), fn)
		if err == nil {
			end, err = settle(f, end)
			if err == nil {
				return f, end, nil
			}
		}
	}
	return nil, 0, errors.Join(fmt.Errorf("open %s: %w", path, err), f.Close())
}

// settle truncates the file behind its last whole record, writes the magic
// line of a new file, and leaves the position at the end.
func settle(f *os.File, end int64) (int64, error) {
	if err := f.Truncate(end); err != nil {
		return 0, err
	}
	if _, err := f.Seek(end, io.SeekStart); err != nil {
		return 0, err
	}
	if end > 0 {
		return end, nil
	}
	n, err := f.WriteString(logMagic)
	return int64(n), err
}
