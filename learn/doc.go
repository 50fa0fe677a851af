// SPDX-License-Identifier: MIT

// Package learn is about what a program called while it ran under the learning
// action: recordings, and what is made of them. It asks no kernel and works on every
// operating system, so that a recording of one machine can be read on another.
//
// # A recording
//
// A [Recording] has one [Phase] for each chain of policies that was in force on some
// thread, and in it one [Call] for each system call and set of values of the
// arguments that choose what the call does: the family of a socket, the command of
// fcntl, the flags of openat. Descriptors, pointers and lengths differ from run to
// run, choose nothing and are left out. Counts and Go call stacks say how often it was
// made and by whom.
//
// # What it is worth
//
// Learning protects nothing: every call is executed, whatever the policies say. Learn
// where no stranger can reach the program, on a test network, with test data.
//
// And a run shows only what it did. The error path that it did not take, the signal
// that did not come, the reload at midnight are not in it, and a policy made of it
// refuses them. Learn from many runs, the test suite and every start, reload and stop
// among them, and [Merge] what they recorded. A recording that has Lost calls is
// incomplete, and so is all that is made of it.
//
// # Four steps
//
//   - Learn: run the program under the action "learn", write [Recording.JSON] at the
//     end of each run, [Merge] the runs.
//   - Compare: [Phase.Compare] says what the policy in force lacks, what of it nobody
//     used, and what permits more than was used. An outer policy must hold what the
//     policies put on after it do: see [Recording.Nested].
//   - Write: [Recording.GoSource] is the policies as Go source, [Phase.PolicyJSON] one
//     of them as JSON. Read what it says; widen what only these runs had narrow.
//   - Watch: run it in production under "log-and-allow", which reports what the new
//     policies refuse and executes it; refuse when the reports have ended.
package learn
