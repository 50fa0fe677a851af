// SPDX-License-Identifier: MIT

// Package blockfile reads Bitcoin Core's blk*.dat files: records of a network magic (4 bytes), a length (4 bytes, little endian)
// and that many bytes of one serialized block. Core allocates the files in large steps, so zeros may follow the last record.
package blockfile

import (
	"bufio"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"os"

	"github.com/btcsuite/btcd/btcutil/v2"
	"github.com/btcsuite/btcd/wire/v2"
)

// Reader yields the blocks of one file in file order.
type Reader struct {
	r   *bufio.Reader
	net wire.BitcoinNet
	off int64
}

// NewReader reads records that carry the magic of net.
func NewReader(r io.Reader, net wire.BitcoinNet) *Reader {
	return &Reader{r: bufio.NewReaderSize(r, 1<<20), net: net}
}

// Next returns the next block, or io.EOF at the end of the file or at the zeros that pad it.
func (r *Reader) Next() (*btcutil.Block, error) {
	var head [8]byte
	switch _, err := io.ReadFull(r.r, head[:]); {
	case errors.Is(err, io.EOF):
		return nil, io.EOF
	case errors.Is(err, io.ErrUnexpectedEOF):
		if isZero(head[:]) {
			return nil, io.EOF
		}
		return nil, fmt.Errorf("record at byte %d: %w", r.off, err)
	case err != nil:
		return nil, err
	}
	magic, length := binary.LittleEndian.Uint32(head[:4]), binary.LittleEndian.Uint32(head[4:])
	switch {
	case isZero(head[:]):
		return nil, io.EOF
	case wire.BitcoinNet(magic) != r.net:
		return nil, fmt.Errorf("record at byte %d: magic %#08x is not that of %v", r.off, magic, r.net)
	case length > wire.MaxBlockPayload:
		return nil, fmt.Errorf("record at byte %d: a block of %d bytes, more than %d", r.off, length, wire.MaxBlockPayload)
	}
	return r.body(length)
}

func (r *Reader) body(length uint32) (*btcutil.Block, error) {
	raw := make([]byte, length)
	if _, err := io.ReadFull(r.r, raw); err != nil {
		return nil, fmt.Errorf("record at byte %d: %w", r.off, noEOF(err))
	}
	block, err := btcutil.NewBlockFromBytes(raw)
	if err != nil {
		return nil, fmt.Errorf("record at byte %d: %w", r.off, noEOF(err))
	}
	r.off += 8 + int64(length)
	return block, nil
}

// Each calls fn for every block of the file at path and stops at the first error.
func Each(path string, net wire.BitcoinNet, fn func(*btcutil.Block) error) error {
	f, err := os.Open(path)
	if err != nil {
		return err
	}
	defer f.Close()
	for r := NewReader(f, net); ; {
		block, err := r.Next()
		if errors.Is(err, io.EOF) {
			return nil
		}
		if err != nil {
			return fmt.Errorf("%s: %w", path, err)
		}
		if err := fn(block); err != nil {
			return err
		}
	}
}

// noEOF keeps a record that ends too early from looking like the end of the file.
func noEOF(err error) error {
	if errors.Is(err, io.EOF) {
		return io.ErrUnexpectedEOF
	}
	return err
}

func isZero(b []byte) bool {
	for _, c := range b {
		if c != 0 {
			return false
		}
	}
	return true
}
