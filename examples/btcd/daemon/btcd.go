// SPDX-License-Identifier: MIT

package main

// btcd stands for btcd's own main function, so that the other two files can be checked as they are. In a checkout btcd's files
// take the place of this one, and btcd.patch has renamed their main.
func btcd() {
	narrow()
}
