// SPDX-License-Identifier: MIT

package learn

import (
	"bytes"
	"fmt"
	"go/token"
	"slices"
	"strconv"
	"strings"
	"unicode"
)

// GoSource writes a Go file of the package pkg with one variable per phase: a policy
// that permits what the phase called and nothing else of the program's own. Each is
// named after the last policy of its chain, which it is meant to replace. The file is
// as gofmt writes it; it is a start, to be read and kept by hand.
//
// Whether a policy is sealed, and which refused call gets which errno, no recording
// says: that is left out.
func (r *Recording) GoSource(pkg string) ([]byte, error) {
	if !token.IsIdentifier(pkg) || pkg == "_" {
		return nil, fmt.Errorf("learn: %q is no name of a Go package", pkg)
	}
	if err := r.check(); err != nil {
		return nil, err
	}
	one := canonical(r)
	s := source{phases: one.Phases}
	for i := range one.Phases {
		if err := s.name(&one.Phases[i]); err != nil {
			return nil, err
		}
	}
	for i := range one.Phases {
		s.phase(i)
	}
	var file bytes.Buffer
	header(&file, one)
	fmt.Fprintf(&file, "\npackage %s\n", pkg)
	s.imports(&file)
	file.Write(s.body.Bytes())
	return file.Bytes(), nil
}

const rootPath = "github.com/syscall-sandbox/sandbox"

func header(b *bytes.Buffer, r *Recording) {
	plural := "s"
	if r.Runs == 1 {
		plural = ""
	}
	comment(b, "", fmt.Sprintf("Learned from %d run%s of %s (%s).", r.Runs, plural, orUnknown(r.Program), orUnknown(r.Go)))
	comment(b, "", "A run shows only what it did: what these did not do, these policies refuse. Run under log-and-allow before refusing.")
	if len(r.Lost) > 0 {
		var lost []string
		for call, n := range sorted(r.Lost) {
			lost = append(lost, fmt.Sprintf("%s (%d times)", call, n))
		}
		comment(b, "", "INCOMPLETE: there was no room to record all of "+strings.Join(lost, ", ")+".")
	}
}

func orUnknown(s string) string {
	if s == "" {
		return "unknown"
	}
	return s
}

// A source collects what stands below the imports.
type source struct {
	body       bytes.Buffer
	phases     []Phase
	names      []string // of the variables, by phase
	conditions bool     // package seccomp is used
}

func (s *source) imports(b *bytes.Buffer) {
	switch {
	case s.body.Len() == 0:
	case s.conditions:
		fmt.Fprintf(b, "\nimport (\n\t%q\n\t%q\n)\n", rootPath, rootPath+"/seccomp")
	default:
		fmt.Fprintf(b, "\nimport %q\n", rootPath)
	}
}

func (s *source) phase(i int) {
	p, b := &s.phases[i], &s.body
	b.WriteByte('\n')
	comment(b, "", s.names[i]+" is what was called "+where(p)+".")
	for _, u := range p.used() {
		if never(u.nr) {
			comment(b, "", fmt.Sprintf("%s was called too (%s), which no policy may allow.", u.name, times(u.calls...)))
		}
	}
	fmt.Fprintf(b, "var %s = sandbox.NewPolicy(%q, sandbox.NewSeccompPolicyBuilder().AllowNothing()", s.names[i], p.Policies[len(p.Policies)-1])
	as := p.allowances()
	s.allow(as)
	s.allowIf(as)
	s.allowInner(i)
	b.WriteString(")\n")
}

// allowInner allows what the phases inside permit: a later policy only narrows. It
// comes last: what one of them allows by number is then allowed so.
func (s *source) allowInner(i int) {
	inside := directlyInside(s.phases, i)
	if len(inside) == 0 {
		return
	}
	given := s.phases[i].given()
	var names, narrowed []string
	for j := range s.phases {
		if !s.phases[i].surrounds(&s.phases[j]) {
			continue
		}
		for _, a := range s.phases[j].allowances() {
			if name := strconv.Quote(a.name); len(a.boxes) > 0 && given[a.nr] && !slices.Contains(narrowed, name) {
				narrowed = append(narrowed, name)
			}
		}
	}
	s.allowCalls(narrowed, "the Go runtime makes it on threads of its own; policies for one thread may narrow it")
	for _, j := range inside {
		names = append(names, s.names[j])
	}
	s.body.WriteString(".\n")
	comment(&s.body, "\t", "what follows can only narrow")
	fmt.Fprintf(&s.body, "\tAllowPolicy(%s)", strings.Join(names, ", "))
}

