// SPDX-License-Identifier: MIT

package main

import (
	"bytes"
	"encoding/binary"
	"fmt"
)

// What every database is given: records in transactions or batches.
const (
	records = 2000
	batch   = 100
)

func key(i int) []byte { return binary.BigEndian.AppendUint32(nil, uint32(i)) }

// value is 400 bytes that compress badly over several records.
func value(i int) []byte { return bytes.Repeat(key(i*0x9e3779b1), 100) }

// check compares what a database says is its record i.
func check(i int, k, v []byte) error {
	if !bytes.Equal(k, key(i)) || !bytes.Equal(v, value(i)) {
		return fmt.Errorf("record %d is wrong: %x has %d bytes", i, k, len(v))
	}
	return nil
}

// checkAll is the last check: that there are no records missing.
func checkAll(n int) error {
	if n != records {
		return fmt.Errorf("%d records, not %d", n, records)
	}
	return nil
}
