// SPDX-License-Identifier: MIT

package stdops

import (
	"log"
	"log/slog"
	"os"
	"runtime"
	"runtime/debug"
	"runtime/pprof"
	"runtime/trace"
	"time"
)

// clocks are times and their zones.
func clocks() []Op {
	return []Op{
		{Package: "time", Name: "Time.Format", With: "local", Make: plain(func() error { _ = time.Now().Format(time.RFC3339); return nil })},
		{Package: "time", Name: "LoadLocation", Make: makeLoadLocation},
		{Package: "time", Name: "Sleep", Make: plain(func() error { time.Sleep(time.Microsecond); return nil })},
		{Package: "time", Name: "After", Make: plain(func() error { <-time.After(time.Millisecond); return nil })},
	}
}

// makeLoadLocation has a file of one zone, UTC by another name (tzfile(5)).
func makeLoadLocation() (func() error, error) {
	dir, err := os.MkdirTemp("", "op")
	if err != nil {
		return nil, err
	}
	if err := os.Setenv("ZONEINFO", dir); err != nil {
		return nil, err
	}
	zone := append([]byte("TZif"), make([]byte, 40+6+4)...)
	zone[39], zone[43] = 1, 4 // one type, four letters
	copy(zone[44+6:], "PST\x00")
	return func() error { return second(time.LoadLocation("Peer")) }, os.WriteFile(dir+"/Peer", zone, 0o600)
}

// logs write to a file that is open.
func logs() []Op {
	return []Op{
		{Package: "log", Name: "Logger.Println", Make: onFile(func(f *os.File) error {
			return log.New(f, "", log.LstdFlags).Output(1, content)
		})},
		{Package: "log/slog", Name: "Logger.Info", With: "text", Make: onFile(func(f *os.File) error {
			slog.New(slog.NewTextHandler(f, nil)).Info(content, "key", 1)
			return nil
		})},
		{Package: "log/slog", Name: "Logger.Info", With: "JSON, with source", Make: onFile(func(f *os.File) error {
			slog.New(slog.NewJSONHandler(f, &slog.HandlerOptions{AddSource: true})).Info(content, "key", 1)
			return nil
		})},
	}
}

// diagnostics are what the runtime tells of itself.
func diagnostics() []Op {
	return []Op{
		{Package: "runtime", Name: "GC", Make: plain(func() error { runtime.GC(); return nil })},
		{Package: "runtime/debug", Name: "FreeOSMemory", Make: plain(func() error { debug.FreeOSMemory(); return nil })},
		{Package: "runtime/debug", Name: "SetCrashOutput", Make: onFile(func(f *os.File) error {
			return debug.SetCrashOutput(f, debug.CrashOptions{})
		})},
		{Package: "runtime/pprof", Name: "StartCPUProfile", Make: onFile(cpuProfile), Elsewhere: "reading of the program's mappings, and the file"},
		{Package: "runtime/pprof", Name: "WriteHeapProfile", Make: onFile(func(f *os.File) error { return pprof.WriteHeapProfile(f) })},
		{Package: "runtime/pprof", Name: "Profile.WriteTo", With: "goroutines, as text", Make: onFile(func(f *os.File) error {
			return pprof.Lookup("goroutine").WriteTo(f, 1)
		})},
		{Package: "runtime/trace", Name: "Start", Make: onFile(executionTrace), Elsewhere: "writing of the file"},
	}
}

func cpuProfile(f *os.File) error {
	if err := pprof.StartCPUProfile(f); err != nil {
		return err
	}
	pprof.StopCPUProfile()
	return nil
}

func executionTrace(f *os.File) error {
	if err := trace.Start(f); err != nil {
		return err
	}
	trace.Stop()
	return nil
}
