// SPDX-License-Identifier: MIT

//go:build cgo

package stdops

const libC = true
