// SPDX-License-Identifier: MIT

package main

import (
	"debug/buildinfo"
	"fmt"
	"strings"
)

// testedGo are the releases whose runtime the tests of the sandbox run on.
var testedGo = []string{"go1.26", "go1.27"}

const module = "github.com/syscall-sandbox/sandbox"

// binarySymptoms reads what the Go linker has left in a program.
func binarySymptoms(file string) ([]symptom, error) {
	info, err := buildinfo.ReadFile(file)
	if err != nil {
		return nil, err
	}
	settings := make(map[string]string)
	for _, s := range info.Settings {
		settings[s.Key] = s.Value
	}
	return []symptom{goSymptom(info.GoVersion), cgoSymptom(settings), targetSymptom(settings), modeSymptom(settings), moduleSymptom(info)}, nil
}

func goSymptom(version string) symptom {
	s := symptom{What: "built with", Value: version}
	for _, tested := range testedGo {
		if version == tested || strings.HasPrefix(version, tested+".") || strings.HasPrefix(version, tested+" ") {
			s.Value += ", whose runtime is tested"
			return s
		}
	}
	s.Bad = "the calls of this runtime are not known to this library"
	s.Remedy = "Tested are " + strings.Join(testedGo, " and ") + "; run sandboxtest.Runtime with your toolchain."
	return s
}

func cgoSymptom(settings map[string]string) symptom {
	s := symptom{What: "cgo", Value: "no"}
	if settings["CGO_ENABLED"] == "1" {
		s.Value = "yes, if a package of the program uses it (net and os/user do where it is on)"
		s.Bad, s.Remedy = "what the C library calls is the program's own", "Build with CGO_ENABLED=0 where you can."
	}
	if settings["-race"] == "true" {
		s.Value += ", with the race detector"
	}
	return s
}

func targetSymptom(settings map[string]string) symptom {
	target := settings["GOOS"] + "/" + settings["GOARCH"]
	s := symptom{What: "target", Value: target}
	if target != "linux/amd64" {
		s.Bad, s.Fatal = "the sandbox is for linux/amd64, not for "+target, true
	}
	return s
}

func modeSymptom(settings map[string]string) symptom {
	mode := settings["-buildmode"]
	s := symptom{What: "build mode", Value: mode}
	if mode != "pie" {
		s.Value += ": not position independent; executed programs of the same kind cannot be learned (see UnsafeActionLearn)"
	}
	return s
}

func moduleSymptom(info *buildinfo.BuildInfo) symptom {
	s := symptom{What: "sandbox", Value: "not in this program"}
	if info.Main.Path == module || strings.HasPrefix(info.Main.Path, module+"/") {
		s.Value = "its own module"
		return s
	}
	for _, d := range info.Deps {
		if d.Path == module {
			s.Value = fmt.Sprintf("%s %s", d.Path, d.Version)
			return s
		}
	}
	s.Bad, s.Remedy = "the program does not use the sandbox", "See the README's first example."
	return s
}
