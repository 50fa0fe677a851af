// SPDX-License-Identifier: MIT

package sysargs

// mmap(2), mprotect(2); the kernel reads an unsigned long
var protection = kind{class: flags, width: 64, exact: []value{{0, "PROT_NONE"}}, values: []value{
	{1, "PROT_READ"},
	{2, "PROT_WRITE"},
	{4, "PROT_EXEC"},
	{0x1000000, "PROT_GROWSDOWN"},
	{0x2000000, "PROT_GROWSUP"},
	{8, "PROT_SEM"},
}}

// mmap(2). MAP_HUGE_... are a number in six bits.
var mmapFlags = kind{class: flags, width: 64, fields: []field{
	{mask: 0xf, values: []value{
		{1, "MAP_SHARED"},
		{2, "MAP_PRIVATE"},
		{3, "MAP_SHARED_VALIDATE"},
		{8, "MAP_DROPPABLE"},
	}},
	{mask: 0xfc000000, last: true, values: []value{
		{0x88000000, "MAP_HUGE_16GB"},
		{0x38000000, "MAP_HUGE_16KB"},
		{0x60000000, "MAP_HUGE_16MB"},
		{0x78000000, "MAP_HUGE_1GB"},
		{0x50000000, "MAP_HUGE_1MB"},
		{0x70000000, "MAP_HUGE_256MB"},
		{0x7c000000, "MAP_HUGE_2GB"},
		{0x54000000, "MAP_HUGE_2MB"},
		{0x64000000, "MAP_HUGE_32MB"},
		{0x4c000000, "MAP_HUGE_512KB"},
		{0x74000000, "MAP_HUGE_512MB"},
		{0x40000000, "MAP_HUGE_64KB"},
		{0x5c000000, "MAP_HUGE_8MB"},
	}},
}, values: []value{
	{0x10, "MAP_FIXED"},
	{0x100000, "MAP_FIXED_NOREPLACE"},
	{0x20, "MAP_ANONYMOUS"},
	{0x40, "MAP_32BIT"},
	{0x80, "MAP_ABOVE4G"},
	{0x100, "MAP_GROWSDOWN"},
	{0x800, "MAP_DENYWRITE"},
	{0x1000, "MAP_EXECUTABLE"},
	{0x2000, "MAP_LOCKED"},
	{0x4000, "MAP_NORESERVE"},
	{0x8000, "MAP_POPULATE"},
	{0x10000, "MAP_NONBLOCK"},
	{0x20000, "MAP_STACK"},
	{0x40000, "MAP_HUGETLB"},
	{0x80000, "MAP_SYNC"},
	{0x20, "MAP_ANON"},
	{0, "MAP_FILE"},
}}

// mremap(2)
var mremapFlags = kind{class: flags, width: 64, values: []value{
	{1, "MREMAP_MAYMOVE"},
	{2, "MREMAP_FIXED"},
	{4, "MREMAP_DONTUNMAP"},
}}

// msync(2)
var msyncFlags = kind{class: flags, width: 32, values: []value{
	{1, "MS_ASYNC"},
	{2, "MS_INVALIDATE"},
	{4, "MS_SYNC"},
}}

// madvise(2)
var advice = kind{class: enum, width: 32, values: []value{
	{0x14, "MADV_COLD"},
	{0x19, "MADV_COLLAPSE"},
	{0x11, "MADV_DODUMP"},
	{0xb, "MADV_DOFORK"},
	{0x10, "MADV_DONTDUMP"},
	{0xa, "MADV_DONTFORK"},
	{4, "MADV_DONTNEED"},
	{0x18, "MADV_DONTNEED_LOCKED"},
	{8, "MADV_FREE"},
	{0x66, "MADV_GUARD_INSTALL"},
	{0x67, "MADV_GUARD_REMOVE"},
	{0xe, "MADV_HUGEPAGE"},
	{0x64, "MADV_HWPOISON"},
	{0x13, "MADV_KEEPONFORK"},
	{0xc, "MADV_MERGEABLE"},
	{0xf, "MADV_NOHUGEPAGE"},
	{0, "MADV_NORMAL"},
	{0x15, "MADV_PAGEOUT"},
	{0x16, "MADV_POPULATE_READ"},
	{0x17, "MADV_POPULATE_WRITE"},
	{1, "MADV_RANDOM"},
	{9, "MADV_REMOVE"},
	{2, "MADV_SEQUENTIAL"},
	{0xd, "MADV_UNMERGEABLE"},
	{3, "MADV_WILLNEED"},
	{0x12, "MADV_WIPEONFORK"},
	{0x65, "MADV_SOFT_OFFLINE"},
}}

