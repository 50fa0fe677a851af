// SPDX-License-Identifier: MIT

package sandbox

// The groups, one method each. All but FileSystem and Network are on in a new
// builder.

// AllowAddressSpaceAccess allows memory: mmap, mprotect, madvise and the like.
func (b *SeccompPolicyBuilder) AllowAddressSpaceAccess() *SeccompPolicyBuilder {
	return b.allowGroup(&groupAddressSpaceAccess)
}

// AllowEpoll allows epoll descriptors.
func (b *SeccompPolicyBuilder) AllowEpoll() *SeccompPolicyBuilder {
	return b.allowGroup(&groupEpoll)
}

// AllowEventFd allows eventfd2.
func (b *SeccompPolicyBuilder) AllowEventFd() *SeccompPolicyBuilder {
	return b.allowGroup(&groupEventFd)
}

// AllowFileSystem allows files and directories by name: open, stat, rename, unlink, sync. Paths cannot be filtered by seccomp.
func (b *SeccompPolicyBuilder) AllowFileSystem() *SeccompPolicyBuilder {
	return b.allowGroup(&groupFileSystem)
}

// AllowFutex allows futex and set_robust_list.
func (b *SeccompPolicyBuilder) AllowFutex() *SeccompPolicyBuilder {
	return b.allowGroup(&groupFutex)
}

// AllowGeneralIo allows reading, writing and waiting on open descriptors, ioctl included.
func (b *SeccompPolicyBuilder) AllowGeneralIo() *SeccompPolicyBuilder {
	return b.allowGroup(&groupGeneralIo)
}

// AllowGetRandom allows getrandom.
func (b *SeccompPolicyBuilder) AllowGetRandom() *SeccompPolicyBuilder {
	return b.allowGroup(&groupGetRandom)
}

// AllowGetSimpleId allows process, thread, user and group ids; getgroups is in no group.
func (b *SeccompPolicyBuilder) AllowGetSimpleId() *SeccompPolicyBuilder {
	return b.allowGroup(&groupGetSimpleID)
}

// AllowGetTime allows reading clocks.
func (b *SeccompPolicyBuilder) AllowGetTime() *SeccompPolicyBuilder {
	return b.allowGroup(&groupGetTime)
}

// AllowGlobalProcessEnvironment allows resource limits and usage.
func (b *SeccompPolicyBuilder) AllowGlobalProcessEnvironment() *SeccompPolicyBuilder {
	return b.allowGroup(&groupGlobalProcessEnvironment)
}

// AllowGlobalSystemStatus allows sysinfo and uname.
func (b *SeccompPolicyBuilder) AllowGlobalSystemStatus() *SeccompPolicyBuilder {
	return b.allowGroup(&groupGlobalSystemStatus)
}

// AllowKernelInternalApi allows restart_syscall.
func (b *SeccompPolicyBuilder) AllowKernelInternalApi() *SeccompPolicyBuilder {
	return b.allowGroup(&groupKernelInternalAPI)
}

// AllowNetwork allows making, connecting, binding and accepting sockets of every family.
func (b *SeccompPolicyBuilder) AllowNetwork() *SeccompPolicyBuilder {
	return b.allowGroup(&groupNetwork)
}

// AllowNetworkSocketInformation allows addresses and options of open sockets.
func (b *SeccompPolicyBuilder) AllowNetworkSocketInformation() *SeccompPolicyBuilder {
	return b.allowGroup(&groupNetworkSocketInformation)
}

// AllowOperationOnExistingFileDescriptor allows close, dup, fcntl and shutdown.
func (b *SeccompPolicyBuilder) AllowOperationOnExistingFileDescriptor() *SeccompPolicyBuilder {
	return b.allowGroup(&groupOperationOnExistingFileDescriptor)
}

// AllowPipe allows pipes.
func (b *SeccompPolicyBuilder) AllowPipe() *SeccompPolicyBuilder {
	return b.allowGroup(&groupPipe)
}

// AllowPrctl allows prctl and arch_prctl.
func (b *SeccompPolicyBuilder) AllowPrctl() *SeccompPolicyBuilder {
	return b.allowGroup(&groupPrctl)
}

// AllowProcessStartOrDeath allows making and ending threads and processes, waiting for them; execve is not among them.
func (b *SeccompPolicyBuilder) AllowProcessStartOrDeath() *SeccompPolicyBuilder {
	return b.allowGroup(&groupProcessStartOrDeath)
}

// AllowScheduling allows CPU affinity and scheduling policy.
func (b *SeccompPolicyBuilder) AllowScheduling() *SeccompPolicyBuilder {
	return b.allowGroup(&groupScheduling)
}

// AllowSignalHandling allows signal handlers, masks and stacks.
func (b *SeccompPolicyBuilder) AllowSignalHandling() *SeccompPolicyBuilder {
	return b.allowGroup(&groupSignalHandling)
}

// AllowSleep allows nanosleep and clock_nanosleep.
func (b *SeccompPolicyBuilder) AllowSleep() *SeccompPolicyBuilder {
	return b.allowGroup(&groupSleep)
}

// AllowUmask allows umask.
func (b *SeccompPolicyBuilder) AllowUmask() *SeccompPolicyBuilder {
	return b.allowGroup(&groupUmask)
}
