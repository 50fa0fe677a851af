// SPDX-License-Identifier: MIT

//go:build !race

package stdops

const race = false
