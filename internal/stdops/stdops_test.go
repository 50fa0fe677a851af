// SPDX-License-Identifier: MIT

package stdops

import "testing"

// Names tell operations apart, and each can be made. What they do under policies is
// tested beside the table of docs/standard-library.md.
func TestTable(t *testing.T) {
	seen := make(map[string]bool)
	for _, o := range All() {
		name := o.String()
		if seen[name] || o.Make == nil || o.Package == "" {
			t.Errorf("%s is there twice, or does nothing", name)
		}
		seen[name] = true
		if found, err := Find(name); err != nil || found.String() != name {
			t.Errorf("%s is found as %q, %v", name, found, err)
		}
		if (o.Warm == "") != (o.WarmUp == nil) {
			t.Errorf("%s: what warms it up is not both in code and in words", name)
		}
	}
	if _, err := Find("os.Nothing"); err == nil {
		t.Error("what is not there is found")
	}
}
