// SPDX-License-Identifier: MIT

package sysargs

import (
	"fmt"
	"math/rand/v2"
	"strings"
	"testing"

	"github.com/syscall-sandbox/sandbox/internal/sysno"
)

// given is a call with all arguments before those that are not there.
func given(nr uint32, args ...uint64) Call {
	c := Call{Nr: nr}
	for i, v := range args {
		c.Args[i], c.Given[i] = v, true
	}
	return c
}

func TestParse(t *testing.T) {
	quoted := given(sysno.Openat, cwd, 0, 0x80000)
	quoted.Quoted[1] = true
	without := given(sysno.Openat, cwd, 0, 2)
	without.Given[1] = false
	flags := given(sysno.Clone, 0x5111)
	named := given(sysno.Setsockopt, 0, 6, 1)
	named.Given[0] = false
	for text, want := range map[string]Call{
		`openat(AT_FDCWD, _, O_RDWR)`:                           without,
		`openat(AT_FDCWD, "/etc/a,b)(\"c", O_RDONLY|O_CLOEXEC)`: quoted,
		`clone(flags=0x5111)`:                                   flags,
		`clone(0x5111, _, _)`:                                   flags,
		`clone(CLONE_VM|CLONE_VFORK|0x1000|SIGCHLD)`:            flags,
		`getppid`:                {Nr: sysno.Getppid},
		` getppid ( ) `:          {Nr: sysno.Getppid},
		`socket(...)`:            {Nr: sysno.Socket},
		`socket(AF_INET, ...)`:   given(sysno.Socket, 2),
		`socket(family=AF_INET)`: given(sysno.Socket, 2),
		`socket(domain=AF_INET)`: given(sysno.Socket, 2),
		`socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, protocol = 6)`: given(sysno.Socket, 2, 0x80001, 6),
		`socket(AF_NETLINK, 3, NETLINK_ROUTE)`:                      given(sysno.Socket, 16, 3, 0),
		`setsockopt(optname=TCP_NODELAY, level=IPPROTO_TCP)`:        named,
		`setsockopt(_, SOL_TCP, TCP_NODELAY)`:                       named,
		`fcntl(arg=O_RDWR|O_NONBLOCK)`:                              func() Call { c := given(sysno.Fcntl, 0, 0, 0x802); c.Given[0], c.Given[1] = false, false; return c }(),
		`setsockopt(level=SOL_TCP, optname=TCP_NODELAY)`:            named,
		`chmod("/tmp", 0755)`:                                       func() Call { c := given(sysno.Chmod, 0, 0755); c.Quoted[0] = true; return c }(),
		`kill(-1, SIGKILL)`:                                         given(sysno.Kill, minus1, 9),
		`kill(-0x1, 0x9)`:                                           given(sysno.Kill, minus1, 9),
		`mmap(NULL, 4096, PROT_NONE, MAP_SHARED)`:                   given(sysno.Mmap, 0, 4096, 0, 1),
		`futex(0, FUTEX_WAIT_PRIVATE)`:                              given(sysno.Futex, 0, 128),
		`futex(0, FUTEX_WAKE|FUTEX_PRIVATE_FLAG)`:                   given(sysno.Futex, 0, 129),
		`kill(1 (register 0x100000001))`:                            given(sysno.Kill, 0x100000001),
		`read(0x100000001)`:                                         given(sysno.Read, 0x100000001),
		`syscall 999(1, "x")`:                                       func() Call { c := given(999, 1, 0); c.Quoted[1] = true; return c }(),
		`lseek(3, -5, SEEK_SET)`:                                    given(sysno.Lseek, 3, ^uint64(4), 0),
		`getrusage(RUSAGE_CHILDREN)`:                                given(sysno.Getrusage, minus1),
	} {
		if got, err := Parse(text); err != nil || got != want {
			t.Errorf("%s: got  %+v, %v\nwant %+v", text, got, err, want)
		}
	}
}

