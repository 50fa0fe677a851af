// SPDX-License-Identifier: MIT

//go:build cgo

package main

/*
#include <errno.h>
#include <pthread.h>
#include <stdlib.h>
#include <sys/syscall.h>
#include <unistd.h>

extern void calledFromC(void);

static int refused(long number) {
	return syscall(number, 0, 0) < 0 ? errno : 0;
}

static void *violate(void *times) {
	int answer = 0;
	for (int i = *(int *)times; i > 0; i--)
		answer = refused(SYS_getpgrp);
	*(int *)times = answer;
	return 0;
}

static void *call_back(void *unused) {
	calledFromC();
	return 0;
}

static void on_thread(void *(*start)(void *), void *arg) {
	pthread_t thread;
	if (pthread_create(&thread, 0, start, arg) != 0)
		abort();
	pthread_join(thread, 0);
}

static int on_thread_of_c(int times) {
	on_thread(violate, &times);
	return times;
}

static void callback_on_thread_of_c(void) {
	on_thread(call_back, 0);
}

static int from_c(void) {
	return refused(SYS_alarm);
}
*/
import "C"

import "syscall"

func init() {
	places["c"] = inC
	places["thread of c"] = inThreadOfC
	places["callback"] = inCallback
}

// inC violates in C code on a thread of Go's: on its system stack.
func inC() {
	violate("c", func() error { return errnoOf(syscall.Errno(C.from_c())) })
}

// inThreadOfC violates on a thread that Go has never seen.
func inThreadOfC() {
	said.Answers["thread of c"] = map[string]int{answer(errnoOf(syscall.Errno(C.on_thread_of_c(often)))): often}
}

// inCallback violates in a Go function that C has called on a thread of its own.
func inCallback() { C.callback_on_thread_of_c() }
