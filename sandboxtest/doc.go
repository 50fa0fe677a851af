// SPDX-License-Identifier: MIT

// Package sandboxtest tests policies, in a program's own go test.
//
// # Purpose
//
// Two kinds of questions. What does a policy say? [Allows], [Refuses] and [Golden] ask the
// policy itself, on every operating system and in no time. Does the code get by with it?
// [Run], [RunThread], [Refused] and [Runtime] run code under the policy. What they do to
// a process cannot be undone, so they do it in a child:
//
//	func TestIndex(t *testing.T) {
//		dir := t.TempDir()
//		sandboxtest.RunThread(t, indexPolicy, func(t testing.TB) {
//			if err := buildIndex(dir); err != nil {
//				t.Error(err)
//			}
//		})
//	}
//
// # Children
//
// The child is the test binary, executed again with exactly this test to run; no TestMain
// is needed, but one that is there runs in the child too. The child goes through the test
// once more until it comes to the same call, takes the sandbox into use (with
// [sandbox.ActionInvokeSignalHandler], so that each violation has a report), runs the
// function and ends at once: nothing after the call is done in it, no cleanup and no
// other test. All else of this package that it meets on its way there does nothing in it.
//
// So what stands before the call is done twice, in two processes: temporary directories
// and variables are not the same ones, and the test should not depend on time or chance. A
// child that does not come to the call fails the test, and so does one that does not
// return from the function: because of a violation, a panic or os.Exit.
//
// What the function does to its testing.TB happens to the test itself, in the parent.
// What the child's other goroutines do is under the policy too with Run, and under one
// that allows everything with RunThread and Refused. Coverage of code that runs in a
// child is not counted.
//
// # Limits
//
// The child can tell only of what the function does: code that the test does not run needs
// other tests, or a recording (see [sandbox.UnsafeActionLearn]).
//
// With -race or cgo the threads are the C library's, which makes calls of its own, some of
// them while all signals are blocked: a call that is refused then ends the child by SIGSYS,
// and nothing can be reported.
//
// On systems without seccomp filters Run and its like skip the test; if they are there,
// but something such as a container refuses them, the test fails.
package sandboxtest
