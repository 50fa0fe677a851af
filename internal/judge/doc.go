// SPDX-License-Identifier: MIT

// Package judge lets the kernel say what a filter program answers. It is for
// tests, on linux/amd64.
//
// Calls that a filter permits would be executed, and permitting actions cannot be
// told apart from outside. So the judge rewrites the constant of each RET of the very
// program into a distinct errno. The control flow is untouched, nothing is
// executed, and the errno of a call names the RET that it ended in.
//
// A child of the test binary installs the rewritten program on one locked
// thread and probes from one assembly function: a filtered thread must not
// return into Go, whose runtime makes calls of its own (futex, sigaltstack,
// mmap), and must not take a signal, because sigreturn would be answered by an
// errno too. An unfiltered thread reads the answers and ends the process.
package judge
