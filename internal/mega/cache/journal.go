package cache

import (
	"bytes"
	"encoding/binary"
	"io"
)

// The journal is a header and frames. A frame is one call's changes and the sequence number they lead to; a frame counts
// whole or not at all, and because each names its position, any prefix of the journal is a true state of the account: what
// a crash cuts off is simply asked for again. That is why appending does not wait for the disk.
//
//	header   magic, id of the snapshot, checksum
//	frame    length, checksum, payload
//	payload  sequence number, changes
//	change   flags, size of the hidden node if flagged, then a row or a handle
const (
	journalMagic  = "mplnjrn1"
	journalHeader = 20
	frameHeader   = 8
	maxFrame      = 1 << 30
)

const (
	flagNode  = 1 << iota // a row follows; else only a handle: the node is gone
	flagHides             // the change covers a node of the snapshot
	flagSize              // whose size follows
)

func encodeJournalHeader(id uint64) []byte {
	b := le.AppendUint64([]byte(journalMagic), id)
	return le.AppendUint32(b, checksum(b))
}

// encodeFrame returns one frame with its header.
func encodeFrame(sn SN, changes []change) []byte {
	b := make([]byte, frameHeader, frameHeader+64+len(changes)*256)
	b = append(b, byte(len(sn)))
	b = append(b, sn...)
	for _, c := range changes {
		b = c.encode(b)
	}
	le.PutUint32(b, uint32(len(b)-frameHeader))
	le.PutUint32(b[4:], checksum(b[frameHeader:]))
	return b
}

func (c change) encode(b []byte) []byte {
	var flags byte
	if c.node != nil {
		flags |= flagNode
	}
	if c.hides {
		flags |= flagHides
	}
	if c.size >= 0 {
		flags |= flagSize
	}
	b = append(b, flags)
	if c.size >= 0 {
		b = binary.AppendUvarint(b, uint64(c.size))
	}
	if c.node != nil {
		return appendRow(b, c.node)
	}
	return le.AppendUint64(b, uint64(c.handle))
}

// decodeFrame hands over the changes of a payload whose checksum was right; their texts share memory with it.
func decodeFrame(payload []byte, take func(change)) (SN, error) {
	if len(payload) == 0 || len(payload) <= int(payload[0]) {
		return "", damaged("a frame of the journal")
	}
	end := 1 + int(payload[0])
	sn, b := SN(payload[1:end]), payload[end:]
	for len(b) > 0 {
		c, n, ok := decodeChange(b)
		if !ok {
			return "", damaged("a change in the journal")
		}
		take(c)
		b = b[n:]
	}
	return sn, nil
}

func decodeChange(b []byte) (c change, n int, ok bool) {
	flags, n := b[0], 1
	c.hides, c.size = flags&flagHides != 0, -1
	if flags&flagSize != 0 {
		v, used := binary.Uvarint(b[n:])
		if used <= 0 || v > 1<<63-1 {
			return c, 0, false
		}
		c.size, n = int64(v), n+used
	}
	if flags&flagNode == 0 {
		if len(b) < n+8 {
			return c, 0, false
		}
		c.handle = Handle(le.Uint64(b[n:]))
		return c, n + 8, true
	}
	if len(b) < n+rowSize {
		return c, 0, false
	}
	rec := record(b[n : n+rowSize])
	end := int64(n) + rowSize + rec.texts()
	if end > int64(len(b)) {
		return c, 0, false
	}
	node, err := rec.node(b[n+rowSize : end : end])
	c.handle, c.node = node.Handle, &node
	return c, int(end), err == nil
}

// replay reads the frames from off on, up to size, and returns where the whole ones end. A last frame that is cut off or
// half written does not count; a bad one with something behind it is damage.
func replay(f io.ReaderAt, off, size int64, take func(payload []byte) error) (int64, error) {
	var head [frameHeader]byte
	for size-off >= frameHeader {
		if err := readFull(f, head[:], off); err != nil {
			return off, err
		}
		n := int64(le.Uint32(head[:]))
		end := off + frameHeader + n
		if end > size {
			return off, nil
		}
		if n == 0 || n > maxFrame {
			return off, allZero(f, off, size)
		}
		payload := make([]byte, n)
		if err := readFull(f, payload, off+frameHeader); err != nil {
			return off, err
		}
		if checksum(payload) != le.Uint32(head[4:]) {
			if end == size {
				return off, nil
			}
			return off, damaged("checksum in the journal")
		}
		if err := take(payload); err != nil {
			return off, err
		}
		off = end
	}
	return off, nil
}

// allZero tells space a power cut left unwritten, which is no frame, from damage.
func allZero(f io.ReaderAt, off, size int64) error {
	buf := make([]byte, 64<<10)
	for off < size {
		b := buf[:min(int64(len(buf)), size-off)]
		if err := readFull(f, b, off); err != nil {
			return err
		}
		if len(bytes.Trim(b, "\x00")) > 0 {
			return damaged("a frame of the journal")
		}
		off += int64(len(b))
	}
	return nil
}
