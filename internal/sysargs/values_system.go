// SPDX-License-Identifier: MIT

package sysargs

// mount(2): an unsigned long
var mountFlags = kind{class: flags, width: 64, fields: []field{
	{mask: 0xffff0000, values: []value{
		{0xc0ed0000, "MS_MGC_VAL"},
	}},
}, values: []value{
	{1, "MS_RDONLY"},
	{2, "MS_NOSUID"},
	{4, "MS_NODEV"},
	{8, "MS_NOEXEC"},
	{0x10, "MS_SYNCHRONOUS"},
	{0x20, "MS_REMOUNT"},
	{0x40, "MS_MANDLOCK"},
	{0x80, "MS_DIRSYNC"},
	{0x100, "MS_NOSYMFOLLOW"},
	{0x400, "MS_NOATIME"},
	{0x800, "MS_NODIRATIME"},
	{0x1000, "MS_BIND"},
	{0x2000, "MS_MOVE"},
	{0x4000, "MS_REC"},
	{0x8000, "MS_SILENT"},
	{0x10000, "MS_POSIXACL"},
	{0x20000, "MS_UNBINDABLE"},
	{0x40000, "MS_PRIVATE"},
	{0x80000, "MS_SLAVE"},
	{0x100000, "MS_SHARED"},
	{0x200000, "MS_RELATIME"},
	{0x400000, "MS_KERNMOUNT"},
	{0x800000, "MS_I_VERSION"},
	{0x1000000, "MS_STRICTATIME"},
	{0x2000000, "MS_LAZYTIME"},
}}

// umount(2)
var umountFlags = kind{class: flags, width: 32, values: []value{
	{1, "MNT_FORCE"},
	{2, "MNT_DETACH"},
	{4, "MNT_EXPIRE"},
	{8, "UMOUNT_NOFOLLOW"},
}}

// open_tree(2)
var openTree = kind{class: flags, width: 32, values: []value{
	{1, "OPEN_TREE_CLONE"},
	{0x80000, "OPEN_TREE_CLOEXEC"},
	{0x1000, "AT_EMPTY_PATH"},
	{0x800, "AT_NO_AUTOMOUNT"},
	{0x8000, "AT_RECURSIVE"},
	{0x100, "AT_SYMLINK_NOFOLLOW"},
}}

// move_mount(2)
var moveMount = kind{class: flags, width: 32, values: []value{
	{1, "MOVE_MOUNT_F_SYMLINKS"},
	{2, "MOVE_MOUNT_F_AUTOMOUNTS"},
	{4, "MOVE_MOUNT_F_EMPTY_PATH"},
	{0x10, "MOVE_MOUNT_T_SYMLINKS"},
	{0x20, "MOVE_MOUNT_T_AUTOMOUNTS"},
	{0x40, "MOVE_MOUNT_T_EMPTY_PATH"},
	{0x100, "MOVE_MOUNT_SET_GROUP"},
	{0x200, "MOVE_MOUNT_BENEATH"},
}}

// fsopen(2)
var fsopenFlags = kind{class: flags, width: 32, values: []value{
	{1, "FSOPEN_CLOEXEC"},
}}

// fsmount(2)
var fsmountFlags = kind{class: flags, width: 32, values: []value{
	{1, "FSMOUNT_CLOEXEC"},
}}

// fspick(2)
var fspickFlags = kind{class: flags, width: 32, values: []value{
	{1, "FSPICK_CLOEXEC"},
	{2, "FSPICK_SYMLINK_NOFOLLOW"},
	{4, "FSPICK_NO_AUTOMOUNT"},
	{8, "FSPICK_EMPTY_PATH"},
}}

// fsconfig(2)
var fsconfigCmds = kind{class: enum, width: 32, values: []value{
	{0, "FSCONFIG_SET_FLAG"},
	{1, "FSCONFIG_SET_STRING"},
	{2, "FSCONFIG_SET_BINARY"},
	{3, "FSCONFIG_SET_PATH"},
	{4, "FSCONFIG_SET_PATH_EMPTY"},
	{5, "FSCONFIG_SET_FD"},
	{6, "FSCONFIG_CMD_CREATE"},
	{7, "FSCONFIG_CMD_RECONFIGURE"},
	{8, "FSCONFIG_CMD_CREATE_EXCL"},
}}

