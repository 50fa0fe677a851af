// SPDX-License-Identifier: MIT

package needed

import (
	"cmp"
	"flag"
	"fmt"
	"os"
	"slices"
	"strings"
	"testing"
)

var update = flag.Bool("update", false, "write testdata/needed.txt anew")

// often is how often a scenario is run at most, to break by something that the runtime
// does now and then.
const often = 1000

// TestEachEntryIsNeeded takes every entry out of every built-in policy, one at a time. The
// scenario that testdata/needed.txt names ends as it should under the whole policy, and
// otherwise without the entry, most often by SIGSYS. What no scenario here needs has a
// reason there: see reasons. go test ./internal/needed -update finds scenarios for what has none,
// and takes reasons back that are none.
func TestEachEntryIsNeeded(t *testing.T) {
	all, err := classes()
	if err != nil {
		t.Fatal(err)
	}
	table := readTable(t)
	if *update {
		updateTable(t, all, table)
	}
	for _, c := range all {
		proofs := table[c.name]
		checkEntries(t, c, proofs)
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			c.verify(t, proofs)
		})
		delete(table, c.name)
	}
	for name := range table {
		t.Errorf("%s: there is no policy %q", tableFile, name)
	}
}

func checkEntries(t *testing.T, c class, proofs map[string]string) {
	t.Helper()
	for _, entry := range c.entries {
		if proofs[entry] == "" {
			t.Errorf("%s: %s: nothing says why %q is there; go test ./internal/needed -update looks for a scenario", tableFile, c.name, entry)
		}
	}
	for entry := range proofs {
		if !slices.Contains(c.entries, entry) {
			t.Errorf("%s: %s has no entry %q", tableFile, c.name, entry)
		}
	}
}

// verify runs what the table says of one class.
func (c class) verify(t *testing.T, proofs map[string]string) {
	used := make(map[string]bool)
	for _, entry := range c.entries {
		name := proofs[entry]
		if isReason(name) {
			if want := c.reason(entry); name != want {
				t.Errorf("%s: the reason is now %q", entry, want)
			}
			continue
		}
		name, here := runsHere(name)
		if !here {
			continue
		}
		s, ok := allScenarios()[name]
		if !ok {
			t.Errorf("%s: no scenario %q", entry, name)
			continue
		}
		used[name] = true
		t.Run(entry, func(t *testing.T) {
			t.Parallel()
			if broken, _ := c.trial(entry, s).run(t); broken == "" {
				t.Errorf("without it %q ends as it should", name)
			}
		})
	}
	t.Run("whole", func(t *testing.T) {
		t.Parallel()
		if failed := c.failing(t, used); len(failed) > 0 {
			t.Errorf("the whole policy breaks %v", failed)
		}
	})
}

// trial is one for a single scenario.
func (c class) trial(without string, s scenario) trial {
	do := trial{subject: c.subject, Without: without, Scenarios: []string{s.Name}, Rounds: 1}
	if without != "" && s.often {
		do.Rounds = often
	}
	return do
}

// failing are those of the scenarios that do not end as they should under the whole policy.
func (c class) failing(t *testing.T, names map[string]bool) (failed []string) {
	together, alone := split(names)
	for len(together) > 0 {
		broken, how := trial{subject: c.subject, Scenarios: together}.run(t)
		if broken == "" {
			break
		}
		t.Logf("%s under %s: %s", broken, c.name, how)
		failed = append(failed, broken)
		together = together[slices.Index(together, broken)+1:]
	}
	for _, name := range alone {
		if broken, how := c.trial("", allScenarios()[name]).run(t); broken != "" {
			t.Logf("%s under %s: %s", broken, c.name, how)
			failed = append(failed, broken)
		}
	}
	return failed
}

// split sorts scenarios, and tells those that can share a process from the others.
func split(names map[string]bool) (together, alone []string) {
	for name := range names {
		if allScenarios()[name].survives() {
			together = append(together, name)
		} else {
			alone = append(alone, name)
		}
	}
	for _, names := range [][]string{together, alone} {
		slices.SortFunc(names, func(a, b string) int { return cmp.Or(rank(a)-rank(b), strings.Compare(a, b)) })
	}
	return together, alone
}

// rank puts first what says most about a role: open files, sockets, then files by name.
func rank(name string) int {
	for i, prefix := range []string{"os.File.", "net.", "os.", "io.", "path", "channels", "a"} {
		if strings.HasPrefix(name, prefix) {
			return i
		}
	}
	return 9
}

// A proof is a scenario, one that is run only where it means something ("cgo: ", "cgroup: "), or a reason: why the entry stays, or who needs it elsewhere.
const stays = "stays: "

// isReason: nothing is run here.
func isReason(proof string) bool {
	return strings.HasPrefix(proof, stays) || strings.HasPrefix(proof, storage)
}

// runsHere is the scenario of a proof, and whether it is to be run here.
func runsHere(proof string) (name string, here bool) {
	for prefix, here := range map[string]bool{"cgo: ": cgoEnabled, "cgroup: ": hasLimit()} {
		if name, ok := strings.CutPrefix(proof, prefix); ok {
			return name, here
		}
	}
	return proof, true
}

// hasLimit reports whether the runtime has found a file with the CPU limit of its cgroup,
// which it keeps open (internal/runtime/cgroup).
func hasLimit() bool {
	fds, _ := os.ReadDir("/proc/self/fd")
	return slices.ContainsFunc(fds, func(fd os.DirEntry) bool {
		file, _ := os.Readlink("/proc/self/fd/" + fd.Name())
		return strings.HasSuffix(file, "/cpu.max") || strings.HasSuffix(file, "/cpu.cfs_quota_us")
	})
}

const tableFile = "testdata/needed.txt"

const header = `# Why each entry of each built-in policy is there: the scenario that breaks without it, or
# why it stays though no scenario here needs it. "cgo:" and "cgroup:" are scenarios that need
# it only in such builds, or where the process has a CPU limit by its cgroup. Written by go test ./internal/needed -update.
`

// readTable returns proofs by class and entry.
func readTable(t *testing.T) map[string]map[string]string {
	t.Helper()
	content, err := os.ReadFile(tableFile)
	if err != nil && !*update {
		t.Fatal(err)
	}
	table := make(map[string]map[string]string)
	var class string
	for line := range strings.Lines(string(content)) {
		line = strings.TrimSuffix(line, "\n")
		entry, proof, ok := strings.Cut(line, " | ")
		switch {
		case line == "" || line[0] == '#':
		case line[0] == '=':
			class = strings.TrimPrefix(line, "= ")
			table[class] = make(map[string]string)
		case !ok || table[class] == nil:
			t.Fatalf("%s: %q", tableFile, line)
		default:
			table[class][entry] = proof
		}
	}
	return table
}

func writeTable(t *testing.T, all []class, table map[string]map[string]string) {
	t.Helper()
	var b strings.Builder
	b.WriteString(header)
	for _, c := range all {
		fmt.Fprintf(&b, "\n= %s\n", c.name)
		for _, entry := range c.entries {
			fmt.Fprintf(&b, "%s | %s\n", entry, table[c.name][entry])
		}
	}
	if err := os.WriteFile(tableFile, []byte(b.String()), 0o644); err != nil {
		t.Fatal(err)
	}
}
