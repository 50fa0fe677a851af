// SPDX-License-Identifier: MIT

package sandbox

import "fmt"

// Policies can only be narrowed: a filter, once installed, stays for the life of
// its thread, and a later one adds refusals. "Dynamically adjusting" a policy
// therefore means choosing a narrower one for the next phase, or changing a
// Builder before the policy is put on.

// First phase: start-up. PolicyInitialization is put on the whole process by
// SetupSyscallSandbox; by construction it allows everything that any other
// built-in policy allows. The others of this phase are for threads that end when
// start-up is done.
var (
	// PolicyInitialization is the union of all other built-in policies.
	PolicyInitialization = NewPolicy("initialization", NewSeccompPolicyBuilder().AllowPolicy(
		PolicyInitializationDNSSeed, PolicyInitializationLoadBlocks, PolicyInitializationMapPort,
		PolicyMessageHandler, PolicyNet, PolicyNetAddConnection, PolicyNetHTTPServer, PolicyNetHTTPServerWorker,
		PolicyNetOpenConnection, PolicyScheduler, PolicyTorControl, PolicyTxIndex, PolicyValidationScriptCheck,
		PolicyShutoff))
	// PolicyInitializationDNSSeed asks DNS seeds for peers. net.Resolver makes
	// its queries on goroutines of its own, which run under the process policy.
	PolicyInitializationDNSSeed = NewPolicy("initialization-dns-seed", NewSeccompPolicyBuilder().AllowFileSystem().AllowNetwork())
	// PolicyInitializationLoadBlocks reads and imports block files.
	PolicyInitializationLoadBlocks = NewPolicy("initialization-load-blocks", NewSeccompPolicyBuilder().AllowFileSystem())
	// PolicyInitializationMapPort asks the router for a port (UPnP, NAT-PMP).
	PolicyInitializationMapPort = NewPolicy("initialization-map-port", NewSeccompPolicyBuilder().AllowFileSystem().AllowNetwork())
)

// Second phase: the node at work, one policy per role.
var (
	// PolicyMessageHandler handles what peers send: validation, the mempool, the
	// chain state. It reads and writes open sockets but makes none.
	PolicyMessageHandler = NewPolicy("message-handler", NewSeccompPolicyBuilder().AllowFileSystem())
	// PolicyNet moves bytes between sockets and queues, and accepts peers.
	PolicyNet = NewPolicy("net", NewSeccompPolicyBuilder().AllowFileSystem().AllowNetwork())
	// PolicyNetAddConnection connects to peers that the operator named.
	PolicyNetAddConnection = NewPolicy("net-add-connection", NewSeccompPolicyBuilder().AllowFileSystem().AllowNetwork())
	// PolicyNetHTTPServer accepts RPC and REST connections.
	PolicyNetHTTPServer = NewPolicy("net-http-server", NewSeccompPolicyBuilder().AllowFileSystem().AllowNetwork())
	// PolicyNetHTTPServerWorker executes RPC and REST requests.
	PolicyNetHTTPServerWorker = NewPolicy("net-http-server-worker", NewSeccompPolicyBuilder().AllowFileSystem().AllowNetwork())
	// PolicyNetOpenConnection connects to peers that the node chose.
	PolicyNetOpenConnection = NewPolicy("net-open-connection", NewSeccompPolicyBuilder().AllowFileSystem().AllowNetwork())
	// PolicyScheduler runs periodic work: flushes, dumps, expiry.
	PolicyScheduler = NewPolicy("scheduler", NewSeccompPolicyBuilder().AllowFileSystem())
	// PolicyTorControl talks to the Tor daemon.
	PolicyTorControl = NewPolicy("tor-control", NewSeccompPolicyBuilder().AllowFileSystem().AllowNetwork())
	// PolicyTxIndex builds the transaction index.
	PolicyTxIndex = NewPolicy("tx-index", NewSeccompPolicyBuilder().AllowFileSystem())
	// PolicyValidationScriptCheck runs scripts: it opens no file and makes no
	// socket.
	PolicyValidationScriptCheck = NewPolicy("validation-script-check", NewSeccompPolicyBuilder())
)

// Third phase: the end.
var (
	// PolicyShutoff flushes, closes and ends. It is sealed: no policy follows it.
	PolicyShutoff = NewPolicy("shutoff", NewSeccompPolicyBuilder().AllowFileSystem().Deny("seccomp"))
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
