// SPDX-License-Identifier: MIT

package learn

import (
	"flag"
	"go/format"
	"os"
	"path/filepath"
	"testing"
)

var update = flag.Bool("update", false, "write testdata anew")

// golden compares with a file in testdata, which shows in a review what a change
// does: go test -run TestGolden -update ./learn writes the files anew.
func golden(t *testing.T, name string, got []byte) {
	t.Helper()
	file := filepath.Join("testdata", name)
	if *update {
		if err := os.WriteFile(file, got, 0o644); err != nil {
			t.Fatal(err)
		}
		return
	}
	want, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	if string(got) != string(want) {
		t.Errorf("%s is not what comes now; if that is meant: go test -run TestGolden -update ./learn\n%s", file, got)
	}
}

func sample(t *testing.T) *Recording {
	t.Helper()
	data, err := os.ReadFile(filepath.Join("testdata", "recording.json"))
	if err != nil {
		t.Fatal(err)
	}
	r, err := Parse(data)
	if err != nil {
		t.Fatal(err)
	}
	return r
}

func TestGolden(t *testing.T) {
	r := sample(t)
	golden(t, "recording.json", []byte(mustJSON(t, r)))
	source, err := r.GoSource("policies")
	if err != nil {
		t.Fatal(err)
	}
	golden(t, "policies.go.txt", source)
	policy, err := r.Phases[1].PolicyJSON("net")
	if err != nil {
		t.Fatal(err)
	}
	golden(t, "net.json", policy)
	golden(t, "net.txt", []byte(text(r.Phases[1].Rules())+"\n"))
}

// The source is as gofmt writes it, whatever the recording.
func TestGoSourceFormat(t *testing.T) {
	recordings := []*Recording{sample(t), {}}
	for seed := range uint64(200) {
		recordings = append(recordings, newMaker(seed).recording())
	}
	for i, r := range recordings {
		got, err := r.GoSource("p")
		if err != nil {
			t.Fatal(err)
		}
		want, err := format.Source(got)
		if err != nil {
			t.Fatalf("%d: %v\n%s", i, err, got)
		}
		if string(got) != string(want) {
			t.Fatalf("%d:\n%s\nnot as gofmt has it:\n%s", i, got, want)
		}
	}
}
