// SPDX-License-Identifier: MIT

package blockfile_test

import (
	"bytes"
	"encoding/binary"
	"errors"
	"io"
	"slices"
	"strings"
	"testing"

	"github.com/btcsuite/btcd/btcutil/v2"
	"github.com/btcsuite/btcd/chaincfg/v2"
	"github.com/btcsuite/btcd/chainhash/v2"
	"github.com/btcsuite/btcd/wire/v2"

	"github.com/syscall-sandbox/sandbox/examples/btcnode/internal/blockfile"
	"github.com/syscall-sandbox/sandbox/examples/btcnode/internal/nodeproc"
)

func record(t *testing.T, magic wire.BitcoinNet) []byte {
	t.Helper()
	raw, err := btcutil.NewBlock(chaincfg.MainNetParams.GenesisBlock).Bytes()
	if err != nil {
		t.Fatal(err)
	}
	head := binary.LittleEndian.AppendUint32(nil, uint32(magic))
	return append(binary.LittleEndian.AppendUint32(head, uint32(len(raw))), raw...)
}

func TestReader(t *testing.T) {
	good := record(t, wire.MainNet)
	tooLong := slices.Clone(good)
	binary.LittleEndian.PutUint32(tooLong[4:], wire.MaxBlockPayload+1)
	shortBlock := slices.Clone(good[:8+80])
	binary.LittleEndian.PutUint32(shortBlock[4:], 80)
	tests := []struct {
		name   string
		file   []byte
		blocks int
		err    string // empty: a clean end
	}{
		{"empty", nil, 0, ""},
		{"two blocks", slices.Concat(good, good), 2, ""},
		{"zeros after the last", slices.Concat(good, make([]byte, 1000)), 1, ""},
		{"fewer zeros than a head", slices.Concat(good, make([]byte, 5)), 1, ""},
		{"another network", slices.Concat(good, record(t, wire.TestNet3)), 1, "record at byte 293: magic"},
		{"half a head", slices.Concat(good, good[:6]), 1, "record at byte 293: unexpected EOF"},
		{"half a block", slices.Concat(good, good[:100]), 1, "record at byte 293: unexpected EOF"},
		{"head only", good[:8], 0, "record at byte 0: unexpected EOF"},
		{"length beyond a block", tooLong, 0, "a block of"},
		{"block shorter than it says", shortBlock, 0, "record at byte 0: unexpected EOF"},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			r := blockfile.NewReader(bytes.NewReader(test.file), wire.MainNet)
			blocks := 0
			_, err := r.Next()
			for ; err == nil; _, err = r.Next() {
				blocks++
			}
			if blocks != test.blocks {
				t.Errorf("%d blocks, want %d", blocks, test.blocks)
			}
			if test.err == "" && !errors.Is(err, io.EOF) || !strings.Contains(err.Error(), test.err) {
				t.Errorf("ended with %v, want %q", err, test.err)
			}
		})
	}
}

// TestRealFile reads the file that the demonstration works on: each block must follow the one before.
func TestRealFile(t *testing.T) {
	path, err := nodeproc.BlockFile()
	if err != nil {
		t.Fatal(err)
	}
	blocks := 0
	var last chainhash.Hash
	err = blockfile.Each(path, wire.MainNet, func(b *btcutil.Block) error {
		if prev := b.MsgBlock().Header.PrevBlock; prev != last {
			t.Fatalf("block %d follows %v, not %v", blocks, prev, last)
		}
		last = *b.Hash()
		blocks++
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	if blocks != 14132 {
		t.Errorf("%d blocks, want 14132", blocks)
	}
}
