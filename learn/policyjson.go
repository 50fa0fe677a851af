// SPDX-License-Identifier: MIT

package learn

import (
	"fmt"

	"github.com/syscall-sandbox/sandbox/seccomp"
)

// policyJSON is the form in which policies of the root package are read.
type policyJSON struct {
	Name  string   `json:"name"`
	Allow []string `json:"allow"`
	If    []ifRule `json:"allow_if,omitempty"`
}

type ifRule struct {
	Call string         `json:"call"`
	When []seccomp.Cond `json:"when"`
}

// PolicyJSON writes the rules as a policy of that name, in the form that
// sandbox.SyscallSandboxPolicy reads with UnmarshalJSON. The name is 1 to 48 printable
// ASCII characters without quotes and backslashes.
func (p *Phase) PolicyJSON(name string) ([]byte, error) {
	if !validName(name) {
		return nil, nameError(name)
	}
	form := policyJSON{Name: name, Allow: []string{}}
	for _, r := range p.Rules() {
		if len(r.When) == 0 {
			form.Allow = append(form.Allow, r.Call)
		} else {
			form.If = append(form.If, ifRule{r.Call, r.When})
		}
	}
	return indented(form)
}

func nameError(name string) error {
	return fmt.Errorf("learn: policy %q: the name is not 1 to %d printable ASCII characters without quotes and backslashes", name, maxName)
}

// maxName is the root package's limit.
const maxName = 48

func validName(name string) bool {
	for i := range len(name) {
		if c := name[i]; c < ' ' || c > '~' || c == '"' || c == '\\' {
			return false
		}
	}
	return name != "" && len(name) <= maxName
}
