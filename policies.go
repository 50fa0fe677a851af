// SPDX-License-Identifier: MIT

package sandbox

import "fmt"

// Policies can only be narrowed: a filter, once installed, stays for the life of
// its thread, and a later one adds refusals. "Dynamically adjusting" a policy
// therefore means choosing a narrower one for the next phase, or changing a
// Builder before the policy is put on.
//
// What packages do on goroutines of their own (dialing by name, HTTP, database
// compaction) runs under the policy of the process. So does what the Go runtime does.

// role is where the built-in policies begin: descriptors that are open, and random
// numbers.
func role() *SeccompPolicyBuilder {
	return NewSeccompPolicyBuilder().AllowNothing().AllowOpenFiles().AllowGetRandom()
}

// First phase: start-up. PolicyInitialization is put on the whole process by
// SetupSyscallSandbox; by construction it allows everything that any other
// built-in policy allows. The others of this phase are for threads that end when
// start-up is done.
var (
	// PolicyInitialization is Bitcoin Core's list for start-up, and the union of all
	// other built-in policies.
	PolicyInitialization = NewPolicy("initialization", NewSeccompPolicyBuilder().AllowFileSystem().AllowNetwork().AllowPolicy(
		PolicyInitializationDNSSeed, PolicyInitializationLoadBlocks, PolicyInitializationMapPort,
		PolicyMessageHandler, PolicyNet, PolicyNetAddConnection, PolicyNetHTTPServer, PolicyNetHTTPServerWorker,
		PolicyNetOpenConnection, PolicyScheduler, PolicyTorControl, PolicyTxIndex, PolicyValidationScriptCheck,
		PolicyShutoff))
	// PolicyInitializationDNSSeed asks DNS seeds for peers: the caller of net.Resolver
	// reads hosts and resolv.conf; the queries are made on goroutines of package net,
	// under the process policy.
	PolicyInitializationDNSSeed = NewPolicy("initialization-dns-seed", role().AllowReadFiles().AllowSocketIo().AllowInetSockets().AllowConnect())
	// PolicyInitializationLoadBlocks reads and imports block files, into databases.
	PolicyInitializationLoadBlocks = NewPolicy("initialization-load-blocks", role().AllowFiles().AllowStorage().AllowFileLocks().AllowFileMapping())
	// PolicyInitializationMapPort asks the router for a port (UPnP, NAT-PMP): it looks
	// for interfaces, and listens for the router's answers on UDP.
	PolicyInitializationMapPort = NewPolicy("initialization-map-port", role().AllowReadFiles().AllowSocketIo().AllowInetSockets().AllowConnect().AllowNetlink())
)

// Second phase: the node at work, one policy per role.
var (
	// PolicyMessageHandler handles what peers send: validation, the mempool, the
	// chain state. It reads and writes what is open, and makes it last; it opens nothing.
	PolicyMessageHandler = NewPolicy("message-handler", role().AllowSocketIo().AllowStorage())
	// PolicyNet moves bytes between sockets and queues, and accepts peers.
	PolicyNet = NewPolicy("net", role().AllowSocketIo().AllowAccept())
	// PolicyNetAddConnection connects to peers that the operator named, so it reads the
	// files of the resolver. It never listens.
	PolicyNetAddConnection = NewPolicy("net-add-connection", role().AllowReadFiles().AllowSocketIo().AllowInetSockets().AllowConnect())
	// PolicyNetHTTPServer accepts RPC and REST connections. It never connects.
	PolicyNetHTTPServer = NewPolicy("net-http-server", role().AllowSocketIo().AllowAccept())
	// PolicyNetHTTPServerWorker executes RPC and REST requests: it reads what the node
	// has stored.
	PolicyNetHTTPServerWorker = NewPolicy("net-http-server-worker", role().AllowReadFiles().AllowSocketIo())
	// PolicyNetOpenConnection connects to peers that the node chose, by address. It never
	// listens.
	PolicyNetOpenConnection = NewPolicy("net-open-connection", role().AllowSocketIo().AllowInetSockets().AllowConnect())
	// PolicyScheduler runs periodic work: flushes, dumps, expiry, log rotation.
	PolicyScheduler = NewPolicy("scheduler", role().AllowFiles().AllowStorage().AllowFileLocks())
	// PolicyTorControl talks to the Tor daemon by TCP, and reads its cookie.
	PolicyTorControl = NewPolicy("tor-control", role().AllowReadFiles().AllowSocketIo().AllowInetSockets().AllowConnect())
	// PolicyTxIndex builds the transaction index, in files of its own.
	PolicyTxIndex = NewPolicy("tx-index", role().AllowFiles().AllowStorage().AllowFileLocks().AllowFileMapping())
	// PolicyValidationScriptCheck runs scripts: no file, no network, nothing made, not
	// even a descriptor read.
	PolicyValidationScriptCheck = NewPolicy("validation-script-check", NewSeccompPolicyBuilder().AllowNothing().AllowGetRandom())
)

// Third phase: the end.
var (
	// PolicyShutoff flushes databases, closes and ends. It is sealed: no policy follows it.
	PolicyShutoff = NewPolicy("shutoff", role().AllowFiles().AllowStorage().AllowFileLocks().Deny("seccomp"))
)

// Policies returns the fifteen built-in policies in the order of their phases.
func Policies() []SyscallSandboxPolicy {
	return []SyscallSandboxPolicy{
		PolicyInitialization, PolicyInitializationDNSSeed, PolicyInitializationLoadBlocks, PolicyInitializationMapPort,
		PolicyMessageHandler, PolicyNet, PolicyNetAddConnection, PolicyNetHTTPServer, PolicyNetHTTPServerWorker,
		PolicyNetOpenConnection, PolicyScheduler, PolicyTorControl, PolicyTxIndex, PolicyValidationScriptCheck,
		PolicyShutoff,
	}
}

// ParsePolicy returns the built-in policy of that name, as String gives it; an
// error that wraps ErrUnknownPolicy otherwise. Own policies travel as JSON.
func ParsePolicy(builtin string) (SyscallSandboxPolicy, error) {
	for _, p := range Policies() {
		if p.String() == builtin {
			return p, nil
		}
	}
	return SyscallSandboxPolicy{}, fmt.Errorf("%w %q", ErrUnknownPolicy, builtin)
}
