package crypt

import (
	"encoding/binary"
	"fmt"
	"hash/crc32"
	"io"
)

const (
	crcDense   = 8192     // up to here every byte is covered
	crcWindow  = 64       // above, windows of this size
	crcLanes   = 4        // one CRC-32 each
	crcSamples = 32       // windows a lane covers
	crcLegacy  = 32 << 20 // below this size the old 32-bit arithmetic cannot have overflowed
)

// ComputeCRC reads the sparse checksum of a file of the given size: at most 8 KiB of it.
func ComputeCRC(r io.ReaderAt, size int64) (CRC, error) { return computeCRC(r, size, crcOffset) }

// ComputeLegacyCRC is the checksum as old official clients computed it, whose window offsets wrapped at
// 32 bits in large files. For others it equals [ComputeCRC].
func ComputeLegacyCRC(r io.ReaderAt, size int64) (CRC, error) {
	return computeCRC(r, size, crcLegacyOffset)
}

// ComputeCRCs returns both checksums, the current and the legacy one, and reads the file once where they cannot differ.
func ComputeCRCs(r io.ReaderAt, size int64) (crc, legacy CRC, err error) {
	crc, err = ComputeCRC(r, size)
	if err != nil || size < crcLegacy {
		return crc, crc, err
	}
	legacy, err = ComputeLegacyCRC(r, size)
	return crc, legacy, err
}

// MatchCRC reports whether a file has this checksum, in the current form or in the legacy one.
func MatchCRC(r io.ReaderAt, size int64, want CRC) (bool, error) {
	got, err := ComputeCRC(r, size)
	if err != nil || got == want || size < crcLegacy {
		return err == nil && got == want, err
	}
	got, err = ComputeLegacyCRC(r, size)
	return err == nil && got == want, err
}

func crcOffset(size int64, window int) int64 {
	return (size - crcWindow) * int64(window) / (crcLanes*crcSamples - 1)
}

// crcLegacyOffset repeats the old arithmetic: size and product are unsigned 32-bit numbers.
func crcLegacyOffset(size int64, window int) int64 {
	return int64((uint32(size) - crcWindow) * uint32(window) / (crcLanes*crcSamples - 1))
}

func computeCRC(r io.ReaderAt, size int64, offset func(size int64, window int) int64) (CRC, error) {
	var crc CRC
	switch {
	case size <= int64(len(crc)):
		return crc, readFull(r, crc[:size], 0)
	case size <= crcDense:
		buf := make([]byte, size)
		if err := readFull(r, buf, 0); err != nil {
			return crc, err
		}
		for i := range crcLanes {
			part := buf[i*len(buf)/crcLanes : (i+1)*len(buf)/crcLanes]
			crc.put(i, crc32.ChecksumIEEE(part))
		}
		return crc, nil
	}
	var buf [crcWindow]byte
	for lane := range crcLanes {
		var sum uint32
		for j := range crcSamples {
			if err := readFull(r, buf[:], offset(size, lane*crcSamples+j)); err != nil {
				return crc, err
			}
			sum = crc32.Update(sum, crc32.IEEETable, buf[:])
		}
		crc.put(lane, sum)
	}
	return crc, nil
}

func (c *CRC) put(lane int, sum uint32) { binary.BigEndian.PutUint32(c[4*lane:], sum) }

// readFull fills p from offset off and turns a short file into an error.
func readFull(r io.ReaderAt, p []byte, off int64) error {
	n, err := r.ReadAt(p, off)
	if n == len(p) {
		return nil
	}
	if err == nil || err == io.EOF {
		err = io.ErrUnexpectedEOF
	}
	return fmt.Errorf("read %d bytes at %d: %w", len(p), off, err)
}
