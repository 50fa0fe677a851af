// SPDX-License-Identifier: MIT

package main

import (
	"errors"
	"fmt"
	"io"
	"path/filepath"
	"strings"

	"github.com/jrick/logrotate/rotator"
	"gopkg.in/natefinch/lumberjack.v2"
)

// rotateLogs logs by the library that btcd, lnd and dcrd log by.
func rotateLogs(dir string) error {
	log, err := rotator.New(filepath.Join(dir, "node.log"), 64, false, 3)
	if err != nil {
		return err
	}
	if err := errors.Join(writeLog(log), log.Close()); err != nil {
		return err
	}
	return countLogs(filepath.Join(dir, "node.log*"), 4)
}

// rotateLumberjack has 1 MB files, its least. It finishes compressing on a goroutine that
// nothing waits for, so it does not compress here.
func rotateLumberjack(dir string) error {
	log := &lumberjack.Logger{Filename: filepath.Join(dir, "node.log"), MaxSize: 1}
	err := errors.Join(writeLog(log), log.Rotate(), writeLog(log), log.Close())
	if err != nil {
		return err
	}
	return countLogs(filepath.Join(dir, "node*.log"), 2)
}

func writeLog(w io.Writer) error {
	for i := range records {
		if _, err := fmt.Fprintf(w, "%6d %s\n", i, strings.Repeat("message ", 20)); err != nil {
			return err
		}
	}
	return nil
}

func countLogs(pattern string, least int) error {
	names, err := filepath.Glob(pattern)
	if err == nil && len(names) < least {
		err = fmt.Errorf("%d files %s, not %d or more: nothing was rotated", len(names), pattern, least)
	}
	return err
}