func TestParseErrors(t *testing.T) {
	for text, want := range map[string]string{
		``:                                `no name of a call`,
		`(1)`:                             `no name of a call`,
		`opnat(1)`:                        `unknown call "opnat": did you mean "openat"?`,
		`syscall -1(1)`:                   `unknown call "syscall -1"`,
		`q9q9q9`:                          `unknown call "q9q9q9"`,
		`read(1`:                          `no closing bracket`,
		`read(1, "x)`:                     `no closing quote after "x)`,
		`read(1) = 5`:                     `"= 5" after the closing bracket`,
		`read(1,)`:                        `read: argument 2 is empty: write _ for one that is not given`,
		`read(,1)`:                        `read: argument 1 is empty: write _ for one that is not given`,
		`read(fd=)`:                       `read: argument 1 is empty: write _ for one that is not given`,
		`close(1, 2)`:                     `close takes 1 argument, not 2`,
		`getpid(1)`:                       `getpid takes no arguments, not 1`,
		`openat(1, 2, 3, 4, 5)`:           `openat takes 4 arguments, not 5`,
		`read(x)`:                         `read: fd: "x" is not a number`,
		`read(1x)`:                        `read: fd: "1x" is not a number of 64 bits`,
		`read(0x10000000000000000)`:       `read: fd: "0x10000000000000000" is not a number of 64 bits`,
		`read(-9223372036854775809)`:      `read: fd: "-9223372036854775809" is not a number of 64 bits`,
		`read("1")`:                       `read: fd: "1" is a string, the argument a number`,
		`open("a" "b")`:                   `open: pathname: "a" "b" is not one string`,
		`socket(flags=1)`:                 `socket has no argument "flags"; it has family, type, protocol`,
		`syscall 999(fd=1)`:               `syscall 999 has no argument "fd"; it has none with a name`,
		`socket(1, family=2)`:             `socket: family is there twice`,
		`socket(type=1, 2)`:               `socket: "2" follows an argument with a name and has none`,
		`socket(AF_INET|AF_UNIX)`:         `socket: family: AF_INET|AF_UNIX: it is one value, not flags`,
		`openat(_, _, O_RDRW)`:            `openat: flags: "O_RDRW" is not known: did you mean O_RDWR?`,
		`openat(_, _, o_rdwr)`:            `openat: flags: "o_rdwr" is not known: did you mean O_RDWR?`,
		`openat(_, _, O_RDONLY|O_RDWR)`:   `openat: flags: O_RDONLY and O_RDWR exclude each other`,
		`openat(_, _, O_RDWR|)`:           `openat: flags: a value is missing`,
		`openat(AT_FDCWT)`:                `openat: dirfd: "AT_FDCWT" is not known: did you mean AT_FDCWD?`,
		`kill(1, SIGKIL)`:                 `kill: sig: "SIGKIL" is not known: did you mean SIGKILL?`,
		`kill(1, KILL)`:                   `kill: sig: "KILL" is not known: did you mean SIGKILL?`,
		`madvise(_, _, DONTNEED)`:         `madvise: advice: "DONTNEED" is not known: did you mean MADV_DONTNEED?`,
		`shutdown(1, BOTH)`:               `shutdown: how: "BOTH" is not known; known are SHUT_RD, SHUT_WR, SHUT_RDWR`,
		`socket(XXXXXXXXXXXXXXXX)`:        `socket: family: "XXXXXXXXXXXXXXXX" is not known; known are AF_UNSPEC, AF_UNIX, AF_INET, AF_AX25, AF_IPX, AF_APPLETALK and others`,
		`setsockopt(1, SOL_TCP, SO_TYPE)`: `setsockopt: optname: "SO_TYPE" is not known; known are TCP_NODELAY, TCP_MAXSEG, TCP_CORK, TCP_KEEPIDLE, TCP_KEEPINTVL, TCP_KEEPCNT and others`,
		`setsockopt(optname=SO_REUSEADR)`: `setsockopt: optname: "SO_REUSEADR" is not known: did you mean SO_REUSEADDR?`,
		`socket(AF_UNIX, 1, IPPROTO_TCP)`: `socket: protocol: "IPPROTO_TCP" is not a number`,
		`fcntl(cmd=F_GETFD, arg=O_RDWR)`:  `fcntl: arg: "O_RDWR" is not a number`,
		`kill(1 (register 2))`:            `kill: pid: 1 is not what the register 0x2 holds`,
		`kill(1 (register x))`:            `kill: pid: "x" is not a number of 64 bits`,
		`socket(AF_INE, SOCK_STREM)`: `socket: family: "AF_INE" is not known: did you mean AF_INET?
socket: type: "SOCK_STREM" is not known: did you mean SOCK_STREAM?`,
	} {
		c, err := Parse(text)
		if err == nil || err.Error() != want || c != (Call{}) {
			t.Errorf("%s: %+v\ngot  %v\nwant %s", text, c, err, want)
		}
	}
}

