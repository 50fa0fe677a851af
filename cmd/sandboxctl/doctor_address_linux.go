// SPDX-License-Identifier: MIT

package main

import "unsafe" // prctl(2) takes an address

func addressOf(b []byte) uintptr { return uintptr(unsafe.Pointer(unsafe.SliceData(b))) }