// fsmount(2)
var mountAttrs = kind{class: flags, width: 32, values: []value{
	{1, "MOUNT_ATTR_RDONLY"},
	{2, "MOUNT_ATTR_NOSUID"},
	{4, "MOUNT_ATTR_NODEV"},
	{8, "MOUNT_ATTR_NOEXEC"},
	{0x80, "MOUNT_ATTR_NODIRATIME"},
	{0x100000, "MOUNT_ATTR_IDMAP"},
	{0x200000, "MOUNT_ATTR_NOSYMFOLLOW"},
	{0x10, "MOUNT_ATTR_NOATIME"},
	{0x20, "MOUNT_ATTR_STRICTATIME"},
	{0, "MOUNT_ATTR_RELATIME"},
}}

// mount_setattr(2)
var mountSetattr = kind{class: flags, width: 32, values: []value{
	{0x1000, "AT_EMPTY_PATH"},
	{0x8000, "AT_RECURSIVE"},
	{0x100, "AT_SYMLINK_NOFOLLOW"},
	{0x800, "AT_NO_AUTOMOUNT"},
}}

// bpf(2)
var bpfCmds = kind{class: enum, width: 32, values: []value{
	{0, "BPF_MAP_CREATE"},
	{1, "BPF_MAP_LOOKUP_ELEM"},
	{2, "BPF_MAP_UPDATE_ELEM"},
	{3, "BPF_MAP_DELETE_ELEM"},
	{4, "BPF_MAP_GET_NEXT_KEY"},
	{5, "BPF_PROG_LOAD"},
	{6, "BPF_OBJ_PIN"},
	{7, "BPF_OBJ_GET"},
	{8, "BPF_PROG_ATTACH"},
	{9, "BPF_PROG_DETACH"},
	{0xa, "BPF_PROG_TEST_RUN"},
	{0xb, "BPF_PROG_GET_NEXT_ID"},
	{0xc, "BPF_MAP_GET_NEXT_ID"},
	{0xd, "BPF_PROG_GET_FD_BY_ID"},
	{0xe, "BPF_MAP_GET_FD_BY_ID"},
	{0xf, "BPF_OBJ_GET_INFO_BY_FD"},
	{0x10, "BPF_PROG_QUERY"},
	{0x11, "BPF_RAW_TRACEPOINT_OPEN"},
	{0x12, "BPF_BTF_LOAD"},
	{0x13, "BPF_BTF_GET_FD_BY_ID"},
	{0x14, "BPF_TASK_FD_QUERY"},
	{0x15, "BPF_MAP_LOOKUP_AND_DELETE_ELEM"},
	{0x16, "BPF_MAP_FREEZE"},
	{0x17, "BPF_BTF_GET_NEXT_ID"},
	{0x18, "BPF_MAP_LOOKUP_BATCH"},
	{0x19, "BPF_MAP_LOOKUP_AND_DELETE_BATCH"},
	{0x1a, "BPF_MAP_UPDATE_BATCH"},
	{0x1b, "BPF_MAP_DELETE_BATCH"},
	{0x1c, "BPF_LINK_CREATE"},
	{0x1d, "BPF_LINK_UPDATE"},
	{0x1e, "BPF_LINK_GET_FD_BY_ID"},
	{0x1f, "BPF_LINK_GET_NEXT_ID"},
	{0x20, "BPF_ENABLE_STATS"},
	{0x21, "BPF_ITER_CREATE"},
	{0x22, "BPF_LINK_DETACH"},
	{0x23, "BPF_PROG_BIND_MAP"},
	{0x24, "BPF_TOKEN_CREATE"},
}}

