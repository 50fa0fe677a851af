// SPDX-License-Identifier: MIT

// Command bootkernels runs the suite on other kernels than this machine's: it packs
// the test binaries into an initramfs with itself as init, boots each kernel with it
// under qemu, and prints what passed where. Each argument is a directory with a kernel
// image vmlinuz, and may end in "=" and the version that the kernel must have, such as
// 6.1. It is run by scripts/kernels, which fetches Debian's.
//
// Packages whose tests need the go command are left out.
package main

import (
	"errors"
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"time"
)

// initProcess is the id of the first process, which the kernel starts: this program,
// as the image's /init.
const initProcess = 1

// worker and probe are first arguments of this program within the guest.
const (
	worker = "worker"
	probe  = "probe"
)

func main() {
	switch {
	case os.Getpid() == initProcess:
		beInit()
	case len(os.Args) == 2 && os.Args[1] == worker:
		work()
	case len(os.Args) == 2 && os.Args[1] == probe:
		measure()
	default:
		if err := run(); err != nil {
			fmt.Fprintln(os.Stderr, "bootkernels:", err)
			os.Exit(1)
		}
	}
}

// options are the command's flags.
type options struct {
	run      string
	packages string
	verbose  bool
	timeout  time.Duration
}

func run() error {
	var o options
	flag.StringVar(&o.run, "run", "", "run only the tests that match")
	flag.StringVar(&o.packages, "packages", "", "run only packages, as paths below the module, that match")
	flag.BoolVar(&o.verbose, "v", false, "show what the guest writes")
	flag.DurationVar(&o.timeout, "timeout", 90*time.Minute, "of one kernel")
	flag.Parse()
	if flag.NArg() == 0 {
		return errors.New("no kernel given")
	}
	dir, err := os.MkdirTemp("", "kernels")
	if err != nil {
		return err
	}
	defer os.RemoveAll(dir)
	wanted, err := regexp.Compile(o.packages)
	if err != nil {
		return err
	}
	packages, err := build(dir, wanted)
	if err != nil {
		return err
	}
	var reports []*report
	for _, arg := range flag.Args() {
		kernel, version, _ := strings.Cut(arg, "=")
		r, err := bootOne(dir, kernel, packages, o)
		if err != nil {
			return fmt.Errorf("%s: %w", filepath.Base(kernel), err)
		}
		r.check(version)
		reports = append(reports, r)
		printTable(os.Stderr, packages, []*report{r}) // the others take long
	}
	printTable(os.Stdout, packages, reports)
	return problems(os.Stdout, reports)
}

// bootOne packs the image for a kernel, boots it and reads what it wrote.
func bootOne(dir, kernel string, packages []string, o options) (*report, error) {
	image := filepath.Join(dir, "initramfs")
	if err := pack(image, dir, packages, o.run); err != nil {
		return nil, err
	}
	fmt.Fprintf(os.Stderr, "booting the kernel of %s\n", filepath.Base(kernel))
	out, err := boot(filepath.Join(kernel, "vmlinuz"), image, filepath.Join(dir, "serial"), o)
	if err != nil {
		return nil, err
	}
	if o.verbose {
		os.Stderr.Write(out)
	}
	return readReport(filepath.Base(kernel), out), nil
}
