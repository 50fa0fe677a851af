// SPDX-License-Identifier: MIT

package main

import (
	"bufio"
	"bytes"
	"cmp"
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"path"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
)

// Places in the image.
const (
	treeDir  = "src"   // the repository
	testsDir = "tests" // test binaries
	listFile = "/tests/list"
	runFile  = "/tests/run" // the value of -test.run
)

// ordinaryID is the user who runs the tests beside root, and its group: nobody.
const ordinaryID = 65534

// build makes the test binaries, and this program as init, without cgo: the image has
// no shared libraries. It returns the packages, as paths below the module.
func build(dir string, wanted *regexp.Regexp) ([]string, error) {
	goTool := cmp.Or(os.Getenv("GO"), "go")
	module, err := output(goTool, "list", "-m")
	if err != nil {
		return nil, err
	}
	all, err := output(goTool, "list", "-f", "{{.ImportPath}} {{.TestImports}} {{.XTestImports}}", "./...")
	if err != nil {
		return nil, err
	}
	var paths, packages []string
	for line := range strings.Lines(all) {
		p, imports, _ := strings.Cut(line, " ")
		rel := cmp.Or(strings.TrimPrefix(strings.TrimPrefix(p, strings.TrimSpace(module)), "/"), ".")
		if meetsKernel(imports) && reasonWithout(rel) == "" && wanted.MatchString(rel) {
			paths, packages = append(paths, p), append(packages, rel)
		}
	}
	fmt.Fprintf(os.Stderr, "building the tests of %d packages\n", len(paths))
	if _, err := output(goTool, append([]string{"test", "-c", "-o", filepath.Join(dir, testsDir) + "/"}, paths...)...); err != nil {
		return nil, err
	}
	_, err = output(goTool, "build", "-o", filepath.Join(dir, "init"), "./internal/cmd/bootkernels")
	return packages, err
}

func output(name string, args ...string) (string, error) {
	cmd := exec.Command(name, args...)
	cmd.Env = append(os.Environ(), "CGO_ENABLED=0")
	cmd.Stderr = os.Stderr
	out, err := cmd.Output()
	if err != nil {
		return "", fmt.Errorf("%s %s: %w", name, args[0], err)
	}
	return string(out), nil
}

// pack writes the image: what a test may look for on any Linux machine, and the tests.
func pack(image, dir string, packages []string, run string) error {
	f, err := os.Create(image)
	if err != nil {
		return err
	}
	defer f.Close()
	buffered := bufio.NewWriter(f)
	c := &cpioWriter{w: buffered}
	for _, d := range []string{"dev", "proc", "sys", "tmp", "root", "run", "var", "etc", "bin", "lib", "lib/x86_64-linux-gnu", "lib64", "usr", testsDir} {
		c.dir(d, 0)
	}
	for _, d := range []string{"bin", "lib", "lib64"} {
		c.symlink("usr/"+d, "../"+d)
	}
	for _, name := range []string{"etc/passwd", "etc/group", "etc/shadow", "etc/hosts", "etc/hostname"} {
		c.file(name, 0, []byte(etc[name]))
	}
	if err := addPrograms(c, dir); err != nil {
		return err
	}
	if err := addTree(c); err != nil {
		return err
	}
	for _, p := range packages {
		if err := c.copyProgram(path.Join(testsDir, binary(p)), filepath.Join(dir, testsDir, binary(p))); err != nil {
			return err
		}
	}
	c.file(listFile[1:], 0, []byte(strings.Join(packages, "\n")))
	c.file(runFile[1:], 0, []byte(run))
	if err := c.close(); err != nil {
		return err
	}
	return buffered.Flush()
}

var etc = map[string]string{
	"etc/passwd":   "root:x:0:0::/root:/bin/sh\nnobody:x:65534:65534::/nonexistent:/bin/sh\n",
	"etc/group":    "root:x:0:\nnogroup:x:65534:\n",
	"etc/shadow":   "root:*:::::::\n",
	"etc/hosts":    "127.0.0.1 localhost\n::1 localhost\n",
	"etc/hostname": "guest\n",
}

// binary names a package's test binary as go test -c does.
func binary(pkg string) string {
	if pkg == "." {
		pkg = "sandbox"
	}
	return path.Base(pkg) + ".test"
}

// programs are those that tests execute: this machine's, not a static busybox. Most systems'
// programs are position independent, and what a filter says of addresses depends on it.
var programs = []string{"/bin/sh", "/bin/true", "/bin/cat", "/bin/echo", "/usr/bin/id"}

func addPrograms(c *cpioWriter, dir string) error {
	if err := c.copyProgram("init", filepath.Join(dir, "init")); err != nil {
		return err
	}
	libraries, err := output("ldd", programs...)
	if err != nil {
		return err
	}
	added := map[string]bool{}
	for _, name := range append(programs, libraryPath.FindAllString(libraries, -1)...) {
		if added[name] {
			continue
		}
		added[name] = true
		if err := c.copyProgram(unified(name), name); err != nil {
			return err
		}
	}
	return nil
}

// libraryPath finds the files in what ldd(1) writes: not those that end in a colon, which are
// the programs.
var libraryPath = regexp.MustCompile(`/\S+\.so[^\s:]*`)

// unified returns where a file of this machine lies in the image, which has one of each of
// the directories that may or may not be links (hier(7)).
func unified(name string) string { return strings.TrimPrefix(strings.TrimPrefix(name, "/usr"), "/") }

func (c *cpioWriter) copyProgram(name, from string) error {
	data, err := os.ReadFile(from)
	if err != nil {
		return err
	}
	c.program(name, data)
	return nil
}

// addTree adds the repository, for what tests read beside their own code. Some write into
// their directory: it belongs to the ordinary user.
func addTree(c *cpioWriter) error {
	files, err := output("git", "ls-files", "-z", "--cached", "--others", "--exclude-standard")
	if err != nil {
		return err
	}
	names := strings.Split(strings.TrimSuffix(files, "\x00"), "\x00")
	slices.Sort(names)
	made := map[string]bool{}
	for _, name := range slices.Compact(names) {
		data, err := os.ReadFile(name)
		if os.IsNotExist(err) {
			continue // deleted, and not yet committed
		} else if err != nil {
			return err
		}
		if !fs.ValidPath(name) || bytes.Contains([]byte(name), []byte{0}) {
			return fmt.Errorf("file name %q", name)
		}
		addDirs(c, path.Join(treeDir, path.Dir(name)), made)
		c.file(path.Join(treeDir, name), ordinaryID, data)
	}
	return nil
}

// addDirs adds a directory after those that it is in: the kernel makes none by itself.
func addDirs(c *cpioWriter, dir string, made map[string]bool) {
	if dir == "." || made[dir] {
		return
	}
	addDirs(c, path.Dir(dir), made)
	made[dir] = true
	c.dir(dir, ordinaryID)
}