// keyctl(2)
var keyctlOps = kind{class: enum, width: 32, values: []value{
	{0x10, "KEYCTL_ASSUME_AUTHORITY"},
	{0x1f, "KEYCTL_CAPABILITIES"},
	{4, "KEYCTL_CHOWN"},
	{7, "KEYCTL_CLEAR"},
	{6, "KEYCTL_DESCRIBE"},
	{0x17, "KEYCTL_DH_COMPUTE"},
	{0, "KEYCTL_GET_KEYRING_ID"},
	{0x16, "KEYCTL_GET_PERSISTENT"},
	{0x11, "KEYCTL_GET_SECURITY"},
	{0xc, "KEYCTL_INSTANTIATE"},
	{0x14, "KEYCTL_INSTANTIATE_IOV"},
	{0x15, "KEYCTL_INVALIDATE"},
	{1, "KEYCTL_JOIN_SESSION_KEYRING"},
	{8, "KEYCTL_LINK"},
	{0x1e, "KEYCTL_MOVE"},
	{0xd, "KEYCTL_NEGATE"},
	{0x1a, "KEYCTL_PKEY_DECRYPT"},
	{0x19, "KEYCTL_PKEY_ENCRYPT"},
	{0x18, "KEYCTL_PKEY_QUERY"},
	{0x1b, "KEYCTL_PKEY_SIGN"},
	{0x1c, "KEYCTL_PKEY_VERIFY"},
	{0xb, "KEYCTL_READ"},
	{0x13, "KEYCTL_REJECT"},
	{0x1d, "KEYCTL_RESTRICT_KEYRING"},
	{3, "KEYCTL_REVOKE"},
	{0xa, "KEYCTL_SEARCH"},
	{0x12, "KEYCTL_SESSION_TO_PARENT"},
	{5, "KEYCTL_SETPERM"},
	{0xe, "KEYCTL_SET_REQKEY_KEYRING"},
	{0xf, "KEYCTL_SET_TIMEOUT"},
	{9, "KEYCTL_UNLINK"},
	{2, "KEYCTL_UPDATE"},
	{0x20, "KEYCTL_WATCH_KEY"},
}}

// keyctl(2), add_key(2): special keys; others are serial numbers
var keyrings = kind{class: decimal, width: 32, signed: true, values: []value{
	{0xfffffffa, "KEY_SPEC_GROUP_KEYRING"},
	{0xfffffffe, "KEY_SPEC_PROCESS_KEYRING"},
	{0xfffffff9, "KEY_SPEC_REQKEY_AUTH_KEY"},
	{0xfffffff8, "KEY_SPEC_REQUESTOR_KEYRING"},
	{0xfffffffd, "KEY_SPEC_SESSION_KEYRING"},
	{0xffffffff, "KEY_SPEC_THREAD_KEYRING"},
	{0xfffffffc, "KEY_SPEC_USER_KEYRING"},
	{0xfffffffb, "KEY_SPEC_USER_SESSION_KEYRING"},
}}

// reboot(2)
var rebootCmds = kind{class: enum, width: 32, values: []value{
	{0, "LINUX_REBOOT_CMD_CAD_OFF"},
	{0x89abcdef, "LINUX_REBOOT_CMD_CAD_ON"},
	{0xcdef0123, "LINUX_REBOOT_CMD_HALT"},
	{0x45584543, "LINUX_REBOOT_CMD_KEXEC"},
	{0x4321fedc, "LINUX_REBOOT_CMD_POWER_OFF"},
	{0x1234567, "LINUX_REBOOT_CMD_RESTART"},
	{0xa1b2c3d4, "LINUX_REBOOT_CMD_RESTART2"},
	{0xd000fce2, "LINUX_REBOOT_CMD_SW_SUSPEND"},
}}

// reboot(2)
var rebootMagic = kind{class: enum, width: 32, values: []value{
	{0xfee1dead, "LINUX_REBOOT_MAGIC1"},
	{0x28121969, "LINUX_REBOOT_MAGIC2"},
	{0x5121996, "LINUX_REBOOT_MAGIC2A"},
	{0x16041998, "LINUX_REBOOT_MAGIC2B"},
	{0x20112000, "LINUX_REBOOT_MAGIC2C"},
}}

// kexec_load(2)
var kexecFlags = kind{class: flags, width: 64, fields: []field{
	{mask: 0xffff0000, values: []value{
		{0, "KEXEC_ARCH_DEFAULT"},
		{0x30000, "KEXEC_ARCH_386"},
		{0x3e0000, "KEXEC_ARCH_X86_64"},
	}},
}, values: []value{
	{1, "KEXEC_ON_CRASH"},
	{2, "KEXEC_PRESERVE_CONTEXT"},
	{4, "KEXEC_UPDATE_ELFCOREHDR"},
	{8, "KEXEC_CRASH_HOTPLUG_SUPPORT"},
}}

// kexec_file_load(2)
var kexecFile = kind{class: flags, width: 64, values: []value{
	{8, "KEXEC_FILE_DEBUG"},
	{0x20, "KEXEC_FILE_FORCE_DTB"},
	{0x10, "KEXEC_FILE_NO_CMA"},
	{4, "KEXEC_FILE_NO_INITRAMFS"},
	{2, "KEXEC_FILE_ON_CRASH"},
	{1, "KEXEC_FILE_UNLOAD"},
}}

// init_module(2)
var finitFlags = kind{class: flags, width: 32, values: []value{
	{4, "MODULE_INIT_COMPRESSED_FILE"},
	{1, "MODULE_INIT_IGNORE_MODVERSIONS"},
	{2, "MODULE_INIT_IGNORE_VERMAGIC"},
}}