func where(p *Phase) string {
	scope := "in the process"
	if p.Thread {
		scope = "on threads"
	}
	quoted := make([]string, len(p.Policies))
	for i, name := range p.Policies {
		quoted[i] = strconv.QuoteToASCII(name)
	}
	return scope + " under " + strings.Join(quoted, " > ")
}

// allow writes the calls that are allowed by number: first those with nothing to
// choose, then the others by reason.
func (s *source) allow(as []allowance) {
	reasons := []string{learned}
	for _, a := range as {
		if len(a.boxes) == 0 && !slices.Contains(reasons, a.reason) {
			reasons = append(reasons, a.reason)
		}
	}
	for _, reason := range reasons {
		var names []string
		for _, a := range as {
			if len(a.boxes) == 0 && a.reason == reason {
				names = append(names, strconv.Quote(a.name))
			}
		}
		s.allowCalls(names, strings.TrimPrefix(reason, learned+"; "))
	}
}

// allowCalls writes lines of Allow, with the reason above the first unless it is that
// the calls were learned.
func (s *source) allowCalls(names []string, reason string) {
	for first := true; len(names) > 0; first = false {
		n, width := 1, len(names[0])
		for n < len(names) && width+2+len(names[n]) <= 80 {
			width += 2 + len(names[n])
			n++
		}
		s.body.WriteString(".\n")
		if first && reason != learned {
			comment(&s.body, "\t", reason)
		}
		fmt.Fprintf(&s.body, "\tAllow(%s)", strings.Join(names[:n], ", "))
		names = names[n:]
	}
}

func (s *source) allowIf(as []allowance) {
	for _, a := range as {
		for _, box := range a.boxes {
			s.conditions = true
			s.body.WriteString(".\n")
			for _, c := range a.calls {
				if box.has(c) {
					comment(&s.body, "\t", c.Decoded)
				}
			}
			args := []string{strconv.Quote(a.name)}
			for _, set := range box {
				args = append(args, set.goSource())
			}
			fmt.Fprintf(&s.body, "\tAllowIf(%s)", strings.Join(args, ", "))
		}
	}
}

// comment writes lines of at most about 90 characters. What comes from a recording
// cannot end the comment: it has no line ends.
func comment(b *bytes.Buffer, indent, text string) {
	line := indent + "//"
	for _, word := range strings.Fields(printable(text)) {
		if len(line)+1+len(word) > 92 && line != indent+"//" {
			b.WriteString(line + "\n")
			line = indent + "//"
		}
		line += " " + word
	}
	b.WriteString(line + "\n")
}

func printable(s string) string {
	return strings.Map(func(r rune) rune {
		if unicode.IsPrint(r) {
			return r
		}
		return '?'
	}, s)
}

// name makes an exported identifier that is new: for "net-open-connection"
// PolicyNetOpenConnectionLearned.
func (s *source) name(p *Phase) error {
	last := p.Policies[len(p.Policies)-1]
	if !validName(last) {
		return nameError(last)
	}
	words := strings.FieldsFunc(last, func(r rune) bool {
		return !('a' <= r && r <= 'z' || 'A' <= r && r <= 'Z' || '0' <= r && r <= '9')
	})
	for i, w := range words {
		words[i] = strings.ToUpper(w[:1]) + w[1:]
	}
	name := "Policy" + strings.Join(words, "") + "Learned"
	for base, n := name, 2; slices.Contains(s.names, name); n++ {
		name = base + strconv.Itoa(n)
	}
	s.names = append(s.names, name)
	return nil
}

// times says how often calls were made together.
func times(calls ...Call) string {
	var n uint64
	for _, c := range calls {
		n = add(n, c.Count)
	}
	switch n {
	case 0:
		return "not counted"
	case 1:
		return "once"
	}
	return fmt.Sprintf("%d times", n)
}

func (s valueSet) goSource() string {
	arg := fmt.Sprintf("seccomp.Arg32(%d)", s.index)
	if s.wide() {
		arg = fmt.Sprintf("seccomp.Arg64(%d)", s.index)
	}
	if !s.whole() {
		return fmt.Sprintf("%s.Masked(%#x, %#x)", arg, s.mask, s.values[0])
	}
	values := make([]string, len(s.values))
	for i, v := range s.values {
		if values[i] = strconv.FormatUint(v, 10); v > 9 {
			values[i] = fmt.Sprintf("%#x", v)
		}
	}
	return arg + ".Is(" + strings.Join(values, ", ") + ")"
}

// has reports whether the box permits the call.
func (b box) has(c Call) bool {
	return !slices.ContainsFunc(b, func(s valueSet) bool { return !slices.Contains(s.values, c.Args[s.index]&s.mask) })
}
