// SPDX-License-Identifier: MIT

package stdops

import (
	"os"
	"os/exec"
)

// processes are what package os says of the process and the machine, and os/exec.
func processes() []Op {
	return []Op{
		{Package: "os", Name: "Getpid", Make: plain(func() error { os.Getpid(); return nil })},
		{Package: "os", Name: "Getuid", Make: plain(func() error { os.Getuid(); return nil })},
		{Package: "os", Name: "Getgroups", Make: plain(func() error { return second(os.Getgroups()) })},
		{Package: "os", Name: "Hostname", Make: plain(func() error { return second(os.Hostname()) })},
		{Package: "os", Name: "Executable", Make: plain(func() error { return second(os.Executable()) })},
		{Package: "os", Name: "UserHomeDir", Make: makeHome},
		{Package: "os", Name: "Getwd", Make: makeGetwd},
		{Package: "os", Name: "Chdir", Make: plain(func() error { return os.Chdir(".") })},
		{Package: "os", Name: "FindProcess", Alone: true, Make: plain(func() error { return second(os.FindProcess(os.Getpid())) })},
		{Package: "os/exec", Name: "LookPath", Make: makeLookPath},
		{Package: "os/exec", Name: "Cmd.Run", Alone: true, With: "input and output given", Make: makeRun},
		{Package: "os/exec", Name: "Cmd.Output", Alone: true, Make: plain(func() error { return second(exec.Command("/bin/true").Output()) })},
	}
}

func makeHome() (func() error, error) {
	return func() error { return second(os.UserHomeDir()) }, os.Setenv("HOME", os.TempDir())
}

// makeGetwd: where $PWD is right, as from a shell, it is asked about and then believed.
func makeGetwd() (func() error, error) {
	return func() error { return second(os.Getwd()) }, os.Unsetenv("PWD")
}

func makeLookPath() (func() error, error) {
	dir, err := os.MkdirTemp("", "op")
	if err != nil {
		return nil, err
	}
	if err := os.WriteFile(dir+"/program.exe", nil, 0o700); err != nil {
		return nil, err
	}
	return func() error { return second(exec.LookPath("program.exe")) }, os.Setenv("PATH", dir)
}

// makeRun: files that are not given are /dev/null, which is opened.
func makeRun() (func() error, error) {
	f, err := open()
	return func() error {
		cmd := exec.Command("/bin/true")
		cmd.Stdin, cmd.Stdout, cmd.Stderr = f, f, f
		return cmd.Run()
	}, err
}