// delete_module(2)
var deleteModule = kind{class: flags, width: 32, values: []value{
	{0x800, "O_NONBLOCK"},
	{0x200, "O_TRUNC"},
}}

// syslog(2)
var syslogTypes = kind{class: enum, width: 32, values: []value{
	{0, "SYSLOG_ACTION_CLOSE"},
	{1, "SYSLOG_ACTION_OPEN"},
	{2, "SYSLOG_ACTION_READ"},
	{3, "SYSLOG_ACTION_READ_ALL"},
	{4, "SYSLOG_ACTION_READ_CLEAR"},
	{5, "SYSLOG_ACTION_CLEAR"},
	{6, "SYSLOG_ACTION_CONSOLE_OFF"},
	{7, "SYSLOG_ACTION_CONSOLE_ON"},
	{8, "SYSLOG_ACTION_CONSOLE_LEVEL"},
	{9, "SYSLOG_ACTION_SIZE_UNREAD"},
	{0xa, "SYSLOG_ACTION_SIZE_BUFFER"},
}}

// perf_event_open(2)
var perfFlags = kind{class: flags, width: 64, values: []value{
	{1, "PERF_FLAG_FD_NO_GROUP"},
	{2, "PERF_FLAG_FD_OUTPUT"},
	{4, "PERF_FLAG_PID_CGROUP"},
	{8, "PERF_FLAG_FD_CLOEXEC"},
}}

// landlock_create_ruleset(2)
var landlockCreate = kind{class: flags, width: 32, values: []value{
	{1, "LANDLOCK_CREATE_RULESET_VERSION"},
	{2, "LANDLOCK_CREATE_RULESET_ERRATA"},
}}

// landlock_add_rule(2)
var landlockRules = kind{class: enum, width: 32, values: []value{
	{1, "LANDLOCK_RULE_PATH_BENEATH"},
	{2, "LANDLOCK_RULE_NET_PORT"},
}}

// landlock_add_rule(2)
var landlockAdd = kind{class: flags, width: 32, values: []value{
	{1, "LANDLOCK_ADD_RULE_QUIET"},
}}

// landlock_restrict_self(2)
var landlockSelf = kind{class: flags, width: 32, values: []value{
	{2, "LANDLOCK_RESTRICT_SELF_LOG_NEW_EXEC_ON"},
	{1, "LANDLOCK_RESTRICT_SELF_LOG_SAME_EXEC_OFF"},
	{4, "LANDLOCK_RESTRICT_SELF_LOG_SUBDOMAINS_OFF"},
	{8, "LANDLOCK_RESTRICT_SELF_TSYNC"},
}}

// io_uring_enter(2)
var uringEnter = kind{class: flags, width: 32, values: []value{
	{1, "IORING_ENTER_GETEVENTS"},
	{2, "IORING_ENTER_SQ_WAKEUP"},
	{4, "IORING_ENTER_SQ_WAIT"},
	{8, "IORING_ENTER_EXT_ARG"},
	{0x10, "IORING_ENTER_REGISTERED_RING"},
	{0x20, "IORING_ENTER_ABS_TIMER"},
	{0x40, "IORING_ENTER_EXT_ARG_REG"},
	{0x80, "IORING_ENTER_NO_IOWAIT"},
}}

