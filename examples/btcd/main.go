// SPDX-License-Identifier: MIT

// Command btcd makes a directory with the source of btcd's daemon and its sandbox: see the README.
package main

import (
	"embed"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
)

const (
	btcd = "github.com/btcsuite/btcd"
	// module is below btcd's own, for btcd's daemon uses packages that are internal to it.
	module = btcd + "/sandboxed"
)

//go:embed btcd.patch daemon/main.go daemon/options.go
var ours embed.FS

func main() {
	if len(os.Args) != 2 {
		fmt.Fprintln(os.Stderr, "usage: go run . DIRECTORY    (in examples/btcd; the directory must not exist)")
		os.Exit(2)
	}
	if err := checkout(os.Args[1]); err != nil {
		fmt.Fprintln(os.Stderr, "btcd:", err)
		os.Exit(1)
	}
}

// checkout makes dir and writes a module to it that go build makes the daemon of: the files of btcd's package main as the go
// command has them for the version in go.mod, patched, beside the files in daemon. What they import is in btcd's module.
func checkout(dir string) error {
	source, err := run("go", "list", "-f", "{{.Dir}}\n{{join .GoFiles \"\\n\"}}", btcd)
	if err != nil {
		return err
	}
	lines := strings.Fields(source)
	if err := os.Mkdir(dir, 0o700); err != nil {
		return err
	}
	for _, name := range lines[1:] {
		if err := copyFile(os.DirFS(lines[0]), name, dir); err != nil {
			return err
		}
	}
	for _, name := range []string{"btcd.patch", "daemon/main.go", "daemon/options.go"} {
		if err := copyFile(ours, name, dir); err != nil {
			return err
		}
	}
	if err := writeModule(dir); err != nil {
		return err
	}
	return patch(dir)
}

// patch applies btcd.patch. Outside of a repository git apply is patch(1), and what does not fit is an error; inside of one, as
// dir may be, it would pass over files that are not in it.
func patch(dir string) error {
	parent, err := filepath.Abs(filepath.Dir(dir))
	if err != nil {
		return err
	}
	if err := os.Setenv("GIT_CEILING_DIRECTORIES", parent); err != nil {
		return err
	}
	_, err = run("git", "-C", dir, "apply", "btcd.patch")
	return err
}

func copyFile(from fs.FS, name, dir string) error {
	text, err := fs.ReadFile(from, name)
	if err != nil {
		return err
	}
	return os.WriteFile(filepath.Join(dir, filepath.Base(name)), text, 0o600)
}

// writeModule writes a go.mod with the very versions of this module's.
func writeModule(dir string) error {
	here, err := run("go", "env", "GOMOD")
	if err != nil {
		return err
	}
	root := filepath.Dir(strings.TrimSpace(here))
	if err := errors.Join(copyFile(os.DirFS(root), "go.mod", dir), copyFile(os.DirFS(root), "go.sum", dir)); err != nil {
		return err
	}
	library, err := run("go", "list", "-m", "-f", "{{.Dir}}", "github.com/syscall-sandbox/sandbox")
	if err != nil {
		return err
	}
	_, err = run("go", "mod", "edit", "-module="+module, "-droptool="+btcd,
		"-replace=github.com/syscall-sandbox/sandbox="+strings.TrimSpace(library), filepath.Join(dir, "go.mod"))
	return err
}

func run(name string, args ...string) (string, error) {
	cmd := exec.Command(name, args...)
	out, err := cmd.Output()
	var exit *exec.ExitError
	if errors.As(err, &exit) {
		return "", fmt.Errorf("%s: %w\n%s", cmd, err, exit.Stderr)
	}
	return string(out), err
}