// mlock(2)
var mlockFlags = kind{class: flags, width: 32, values: []value{
	{1, "MLOCK_ONFAULT"},
}}

// mlockall(2)
var mlockallFlags = kind{class: flags, width: 32, values: []value{
	{1, "MCL_CURRENT"},
	{2, "MCL_FUTURE"},
	{4, "MCL_ONFAULT"},
}}

// memfd_create(2)
var memfdFlags = kind{class: flags, width: 32, fields: []field{
	{mask: 0xfc000000, last: true, values: []value{
		{0x88000000, "MFD_HUGE_16GB"},
		{0x60000000, "MFD_HUGE_16MB"},
		{0x78000000, "MFD_HUGE_1GB"},
		{0x50000000, "MFD_HUGE_1MB"},
		{0x70000000, "MFD_HUGE_256MB"},
		{0x7c000000, "MFD_HUGE_2GB"},
		{0x54000000, "MFD_HUGE_2MB"},
		{0x64000000, "MFD_HUGE_32MB"},
		{0x4c000000, "MFD_HUGE_512KB"},
		{0x74000000, "MFD_HUGE_512MB"},
		{0x40000000, "MFD_HUGE_64KB"},
		{0x5c000000, "MFD_HUGE_8MB"},
	}},
}, values: []value{
	{1, "MFD_CLOEXEC"},
	{2, "MFD_ALLOW_SEALING"},
	{4, "MFD_HUGETLB"},
	{8, "MFD_NOEXEC_SEAL"},
	{0x10, "MFD_EXEC"},
}}

// memfd_secret(2)
var memfdSecret = kind{class: flags, width: 32, values: []value{
	{0x80000, "O_CLOEXEC"},
}}

// membarrier(2)
var membarrierCmds = kind{class: enum, width: 32, values: []value{
	{0, "MEMBARRIER_CMD_QUERY"},
	{1, "MEMBARRIER_CMD_GLOBAL"},
	{2, "MEMBARRIER_CMD_GLOBAL_EXPEDITED"},
	{4, "MEMBARRIER_CMD_REGISTER_GLOBAL_EXPEDITED"},
	{8, "MEMBARRIER_CMD_PRIVATE_EXPEDITED"},
	{0x10, "MEMBARRIER_CMD_REGISTER_PRIVATE_EXPEDITED"},
	{0x20, "MEMBARRIER_CMD_PRIVATE_EXPEDITED_SYNC_CORE"},
	{0x40, "MEMBARRIER_CMD_REGISTER_PRIVATE_EXPEDITED_SYNC_CORE"},
	{0x80, "MEMBARRIER_CMD_PRIVATE_EXPEDITED_RSEQ"},
	{0x100, "MEMBARRIER_CMD_REGISTER_PRIVATE_EXPEDITED_RSEQ"},
	{0x200, "MEMBARRIER_CMD_GET_REGISTRATIONS"},
	{1, "MEMBARRIER_CMD_SHARED"},
}}

// membarrier(2)
var membarrierFlags = kind{class: flags, width: 32, values: []value{
	{1, "MEMBARRIER_CMD_FLAG_CPU"},
}}

// set_mempolicy(2)
var mempolicy = kind{class: flags, width: 32, fields: []field{
	{mask: 0x1fff, values: []value{
		{0, "MPOL_DEFAULT"},
		{1, "MPOL_PREFERRED"},
		{2, "MPOL_BIND"},
		{3, "MPOL_INTERLEAVE"},
		{4, "MPOL_LOCAL"},
		{5, "MPOL_PREFERRED_MANY"},
		{6, "MPOL_WEIGHTED_INTERLEAVE"},
	}},
}, values: []value{
	{0x8000, "MPOL_F_STATIC_NODES"},
	{0x4000, "MPOL_F_RELATIVE_NODES"},
	{0x2000, "MPOL_F_NUMA_BALANCING"},
}}

