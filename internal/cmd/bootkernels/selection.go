// SPDX-License-Identifier: MIT

package main

import "strings"

// without are packages whose tests do not run on other kernels, and why. Those of
// packages that put nothing under filters are as good on one kernel as on another.
var without = map[string]string{
	"internal/buildtest":             "runs the go command",
	"sandboxtest/internal/buildtest": "runs the go command",
	"internal/cmd":                   "runs the go command",
	"internal/stdops":                "what Go's standard library calls, which a tracer sees as well on one kernel",
	"internal/needed":                "takes entries out of policies to see that they are needed; that they are enough is sandboxtest's",
	"examples":                       "what the examples do is what the packages do",
}

// skipTests are tests of the others that do not run, by names, and why.
var skipTests = map[string]struct{ names, why string }{
	"seccomp": {
		"TestRandomConditions|TestRandomFilters|TestUncoveredRandom|TestUncoveredNumbers|TestUncoveredIP|TestManyRules|TestManyNumbers|TestWatchingFilterIsSmall|TestCondText|" +
			"ExampleListener_Serve|ExampleFilter_CompileInProcess_goroutine",
		"ask no kernel, those with Kernel in their names do; the examples need Linux 5.19, and examples cannot skip",
	},
	"sandboxtest": {
		"TestRuntime|TestRuntimeWithoutVDSO|TestRuntimeNamesMappings|TestSurroundings",
		"TestRuntimeAbort is the same under another action; the others pretend that this were another kernel",
	},
}

// users are the packages that an ordinary user runs too: no_new_privs is needed then. The
// others have children that are ordinary users.
var users = []string{"seccomp"}

// meetsKernel reports whether tests with these imports put children under filters.
func meetsKernel(imports string) bool {
	return strings.Contains(imports, "/internal/testproc") || strings.Contains(imports, "/sandboxtest")
}

// reasonWithout says why a package does not run; "": it does.
func reasonWithout(pkg string) string {
	for dir, why := range without {
		if pkg == dir || strings.HasPrefix(pkg, dir+"/") {
			return why
		}
	}
	return ""
}

// skipped is the value of -test.skip for a package.
func skipped(pkg string) string {
	if s, ok := skipTests[pkg]; ok {
		return "^(" + s.names + ")$"
	}
	return ""
}
