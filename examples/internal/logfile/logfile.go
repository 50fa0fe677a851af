// SPDX-License-Identifier: MIT

// Package logfile is a log file that is rotated while it is written, and that outlives a full disk.
package logfile

import (
	"fmt"
	"os"
	"sync"
)

// A File is a log file. Each Write is one record.
//
// It is opened with O_APPEND, so that a file that is truncated in place (copytruncate) goes on from its new end, and nothing
// has to be opened for it. A file that was renamed is opened anew by Reopen.
type File struct {
	path string

	mu    sync.Mutex
	file  *os.File
	lost  int // records since the last that was written
	torn  bool
	cause error // why the last was lost
}

// Open opens the file at path, or makes it.
func Open(path string) (*File, error) {
	l := &File{path: path}
	return l, l.Reopen()
}

// Reopen opens the file of that name as it is now. After an error the file before it stays in use.
func (l *File) Reopen() error {
	file, err := os.OpenFile(l.path, os.O_WRONLY|os.O_APPEND|os.O_CREATE, 0o640)
	if err != nil {
		return err
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	before := l.file
	l.file, l.torn = file, false
	if before == nil {
		return nil
	}
	return before.Close()
}

// Write writes one record. Records that the disk did not take are counted, and the next one that it takes says how many.
func (l *File) Write(record []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	before := ""
	if l.torn {
		before = "\n" // half a record stands there
	}
	if l.lost > 0 {
		before += fmt.Sprintf("%d records lost: %v\n", l.lost, l.cause)
	}
	n, err := l.file.Write(append([]byte(before), record...))
	if err != nil {
		l.lost, l.torn, l.cause = l.lost+1, l.torn || n > 0, err
		return 0, err
	}
	l.lost, l.torn = 0, false
	return len(record), nil
}

// Close closes the file.
func (l *File) Close() error {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.file.Close()
}
