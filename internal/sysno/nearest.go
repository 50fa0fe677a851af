// SPDX-License-Identifier: MIT

package sysno

import "strings"

// Nearest returns the known name that is most like a misspelt one, for error
// messages, or "" when none is near enough to help. Of several equally near
// names it returns the one with the lowest number.
func Nearest(name string) string {
	name = strings.TrimPrefix(strings.ToLower(strings.TrimSpace(name)), "sys_")
	if len(name) == 0 || len(name) > maxNameLen {
		return ""
	}
	best, bestDist := "", len(name)/3+2 // farther than this is another word
	for _, known := range All() {
		if d := distance(name, known); d < bestDist {
			best, bestDist = known, d
		}
	}
	return best
}

// maxNameLen bounds what Nearest looks at; the longest name of a call has 23 bytes.
const maxNameLen = 64

// distance is the number of insertions, deletions, substitutions and swaps of
// neighbours that make b of a (optimal string alignment).
func distance(a, b string) int {
	var rows [3][maxNameLen + 1]int
	prev2, prev, cur := &rows[0], &rows[1], &rows[2]
	if len(b) > maxNameLen {
		return len(b)
	}
	for j := range len(b) + 1 {
		prev[j] = j
	}
	for i := 1; i <= len(a); i++ {
		cur[0] = i
		for j := 1; j <= len(b); j++ {
			cost := 1
			if a[i-1] == b[j-1] {
				cost = 0
			}
			cur[j] = min(prev[j]+1, cur[j-1]+1, prev[j-1]+cost)
			if i > 1 && j > 1 && a[i-1] == b[j-2] && a[i-2] == b[j-1] {
				cur[j] = min(cur[j], prev2[j-2]+1)
			}
		}
		prev2, prev, cur = prev, cur, prev2
	}
	return prev[len(b)]
}
