// SPDX-License-Identifier: MIT

package learn

import (
	"os"
	"reflect"
	"strings"
	"testing"
)

func TestRoundTrip(t *testing.T) {
	for seed := range uint64(200) {
		r := mustMerge(t, newMaker(seed).recording())
		text := mustJSON(t, r)
		read, err := Parse([]byte(text))
		if err != nil {
			t.Fatal(err)
		}
		if !reflect.DeepEqual(read, r) {
			t.Fatalf("seed %d: read %+v\nwritten %+v", seed, read, r)
		}
		if !strings.HasSuffix(text, "}\n") {
			t.Fatalf("ends with %q", text[len(text)-3:])
		}
	}
}

func TestParseMistakes(t *testing.T) {
	for text, want := range map[string]string{
		``:                      "not a recording of this version",
		`{"runs": 1, "run": 2}`: `unknown field "run"`,
		`{"phases": [{"policies": ["a"], "calls": [{"syscall": "read", "times": 3}]}]}`: `unknown field "times"`,
		`{"phases": [{"policies": ["a"], "calls": [{"syscall": "sys_read"}]}]}`:         `did you mean "read"?`,
		`{"phases": [{"policies": ["a"], "calls": [{"syscall": "zzzzzzzzzzzz"}]}]}`:     "with the version that wrote it, or record anew",
		`{"phases": [{"calls": []}]}`: "phase 0 names no policy",
		`{} {}`:                       "something follows",
		`{} x`:                        "something follows",
		`{"phases": [{"policies": ["a"], "calls": [{"syscall": "read", "args": "1,2,3,4,5,6,7"}]}]}`: "at most 6",
		`{"phases": [{"policies": ["a"], "calls": [{"syscall": "read", "args": "one"}]}]}`:           "want numbers such as",
	} {
		if _, err := Parse([]byte(text)); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: %v, want %q", text, err, want)
		}
	}
	_, err := Parse([]byte(`{"phases": [{"policies": ["a"], "calls": [{"syscall": "reed"}, {"syscall": "opennat"}]}], "runs": -1}`))
	if err == nil || strings.Count(err.Error(), "\n") != 2 {
		t.Errorf("three mistakes: %v", err)
	}
}

// What Parse takes, it takes again once written, and the text is the same.
func FuzzParse(f *testing.F) {
	sample, err := os.ReadFile("testdata/recording.json")
	if err != nil {
		f.Fatal(err)
	}
	f.Add(sample)
	f.Add([]byte(`{"phases":[{"policies":["\u0000","a\xff"],"calls":[{"syscall":"socket","args":"2, 0x80001","mark":"a; b","count":1}]}]}`))
	f.Add([]byte(`{"runs":9223372036854775807,"lost":{"read":0,"close":18446744073709551615}}`))
	f.Fuzz(func(t *testing.T, data []byte) {
		r, err := Parse(data)
		if err != nil {
			return
		}
		text := mustJSON(t, r)
		again, err := Parse([]byte(text))
		if err != nil || !reflect.DeepEqual(again, r) {
			t.Fatalf("%v: read %+v, written %s", err, again, text)
		}
		_, _ = r.GoSource("p") // a policy's name may be one that no policy has
		for i := range r.Phases {
			r.Phases[i].Rules()
		}
	})
}
