// SPDX-License-Identifier: MIT

// Package integration has the tests of exports by the programs that read them: runc,
// crun, bubblewrap, systemd. They run with -tags integration (make integration), as root,
// and fail where one of these is missing. The tests of Docker's default profile need
// nothing and run with the others.
package integration
