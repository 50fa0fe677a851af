// SPDX-License-Identifier: MIT

package sysargs

import (
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"

	"github.com/syscall-sandbox/sandbox/internal/sysno"
)

// A Call is a call that somebody wrote: its number and the arguments that are given.
type Call struct {
	Nr     uint32
	Args   [6]uint64
	Given  [6]bool
	Quoted [6]bool // given as a string: a pointer that has no value here
}

// Parse reads a call, name(arguments). An argument is
//   - a number, decimal, hex (0x1f) or octal (0644), perhaps negative;
//   - a constant of that argument or, for flags, several joined by |;
//   - a quoted string, for a pointer;
//   - "_", which gives no value;
//   - any of these after the argument's name in the man page: flags=O_RDWR.
//
// Arguments that are missing at the end are not given, nor is any in a name without
// brackets or in place of "...". What [Format] writes is read back to the same call,
// except that a negative number fills the whole register, as Go passes it. Values may
// be wider than the kernel reads; they are the register's. All mistakes are reported.
func Parse(s string) (Call, error) {
	word, list, brackets := strings.Cut(strings.TrimSpace(s), "(")
	nr, err := number(strings.TrimSpace(word))
	if err != nil {
		return Call{}, err
	}
	c := Call{Nr: nr}
	if !brackets {
		return c, nil
	}
	texts, err := split(list)
	if err == nil {
		err = c.read(texts)
	}
	if err != nil {
		return Call{}, err
	}
	return c, nil
}

// number returns the number of a call by its name, or by number as Format writes it.
func number(word string) (uint32, error) {
	if nr, ok := sysno.Number(word); ok {
		return nr, nil
	}
	if digits, ok := strings.CutPrefix(word, unnamed); ok {
		if nr, err := strconv.ParseUint(digits, 10, 32); err == nil {
			return uint32(nr), nil
		}
	}
	if word == "" {
		return 0, errors.New("no name of a call")
	}
	if near := sysno.Nearest(word); near != "" {
		return 0, fmt.Errorf("unknown call %q: did you mean %q?", word, near)
	}
	return 0, fmt.Errorf("unknown call %q", word)
}

// split cuts what follows the opening bracket into arguments, at commas outside of
// strings.
func split(s string) ([]string, error) {
	var texts []string
	start, depth := 0, 0
	for i := 0; i < len(s); i++ {
		switch s[i] {
		case '"':
			end := closing(s, i)
			if end < 0 {
				return nil, fmt.Errorf("no closing quote after %s", s[i:])
			}
			i = end
		case '(':
			depth++
		case ')':
			if depth--; depth >= 0 {
				continue
			}
			if rest := strings.TrimSpace(s[i+1:]); rest != "" {
				return nil, fmt.Errorf("%q after the closing bracket", rest)
			}
			if last := strings.TrimSpace(s[start:i]); last != "" || texts != nil {
				texts = append(texts, last)
			}
			return texts, nil
		case ',':
			texts = append(texts, strings.TrimSpace(s[start:i]))
			start = i + 1
		}
	}
	return nil, errors.New("no closing bracket")
}

// closing returns where the string that starts at s[i] ends, or -1.
func closing(s string, i int) int {
	for i++; i < len(s); i++ {
		switch s[i] {
		case '\\':
			i++
		case '"':
			return i
		}
	}
	return -1
}

// read puts the texts of the arguments into the call.
func (c *Call) read(texts []string) error {
	args, place := row(c.Nr), [6]string{}
	if n := len(texts); n > 0 && texts[n-1] == "..." {
		texts = texts[:n-1]
	}
	var errs []error
	if n := Count(c.Nr); len(texts) > n {
		errs = append(errs, fmt.Errorf("%s takes %s, not %d", name(c.Nr), plural(n), len(texts)))
		texts = texts[:n]
	}
	named := false
	for i, text := range texts {
		if by, value, ok := cutName(text); ok {
			named = true
			if i, text = index(args, by), value; i < 0 {
				errs = append(errs, fmt.Errorf("%s has no argument %q; it has %s", name(c.Nr), by, names(args)))
				continue
			}
		} else if named {
			errs = append(errs, fmt.Errorf("%s: %q follows an argument with a name and has none", name(c.Nr), text))
			continue
		}
		if text == "" {
			errs = append(errs, fmt.Errorf("%s: argument %d is empty: write _ for one that is not given", name(c.Nr), i+1))
			continue
		}
		if place[i] != "" {
			errs = append(errs, fmt.Errorf("%s: %s is there twice", name(c.Nr), args[i].name))
			continue
		}
		place[i] = text
	}
	return errors.Join(append(errs, c.values(args, &place)...)...)
}

// values reads each argument; those that decide what others mean come first.
func (c *Call) values(args []arg, place *[6]string) (errs []error) {
	for i, text := range place {
		if text == "" || text == "_" {
			continue
		}
		k, what := &hex64, strconv.Itoa(i+1)
		if args != nil {
			k, what = args[i].kind.resolve(args, &c.Args, &c.Given), args[i].name
		}
		var err error
		switch {
		case text[0] != '"':
			c.Args[i], err = k.parse(text)
		case closing(text, 0) != len(text)-1:
			err = fmt.Errorf("%s is not one string", text)
		case k.class != pointer && k.class != hex:
			err = fmt.Errorf("%s is a string, the argument a number", text)
		default:
			c.Quoted[i] = true
		}
		if err != nil {
			errs = append(errs, fmt.Errorf("%s: %s: %w", name(c.Nr), what, err))
			continue
		}
		c.Given[i] = true
	}
	return errs
}

// cutName cuts "flags=O_RDWR".
func cutName(text string) (by, value string, ok bool) {
	by, value, ok = strings.Cut(text, "=")
	by = strings.TrimSpace(by)
	for _, r := range by {
		if (r < 'a' || r > 'z') && (r < '0' || r > '9') && r != '_' {
			return "", text, false
		}
	}
	return by, strings.TrimSpace(value), ok && by != ""
}

// index finds an argument by its name, or by another that man pages give its like.
func index(args []arg, name string) int {
	same := func(a arg) bool { return a.name == name }
	if i := slices.IndexFunc(args, same); i >= 0 {
		return i
	}
	for _, group := range synonyms {
		if slices.Contains(group, name) {
			return slices.IndexFunc(args, func(a arg) bool { return slices.Contains(group, a.name) })
		}
	}
	return -1
}

// Man pages changed some names in 2024 (man-pages 6.10), and POSIX has others.
var synonyms = [...][]string{
	{"cmd", "op", "request", "option", "operation", "code", "futex_op"},
	{"family", "domain"},
	{"len", "length", "size", "count"},
	{"path", "pathname", "filename"},
	{"fd", "sockfd", "fildes"},
	{"dirfd", "dfd"},
}

func names(args []arg) string {
	if len(args) == 0 {
		return "none with a name"
	}
	var list []string
	for _, a := range args {
		list = append(list, a.name)
	}
	return strings.Join(list, ", ")
}

func plural(n int) string {
	switch n {
	case 0:
		return "no arguments"
	case 1:
		return "1 argument"
	}
	return strconv.Itoa(n) + " arguments"
}