// io_uring_register(2)
var uringRegister = kind{class: flags, width: 32, fields: []field{
	{mask: 0x7fffffff, values: []value{
		{0, "IORING_REGISTER_BUFFERS"},
		{1, "IORING_UNREGISTER_BUFFERS"},
		{2, "IORING_REGISTER_FILES"},
		{3, "IORING_UNREGISTER_FILES"},
		{4, "IORING_REGISTER_EVENTFD"},
		{5, "IORING_UNREGISTER_EVENTFD"},
		{6, "IORING_REGISTER_FILES_UPDATE"},
		{7, "IORING_REGISTER_EVENTFD_ASYNC"},
		{8, "IORING_REGISTER_PROBE"},
		{9, "IORING_REGISTER_PERSONALITY"},
		{0xa, "IORING_UNREGISTER_PERSONALITY"},
		{0xb, "IORING_REGISTER_RESTRICTIONS"},
		{0xc, "IORING_REGISTER_ENABLE_RINGS"},
		{0xd, "IORING_REGISTER_FILES2"},
		{0xe, "IORING_REGISTER_FILES_UPDATE2"},
		{0xf, "IORING_REGISTER_BUFFERS2"},
		{0x10, "IORING_REGISTER_BUFFERS_UPDATE"},
		{0x11, "IORING_REGISTER_IOWQ_AFF"},
		{0x12, "IORING_UNREGISTER_IOWQ_AFF"},
		{0x13, "IORING_REGISTER_IOWQ_MAX_WORKERS"},
		{0x14, "IORING_REGISTER_RING_FDS"},
		{0x15, "IORING_UNREGISTER_RING_FDS"},
		{0x16, "IORING_REGISTER_PBUF_RING"},
		{0x17, "IORING_UNREGISTER_PBUF_RING"},
		{0x18, "IORING_REGISTER_SYNC_CANCEL"},
		{0x19, "IORING_REGISTER_FILE_ALLOC_RANGE"},
		{0x1a, "IORING_REGISTER_PBUF_STATUS"},
		{0x1b, "IORING_REGISTER_NAPI"},
		{0x1c, "IORING_UNREGISTER_NAPI"},
		{0x1d, "IORING_REGISTER_CLOCK"},
		{0x1e, "IORING_REGISTER_CLONE_BUFFERS"},
		{0x1f, "IORING_REGISTER_SEND_MSG_RING"},
		{0x20, "IORING_REGISTER_ZCRX_IFQ"},
		{0x21, "IORING_REGISTER_RESIZE_RINGS"},
		{0x22, "IORING_REGISTER_MEM_REGION"},
	}},
}, values: []value{
	{0x80000000, "IORING_REGISTER_USE_REGISTERED_RING"},
}}

// modify_ldt(2)
var modifyLdt = kind{class: enum, width: 32}

// lsm_get_self_attr
var lsmAttrs = kind{class: enum, width: 32, values: []value{
	{0x64, "LSM_ATTR_CURRENT"},
	{0x65, "LSM_ATTR_EXEC"},
	{0x66, "LSM_ATTR_FSCREATE"},
	{0x67, "LSM_ATTR_KEYCREATE"},
	{0x68, "LSM_ATTR_PREV"},
	{0x69, "LSM_ATTR_SOCKCREATE"},
}}

// swapon(2)
var swapFlags = kind{class: flags, width: 32, values: []value{
	{0x8000, "SWAP_FLAG_PREFER"},
	{0x10000, "SWAP_FLAG_DISCARD"},
	{0x20000, "SWAP_FLAG_DISCARD_ONCE"},
	{0x40000, "SWAP_FLAG_DISCARD_PAGES"},
}}

// keyctl(2): a key for most operations
var keyctlArg2 = kind{class: hex, width: 64, on: 0, cases: []choice{
	{0, &keyrings},    // KEYCTL_GET_KEYRING_ID
	{2, &keyrings},    // KEYCTL_UPDATE
	{3, &keyrings},    // KEYCTL_REVOKE
	{4, &keyrings},    // KEYCTL_CHOWN
	{5, &keyrings},    // KEYCTL_SETPERM
	{6, &keyrings},    // KEYCTL_DESCRIBE
	{7, &keyrings},    // KEYCTL_CLEAR
	{8, &keyrings},    // KEYCTL_LINK
	{9, &keyrings},    // KEYCTL_UNLINK
	{0xa, &keyrings},  // KEYCTL_SEARCH
	{0xb, &keyrings},  // KEYCTL_READ
	{0xc, &keyrings},  // KEYCTL_INSTANTIATE
	{0xd, &keyrings},  // KEYCTL_NEGATE
	{0xf, &keyrings},  // KEYCTL_SET_TIMEOUT
	{0x10, &keyrings}, // KEYCTL_ASSUME_AUTHORITY
	{0x11, &keyrings}, // KEYCTL_GET_SECURITY
	{0x13, &keyrings}, // KEYCTL_REJECT
	{0x15, &keyrings}, // KEYCTL_INVALIDATE
	{0x1d, &keyrings}, // KEYCTL_RESTRICT_KEYRING
	{0x1e, &keyrings}, // KEYCTL_MOVE
	{1, &ptr},         // KEYCTL_JOIN_SESSION_KEYRING
}}

// lsm_get_self_attr
var lsmFlags = kind{class: flags, width: 32, values: []value{
	{1, "LSM_FLAG_SINGLE"},
}}

// listmount(2)
var listmountFlags = kind{class: flags, width: 32, values: []value{
	{1, "LISTMOUNT_REVERSE"},
}}
