// SPDX-License-Identifier: MIT

//go:build cgo

package main

// A program with cgo has C's threads, C's signal set-up and the runtime's cgo
// signal trampolines.

/*
#include <grp.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

static void *violate(void *unused) {
	int r = getgroups(0, 0);
	fprintf(stderr, "the refused call returned %d\n", r);
	exit(3);
}

static void on_thread_of_c(void) {
	pthread_t thread;
	pthread_create(&thread, 0, violate, 0);
	pthread_join(thread, 0);
}
*/
import "C"

import (
	"os"
	"os/signal"
)

// With signal.Notify the runtime hands a signal on a thread that is not Go's to the
// channel, and would let the thread go on.
func init() {
	onThreadOfC = func() {
		signal.Notify(make(chan os.Signal, 1))
		C.on_thread_of_c()
	}
}