// Parse reads what Format writes, for every call: random registers that are likely
// to hold constants.
func TestRoundTrip(t *testing.T) {
	const seed = 4
	random := rand.New(rand.NewPCG(seed, seed))
	for nr := range sysno.All() {
		for range 300 {
			var args [6]uint64
			for i := range args {
				args[i] = randomValue(random, nr, i)
			}
			checkRoundTrip(t, nr, args)
		}
	}
}

func randomValue(random *rand.Rand, nr uint32, i int) (v uint64) {
	var constants []value
	if args := row(nr); i < len(args) {
		constants = constantsOf(args[i].kind)
		for _, c := range args[i].kind.cases {
			constants = append(constants, constantsOf(c.kind)...)
		}
	}
	for range random.IntN(3) {
		if len(constants) > 0 {
			v |= constants[random.IntN(len(constants))].v
		}
	}
	switch random.IntN(5) {
	case 0:
		return v | 1<<random.IntN(64)
	case 1:
		return uint64(int64(int32(uint32(v)))) - uint64(random.IntN(3))
	case 2:
		return random.Uint64() >> random.IntN(64)
	}
	return v
}

func checkRoundTrip(t *testing.T, nr uint32, args [6]uint64) {
	t.Helper()
	text := Format(nr, args)
	c, err := Parse(text)
	if err != nil {
		t.Errorf("%s of %#x: %v", text, args, err)
		return
	}
	for i := range Count(nr) {
		k := kindOf(nr, i, &args)
		if (c.Args[i]^args[i])&k.mask() != 0 || !k.plain(args[i]) && c.Args[i] != args[i] || !c.Given[i] {
			t.Errorf("%s: argument %d is %#x (given: %v), was %#x", text, i, c.Args[i], c.Given[i], args[i])
		}
	}
	if again := Format(c.Nr, c.Args); again != text {
		t.Errorf("%s is read and written as %s", text, again)
	}
}

// Whatever is read can be written and read again.
func FuzzParse(f *testing.F) {
	for _, c := range formats {
		f.Add(c.want)
	}
	for _, s := range []string{"", "(", ")", "read", "read(", "read()", `open("`, `open("\`, `open("a\"b", O_RDWR)`, "socket(domain=AF_INET, ...)", "read(fd=1, fd=2)",
		"kill(1 (register 0x100000001), SIGSYS)", "openat(_, _, O_RDONLY|O_RDWR|)", "syscall 4294967296()", "a(((((", "read(=)", "read(,,,,,,,,)", "fcntl(3, F_SETFL, |)", strings.Repeat("x", 100) + "(1)",
		"shutdown(1, " + strings.Repeat("S", 100) + ")", "kill(-0, -)", "kill(--1)", "read(0_1)", "read(0b1)"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		c, err := Parse(s)
		if err != nil {
			if c != (Call{}) {
				t.Errorf("%q: %v, but also %+v", s, err, c)
			}
			return
		}
		for i, q := range c.Quoted {
			if c.Args[i] != 0 && (q || !c.Given[i]) {
				t.Errorf("%q: argument %d has a value that is not given", s, i)
			}
		}
		checkRoundTrip(t, c.Nr, c.Args)
		if FormatArg(c.Nr, 0, c.Args[0]) == "" {
			t.Errorf("%q: its first argument has no text", s)
		}
	})
}

func ExampleParse() {
	c, err := Parse("openat(AT_FDCWD, _, O_RDWR|O_CREAT, 0644)")
	fmt.Println(c.Nr, c.Given[1], int32(c.Args[0]), c.Args[2], err)
	_, err = Parse("socket(AF_INET, SOCK_STRAEM)")
	fmt.Println(err)
	// Output:
	// 257 false -100 66 <nil>
	// socket: type: "SOCK_STRAEM" is not known: did you mean SOCK_STREAM?
}

func ExampleFormat() {
	fmt.Println(Format(sysno.Socket, [6]uint64{2, 0x80001, 6}))
	// Output: socket(AF_INET, SOCK_STREAM|SOCK_CLOEXEC, IPPROTO_TCP)
}