// mbind(2): the same as an unsigned long
var mbindMode = kind{class: flags, width: 64, fields: []field{
	{mask: 0x1fff, values: []value{
		{0, "MPOL_DEFAULT"},
		{1, "MPOL_PREFERRED"},
		{2, "MPOL_BIND"},
		{3, "MPOL_INTERLEAVE"},
		{4, "MPOL_LOCAL"},
		{5, "MPOL_PREFERRED_MANY"},
		{6, "MPOL_WEIGHTED_INTERLEAVE"},
	}},
}, values: []value{
	{0x8000, "MPOL_F_STATIC_NODES"},
	{0x4000, "MPOL_F_RELATIVE_NODES"},
	{0x2000, "MPOL_F_NUMA_BALANCING"},
}}

// mbind(2), move_pages(2)
var mbindFlags = kind{class: flags, width: 32, values: []value{
	{1, "MPOL_MF_STRICT"},
	{2, "MPOL_MF_MOVE"},
	{4, "MPOL_MF_MOVE_ALL"},
}}

// get_mempolicy(2)
var getMempolicy = kind{class: flags, width: 64, values: []value{
	{1, "MPOL_F_NODE"},
	{2, "MPOL_F_ADDR"},
	{4, "MPOL_F_MEMS_ALLOWED"},
}}

// pkey_alloc(2)
var pkeyRights = kind{class: flags, width: 64, values: []value{
	{1, "PKEY_DISABLE_ACCESS"},
	{2, "PKEY_DISABLE_WRITE"},
}}

// shmget(2): mode and flags
var shmgetFlags = kind{class: flags, width: 32, fields: []field{
	{mask: 0x1ff, last: true, octal: true},
}, values: []value{
	{0x200, "IPC_CREAT"},
	{0x400, "IPC_EXCL"},
	{0x800, "SHM_HUGETLB"},
	{0x1000, "SHM_NORESERVE"},
}}

// msgget(2), semget(2): mode and flags
var ipcgetFlags = kind{class: flags, width: 32, fields: []field{
	{mask: 0x1ff, last: true, octal: true},
}, values: []value{
	{0x200, "IPC_CREAT"},
	{0x400, "IPC_EXCL"},
}}

// shmat(2)
var shmatFlags = kind{class: flags, width: 32, values: []value{
	{0x1000, "SHM_RDONLY"},
	{0x2000, "SHM_RND"},
	{0x4000, "SHM_REMAP"},
	{0x8000, "SHM_EXEC"},
}}

// msgsnd(2), msgrcv(2)
var msgFlags = kind{class: flags, width: 32, values: []value{
	{0x800, "IPC_NOWAIT"},
	{0x1000, "MSG_NOERROR"},
	{0x2000, "MSG_EXCEPT"},
	{0x4000, "MSG_COPY"},
}}

// shmctl(2)
var shmCmds = kind{class: enum, width: 32, values: []value{
	{0, "IPC_RMID"},
	{1, "IPC_SET"},
	{2, "IPC_STAT"},
	{3, "IPC_INFO"},
	{0xb, "SHM_LOCK"},
	{0xc, "SHM_UNLOCK"},
	{0xd, "SHM_STAT"},
	{0xe, "SHM_INFO"},
	{0xf, "SHM_STAT_ANY"},
}}

// msgctl(2)
var msgCmds = kind{class: enum, width: 32, values: []value{
	{0, "IPC_RMID"},
	{1, "IPC_SET"},
	{2, "IPC_STAT"},
	{3, "IPC_INFO"},
	{0xb, "MSG_STAT"},
	{0xc, "MSG_INFO"},
	{0xd, "MSG_STAT_ANY"},
}}

// semctl(2)
var semCmds = kind{class: enum, width: 32, values: []value{
	{0, "IPC_RMID"},
	{1, "IPC_SET"},
	{2, "IPC_STAT"},
	{3, "IPC_INFO"},
	{0xb, "GETPID"},
	{0xc, "GETVAL"},
	{0xd, "GETALL"},
	{0xe, "GETNCNT"},
	{0xf, "GETZCNT"},
	{0x10, "SETVAL"},
	{0x11, "SETALL"},
	{0x12, "SEM_STAT"},
	{0x13, "SEM_INFO"},
	{0x14, "SEM_STAT_ANY"},
}}

// map_shadow_stack(2)
var shadowStack = kind{class: flags, width: 32, values: []value{
	{1, "SHADOW_STACK_SET_TOKEN"},
	{2, "SHADOW_STACK_SET_MARKER"},
}}
