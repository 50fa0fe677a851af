// SPDX-License-Identifier: MIT

package sysargs

// socket(2), address_families(7)
var families = kind{class: enum, width: 32, values: []value{
	{0, "AF_UNSPEC"},
	{1, "AF_UNIX"},
	{2, "AF_INET"},
	{3, "AF_AX25"},
	{4, "AF_IPX"},
	{5, "AF_APPLETALK"},
	{6, "AF_NETROM"},
	{7, "AF_BRIDGE"},
	{8, "AF_ATMPVC"},
	{9, "AF_X25"},
	{0xa, "AF_INET6"},
	{0xb, "AF_ROSE"},
	{0xc, "AF_DECnet"},
	{0xd, "AF_NETBEUI"},
	{0xe, "AF_SECURITY"},
	{0xf, "AF_KEY"},
	{0x10, "AF_NETLINK"},
	{0x26, "AF_ALG"},
	{0x12, "AF_ASH"},
	{0x14, "AF_ATMSVC"},
	{0x1f, "AF_BLUETOOTH"},
	{0x25, "AF_CAIF"},
	{0x1d, "AF_CAN"},
	{0x13, "AF_ECONET"},
	{1, "AF_FILE"},
	{0x1b, "AF_IB"},
	{0x24, "AF_IEEE802154"},
	{0x17, "AF_IRDA"},
	{0x22, "AF_ISDN"},
	{0x20, "AF_IUCV"},
	{0x29, "AF_KCM"},
	{0x1a, "AF_LLC"},
	{1, "AF_LOCAL"},
	{0x2d, "AF_MCTP"},
	{0x1c, "AF_MPLS"},
	{0x27, "AF_NFC"},
	{0x11, "AF_PACKET"},
	{0x23, "AF_PHONET"},
	{0x18, "AF_PPPOX"},
	{0x2a, "AF_QIPCRTR"},
	{0x15, "AF_RDS"},
	{0x10, "AF_ROUTE"},
	{0x21, "AF_RXRPC"},
	{0x2b, "AF_SMC"},
	{0x16, "AF_SNA"},
	{0x1e, "AF_TIPC"},
	{0x28, "AF_VSOCK"},
	{0x19, "AF_WANPIPE"},
	{0x2c, "AF_XDP"},
}}

// socket(2): a type and two flags
var socketType = kind{class: flags, width: 32, fields: []field{
	{mask: 15, values: []value{
		{1, "SOCK_STREAM"},
		{2, "SOCK_DGRAM"},
		{3, "SOCK_RAW"},
		{4, "SOCK_RDM"},
		{5, "SOCK_SEQPACKET"},
		{6, "SOCK_DCCP"},
		{0xa, "SOCK_PACKET"},
	}},
}, values: []value{
	{0x80000, "SOCK_CLOEXEC"},
	{0x800, "SOCK_NONBLOCK"},
}}

// accept(2)
var acceptFlags = kind{class: flags, width: 32, values: []value{
	{0x80000, "SOCK_CLOEXEC"},
	{0x800, "SOCK_NONBLOCK"},
}}

// ip(7): protocols of AF_INET and AF_INET6
var ipProtocols = kind{class: enum, width: 32, values: []value{
	{0, "IPPROTO_IP"},
	{1, "IPPROTO_ICMP"},
	{6, "IPPROTO_TCP"},
	{0x11, "IPPROTO_UDP"},
	{0x90, "IPPROTO_AGGFRAG"},
	{0x33, "IPPROTO_AH"},
	{0x5e, "IPPROTO_BEETPH"},
	{0x6c, "IPPROTO_COMP"},
	{0x21, "IPPROTO_DCCP"},
	{0x3c, "IPPROTO_DSTOPTS"},
	{8, "IPPROTO_EGP"},
	{0x62, "IPPROTO_ENCAP"},
	{0x32, "IPPROTO_ESP"},
	{0x8f, "IPPROTO_ETHERNET"},
	{0x2c, "IPPROTO_FRAGMENT"},
	{0x2f, "IPPROTO_GRE"},
	{0, "IPPROTO_HOPOPTS"},
	{0x3a, "IPPROTO_ICMPV6"},
	{0x16, "IPPROTO_IDP"},
	{2, "IPPROTO_IGMP"},
	{4, "IPPROTO_IPIP"},
	{0x29, "IPPROTO_IPV6"},
	{0x73, "IPPROTO_L2TP"},
	{0x87, "IPPROTO_MH"},
	{0x89, "IPPROTO_MPLS"},
	{0x106, "IPPROTO_MPTCP"},
	{0x5c, "IPPROTO_MTP"},
	{0x3b, "IPPROTO_NONE"},
	{0x67, "IPPROTO_PIM"},
	{0xc, "IPPROTO_PUP"},
	{0xff, "IPPROTO_RAW"},
	{0x2b, "IPPROTO_ROUTING"},
	{0x2e, "IPPROTO_RSVP"},
	{0x84, "IPPROTO_SCTP"},
	{0x100, "IPPROTO_SMC"},
	{0x1d, "IPPROTO_TP"},
	{0x88, "IPPROTO_UDPLITE"},
}}

// netlink(7)
var netlinkProtocols = kind{class: enum, width: 32, values: []value{
	{0, "NETLINK_ROUTE"},
	{1, "NETLINK_UNUSED"},
	{2, "NETLINK_USERSOCK"},
	{3, "NETLINK_FIREWALL"},
	{4, "NETLINK_SOCK_DIAG"},
	{5, "NETLINK_NFLOG"},
	{6, "NETLINK_XFRM"},
	{7, "NETLINK_SELINUX"},
	{8, "NETLINK_ISCSI"},
	{9, "NETLINK_AUDIT"},
	{0xa, "NETLINK_FIB_LOOKUP"},
	{0xb, "NETLINK_CONNECTOR"},
	{0xc, "NETLINK_NETFILTER"},
	{0xd, "NETLINK_IP6_FW"},
	{0xe, "NETLINK_DNRTMSG"},
	{0xf, "NETLINK_KOBJECT_UEVENT"},
	{0x10, "NETLINK_GENERIC"},
	{0x12, "NETLINK_SCSITRANSPORT"},
	{0x13, "NETLINK_ECRYPTFS"},
	{0x14, "NETLINK_RDMA"},
	{0x15, "NETLINK_CRYPTO"},
	{0x16, "NETLINK_SMC"},
	{4, "NETLINK_INET_DIAG"},
}}

// socket(2), AF_BLUETOOTH
var bluetoothProtocols = kind{class: enum, width: 32, values: []value{
	{0, "BTPROTO_L2CAP"},
	{1, "BTPROTO_HCI"},
	{2, "BTPROTO_SCO"},
	{3, "BTPROTO_RFCOMM"},
	{4, "BTPROTO_BNEP"},
	{5, "BTPROTO_CMTP"},
	{6, "BTPROTO_HIDP"},
	{7, "BTPROTO_AVDTP"},
}}

// socket(2), AF_CAN
var canProtocols = kind{class: enum, width: 32, values: []value{
	{1, "CAN_RAW"},
	{2, "CAN_BCM"},
	{3, "CAN_TP16"},
	{4, "CAN_TP20"},
	{5, "CAN_MCNET"},
	{6, "CAN_ISOTP"},
	{7, "CAN_J1939"},
}}

// packet(7): protocols of AF_PACKET are in network byte order
var packetProtocols = kind{class: enum, width: 32}

// socket(2): the names of protocols depend on the family
var protocols = kind{class: enum, width: 32, on: 0, cases: []choice{
	{2, &ipProtocols},           // AF_INET
	{0xa, &ipProtocols},         // AF_INET6
	{0x10, &netlinkProtocols},   // AF_NETLINK
	{0x1f, &bluetoothProtocols}, // AF_BLUETOOTH
	{0x1d, &canProtocols},       // AF_CAN
	{0x11, &packetProtocols},    // AF_PACKET
}}

// setsockopt(2): SOL_SOCKET or a protocol
var sockoptLevels = kind{class: enum, width: 32, values: []value{
	{1, "SOL_SOCKET"},
	{0, "IPPROTO_IP"},
	{1, "IPPROTO_ICMP"},
	{6, "IPPROTO_TCP"},
	{0x11, "IPPROTO_UDP"},
	{0x29, "IPPROTO_IPV6"},
	{0x3a, "IPPROTO_ICMPV6"},
	{0xff, "IPPROTO_RAW"},
	{0x10e, "SOL_NETLINK"},
	{0x107, "SOL_PACKET"},
	{0x84, "IPPROTO_SCTP"},
	{0x88, "IPPROTO_UDPLITE"},
	{0x21, "IPPROTO_DCCP"},
	{0x109, "SOL_AAL"},
	{0x117, "SOL_ALG"},
	{0x108, "SOL_ATM"},
	{0x116, "SOL_CAIF"},
	{0x64, "SOL_CAN_BASE"},
	{0x65, "SOL_CAN_RAW"},
	{0x10d, "SOL_DCCP"},
	{0x105, "SOL_DECNET"},
	{0x10a, "SOL_IRDA"},
	{0x115, "SOL_IUCV"},
	{0x119, "SOL_KCM"},
	{0x10c, "SOL_LLC"},
	{0x11d, "SOL_MCTP"},
	{0x11c, "SOL_MPTCP"},
	{0x10b, "SOL_NETBEUI"},
	{0x118, "SOL_NFC"},
	{0x113, "SOL_PNPIPE"},
	{0x111, "SOL_PPPOL2TP"},
	{0xff, "SOL_RAW"},
	{0x114, "SOL_RDS"},
	{0x110, "SOL_RXRPC"},
	{0x11e, "SOL_SMC"},
	{0x10f, "SOL_TIPC"},
	{0x11a, "SOL_TLS"},
	{0x11f, "SOL_VSOCK"},
	{0x106, "SOL_X25"},
	{0x11b, "SOL_XDP"},
	{0x112, "SOL_BLUETOOTH"},
	{0, "SOL_IP"},
	{6, "SOL_TCP"},
	{0x11, "SOL_UDP"},
	{0x29, "SOL_IPV6"},
	{0x3a, "SOL_ICMPV6"},
	{0x84, "SOL_SCTP"},
	{0x28, "AF_VSOCK"},
}}

// socket(7)
var socketOptions = kind{class: enum, width: 32, values: []value{
	{1, "SO_DEBUG"},
	{2, "SO_REUSEADDR"},
	{3, "SO_TYPE"},
	{4, "SO_ERROR"},
	{5, "SO_DONTROUTE"},
	{6, "SO_BROADCAST"},
	{7, "SO_SNDBUF"},
	{8, "SO_RCVBUF"},
	{9, "SO_KEEPALIVE"},
	{0xa, "SO_OOBINLINE"},
	{0xb, "SO_NO_CHECK"},
	{0xc, "SO_PRIORITY"},
	{0xd, "SO_LINGER"},
	{0xe, "SO_BSDCOMPAT"},
	{0xf, "SO_REUSEPORT"},
	{0x10, "SO_PASSCRED"},
	{0x11, "SO_PEERCRED"},
	{0x12, "SO_RCVLOWAT"},
	{0x13, "SO_SNDLOWAT"},
	{0x14, "SO_RCVTIMEO"},
	{0x15, "SO_SNDTIMEO"},
	{0x1a, "SO_ATTACH_FILTER"},
	{0x1b, "SO_DETACH_FILTER"},
	{0x1d, "SO_TIMESTAMP"},
	{0x23, "SO_TIMESTAMPNS"},
	{0x25, "SO_TIMESTAMPING"},
	{0x1b, "SO_DETACH_BPF"},
	{0x1a, "SO_GET_FILTER"},
	{0x1c, "SO_PEERNAME"},
	{0x1d, "SO_TIMESTAMP_OLD"},
	{0x1e, "SO_ACCEPTCONN"},
	{0x32, "SO_ATTACH_BPF"},
	{0x33, "SO_ATTACH_REUSEPORT_CBPF"},
	{0x34, "SO_ATTACH_REUSEPORT_EBPF"},
	{0x19, "SO_BINDTODEVICE"},
	{0x3e, "SO_BINDTOIFINDEX"},
	{0x30, "SO_BPF_EXTENSIONS"},
	{0x48, "SO_BUF_LOCK"},
	{0x2e, "SO_BUSY_POLL"},
	{0x46, "SO_BUSY_POLL_BUDGET"},
	{0x35, "SO_CNX_ADVICE"},
	{0x39, "SO_COOKIE"},
	{0x44, "SO_DETACH_REUSEPORT_BPF"},
	{0x4f, "SO_DEVMEM_DMABUF"},
	{0x50, "SO_DEVMEM_DONTNEED"},
	{0x4e, "SO_DEVMEM_LINEAR"},
	{0x27, "SO_DOMAIN"},
	{0x31, "SO_INCOMING_CPU"},
	{0x38, "SO_INCOMING_NAPI_ID"},
	{0x54, "SO_INQ"},
	{0x2c, "SO_LOCK_FILTER"},
	{0x24, "SO_MARK"},
	{0x2f, "SO_MAX_PACING_RATE"},
	{0x37, "SO_MEMINFO"},
	{0x47, "SO_NETNS_COOKIE"},
	{0x2b, "SO_NOFCS"},
	{0x4c, "SO_PASSPIDFD"},
	{0x53, "SO_PASSRIGHTS"},
	{0x22, "SO_PASSSEC"},
	{0x2a, "SO_PEEK_OFF"},
	{0x3b, "SO_PEERGROUPS"},
	{0x4d, "SO_PEERPIDFD"},
	{0x1f, "SO_PEERSEC"},
	{0x45, "SO_PREFER_BUSY_POLL"},
	{0x26, "SO_PROTOCOL"},
	{0x21, "SO_RCVBUFFORCE"},
	{0x4b, "SO_RCVMARK"},
	{0x52, "SO_RCVPRIORITY"},
	{0x42, "SO_RCVTIMEO_NEW"},
	{0x14, "SO_RCVTIMEO_OLD"},
	{0x49, "SO_RESERVE_MEM"},
	{0x28, "SO_RXQ_OVFL"},
	{0x16, "SO_SECURITY_AUTHENTICATION"},
	{0x18, "SO_SECURITY_ENCRYPTION_NETWORK"},
	{0x17, "SO_SECURITY_ENCRYPTION_TRANSPORT"},
	{0x2d, "SO_SELECT_ERR_QUEUE"},
	{0x20, "SO_SNDBUFFORCE"},
	{0x43, "SO_SNDTIMEO_NEW"},
	{0x15, "SO_SNDTIMEO_OLD"},
	{0x41, "SO_TIMESTAMPING_NEW"},
	{0x25, "SO_TIMESTAMPING_OLD"},
	{0x40, "SO_TIMESTAMPNS_NEW"},
	{0x23, "SO_TIMESTAMPNS_OLD"},
	{0x3f, "SO_TIMESTAMP_NEW"},
	{0x4a, "SO_TXREHASH"},
	{0x3d, "SO_TXTIME"},
	{0x29, "SO_WIFI_STATUS"},
	{0x3c, "SO_ZEROCOPY"},
}}

// ip(7)
var ipOptions = kind{class: enum, width: 32, values: []value{
	{0x23, "IP_ADD_MEMBERSHIP"},
	{0x27, "IP_ADD_SOURCE_MEMBERSHIP"},
	{0x18, "IP_BIND_ADDRESS_NO_PORT"},
	{0x26, "IP_BLOCK_SOURCE"},
	{0x17, "IP_CHECKSUM"},
	{0x24, "IP_DROP_MEMBERSHIP"},
	{0x28, "IP_DROP_SOURCE_MEMBERSHIP"},
	{0xf, "IP_FREEBIND"},
	{3, "IP_HDRINCL"},
	{0x10, "IP_IPSEC_POLICY"},
	{0x33, "IP_LOCAL_PORT_RANGE"},
	{0x15, "IP_MINTTL"},
	{0x29, "IP_MSFILTER"},
	{0xe, "IP_MTU"},
	{0xa, "IP_MTU_DISCOVER"},
	{0x31, "IP_MULTICAST_ALL"},
	{0x20, "IP_MULTICAST_IF"},
	{0x22, "IP_MULTICAST_LOOP"},
	{0x21, "IP_MULTICAST_TTL"},
	{0x16, "IP_NODEFRAG"},
	{4, "IP_OPTIONS"},
	{0x14, "IP_ORIGDSTADDR"},
	{0x12, "IP_PASSSEC"},
	{8, "IP_PKTINFO"},
	{9, "IP_PKTOPTIONS"},
	{0x34, "IP_PROTOCOL"},
	{0xb, "IP_RECVERR"},
	{0x1a, "IP_RECVERR_RFC4884"},
	{0x19, "IP_RECVFRAGSIZE"},
	{6, "IP_RECVOPTS"},
	{0x14, "IP_RECVORIGDSTADDR"},
	{7, "IP_RECVRETOPTS"},
	{0xd, "IP_RECVTOS"},
	{0xc, "IP_RECVTTL"},
	{5, "IP_ROUTER_ALERT"},
	{1, "IP_TOS"},
	{0x13, "IP_TRANSPARENT"},
	{2, "IP_TTL"},
	{0x25, "IP_UNBLOCK_SOURCE"},
	{0x32, "IP_UNICAST_IF"},
	{0x11, "IP_XFRM_POLICY"},
	{7, "IP_RETOPTS"},
	{0xa, "IP_PMTUDISC"},
	{0x50, "SO_ORIGINAL_DST"},
	{0x2a, "MCAST_JOIN_GROUP"},
	{0x2b, "MCAST_BLOCK_SOURCE"},
	{0x2c, "MCAST_UNBLOCK_SOURCE"},
	{0x2d, "MCAST_LEAVE_GROUP"},
	{0x2e, "MCAST_JOIN_SOURCE_GROUP"},
	{0x2f, "MCAST_LEAVE_SOURCE_GROUP"},
	{0x30, "MCAST_MSFILTER"},
}}

// ipv6(7)
var ipv6Options = kind{class: enum, width: 32, values: []value{
	{1, "IPV6_ADDRFORM"},
	{4, "IPV6_2292DSTOPTS"},
	{8, "IPV6_2292HOPLIMIT"},
	{3, "IPV6_2292HOPOPTS"},
	{2, "IPV6_2292PKTINFO"},
	{6, "IPV6_2292PKTOPTIONS"},
	{5, "IPV6_2292RTHDR"},
	{0x48, "IPV6_ADDR_PREFERENCES"},
	{0x14, "IPV6_ADD_MEMBERSHIP"},
	{0xa, "IPV6_AUTHHDR"},
	{0x46, "IPV6_AUTOFLOWLABEL"},
	{7, "IPV6_CHECKSUM"},
	{0x3e, "IPV6_DONTFRAG"},
	{0x15, "IPV6_DROP_MEMBERSHIP"},
	{0x3b, "IPV6_DSTOPTS"},
	{0x4e, "IPV6_FREEBIND"},
	{0x24, "IPV6_HDRINCL"},
	{0x34, "IPV6_HOPLIMIT"},
	{0x36, "IPV6_HOPOPTS"},
	{0x22, "IPV6_IPSEC_POLICY"},
	{0x1b, "IPV6_JOIN_ANYCAST"},
	{0x14, "IPV6_JOIN_GROUP"},
	{0x1c, "IPV6_LEAVE_ANYCAST"},
	{0x15, "IPV6_LEAVE_GROUP"},
	{0x49, "IPV6_MINHOPCOUNT"},
	{0x18, "IPV6_MTU"},
	{0x17, "IPV6_MTU_DISCOVER"},
	{0x1d, "IPV6_MULTICAST_ALL"},
	{0x12, "IPV6_MULTICAST_HOPS"},
	{0x11, "IPV6_MULTICAST_IF"},
	{0x13, "IPV6_MULTICAST_LOOP"},
	{9, "IPV6_NEXTHOP"},
	{0x4a, "IPV6_ORIGDSTADDR"},
	{0x3d, "IPV6_PATHMTU"},
	{0x32, "IPV6_PKTINFO"},
	{0x3a, "IPV6_RECVDSTOPTS"},
	{0x19, "IPV6_RECVERR"},
	{0x1f, "IPV6_RECVERR_RFC4884"},
	{0x4d, "IPV6_RECVFRAGSIZE"},
	{0x33, "IPV6_RECVHOPLIMIT"},
	{0x35, "IPV6_RECVHOPOPTS"},
	{0x4a, "IPV6_RECVORIGDSTADDR"},
	{0x3c, "IPV6_RECVPATHMTU"},
	{0x31, "IPV6_RECVPKTINFO"},
	{0x38, "IPV6_RECVRTHDR"},
	{0x42, "IPV6_RECVTCLASS"},
	{0x16, "IPV6_ROUTER_ALERT"},
	{0x1e, "IPV6_ROUTER_ALERT_ISOLATE"},
	{0x39, "IPV6_RTHDR"},
	{0x37, "IPV6_RTHDRDSTOPTS"},
	{0x43, "IPV6_TCLASS"},
	{0x4b, "IPV6_TRANSPARENT"},
	{0x10, "IPV6_UNICAST_HOPS"},
	{0x4c, "IPV6_UNICAST_IF"},
	{0x1a, "IPV6_V6ONLY"},
	{0x23, "IPV6_XFRM_POLICY"},
	{0x36, "IPV6_RXHOPOPTS"},
	{0x3b, "IPV6_RXDSTOPTS"},
	{0x2a, "MCAST_JOIN_GROUP"},
	{0x2b, "MCAST_BLOCK_SOURCE"},
	{0x2c, "MCAST_UNBLOCK_SOURCE"},
	{0x2d, "MCAST_LEAVE_GROUP"},
	{0x2e, "MCAST_JOIN_SOURCE_GROUP"},
	{0x2f, "MCAST_LEAVE_SOURCE_GROUP"},
	{0x30, "MCAST_MSFILTER"},
}}

// tcp(7)
var tcpOptions = kind{class: enum, width: 32, values: []value{
	{1, "TCP_NODELAY"},
	{2, "TCP_MAXSEG"},
	{3, "TCP_CORK"},
	{4, "TCP_KEEPIDLE"},
	{5, "TCP_KEEPINTVL"},
	{6, "TCP_KEEPCNT"},
	{7, "TCP_SYNCNT"},
	{8, "TCP_LINGER2"},
	{9, "TCP_DEFER_ACCEPT"},
	{0xa, "TCP_WINDOW_CLAMP"},
	{0xb, "TCP_INFO"},
	{0xc, "TCP_QUICKACK"},
	{0xd, "TCP_CONGESTION"},
	{0xe, "TCP_MD5SIG"},
	{0xf, "TCP_COOKIE_TRANSACTIONS"},
	{0x10, "TCP_THIN_LINEAR_TIMEOUTS"},
	{0x11, "TCP_THIN_DUPACK"},
	{0x12, "TCP_USER_TIMEOUT"},
	{0x13, "TCP_REPAIR"},
	{0x14, "TCP_REPAIR_QUEUE"},
	{0x15, "TCP_QUEUE_SEQ"},
	{0x16, "TCP_REPAIR_OPTIONS"},
	{0x17, "TCP_FASTOPEN"},
	{0x18, "TCP_TIMESTAMP"},
	{0x19, "TCP_NOTSENT_LOWAT"},
	{0x1a, "TCP_CC_INFO"},
	{0x1b, "TCP_SAVE_SYN"},
	{0x1c, "TCP_SAVED_SYN"},
	{0x1d, "TCP_REPAIR_WINDOW"},
	{0x1e, "TCP_FASTOPEN_CONNECT"},
	{0x1f, "TCP_ULP"},
	{0x20, "TCP_MD5SIG_EXT"},
	{0x21, "TCP_FASTOPEN_KEY"},
	{0x22, "TCP_FASTOPEN_NO_COOKIE"},
	{0x23, "TCP_ZEROCOPY_RECEIVE"},
	{0x24, "TCP_INQ"},
	{0x25, "TCP_TX_DELAY"},
	{0x2c, "TCP_RTO_MAX_MS"},
	{0x2d, "TCP_RTO_MIN_US"},
	{0x2e, "TCP_DELACK_MAX_US"},
	{0x26, "TCP_AO_ADD_KEY"},
	{0x27, "TCP_AO_DEL_KEY"},
	{0x28, "TCP_AO_INFO"},
	{0x29, "TCP_AO_GET_KEYS"},
	{0x2a, "TCP_AO_REPAIR"},
	{0x2b, "TCP_IS_MPTCP"},
	{0x24, "TCP_CM_INQ"},
}}

// udp(7)
var udpOptions = kind{class: enum, width: 32, values: []value{
	{1, "UDP_CORK"},
	{0x64, "UDP_ENCAP"},
	{0x65, "UDP_NO_CHECK6_TX"},
	{0x66, "UDP_NO_CHECK6_RX"},
	{0x67, "UDP_SEGMENT"},
	{0x68, "UDP_GRO"},
}}

// packet(7)
var packetOptions = kind{class: enum, width: 32, values: []value{
	{1, "PACKET_ADD_MEMBERSHIP"},
	{2, "PACKET_DROP_MEMBERSHIP"},
	{3, "PACKET_RECV_OUTPUT"},
	{5, "PACKET_RX_RING"},
	{6, "PACKET_STATISTICS"},
	{7, "PACKET_COPY_THRESH"},
	{8, "PACKET_AUXDATA"},
	{9, "PACKET_ORIGDEV"},
	{0xa, "PACKET_VERSION"},
	{0xb, "PACKET_HDRLEN"},
	{0xc, "PACKET_RESERVE"},
	{0xd, "PACKET_TX_RING"},
	{0xe, "PACKET_LOSS"},
	{0xf, "PACKET_VNET_HDR"},
	{0x10, "PACKET_TX_TIMESTAMP"},
	{0x11, "PACKET_TIMESTAMP"},
	{0x12, "PACKET_FANOUT"},
	{0x13, "PACKET_TX_HAS_OFF"},
	{0x14, "PACKET_QDISC_BYPASS"},
	{0x15, "PACKET_ROLLOVER_STATS"},
	{0x16, "PACKET_FANOUT_DATA"},
	{0x17, "PACKET_IGNORE_OUTGOING"},
	{0x18, "PACKET_VNET_HDR_SZ"},
}}

// netlink(7)
var netlinkOptions = kind{class: enum, width: 32, values: []value{
	{1, "NETLINK_ADD_MEMBERSHIP"},
	{2, "NETLINK_DROP_MEMBERSHIP"},
	{3, "NETLINK_PKTINFO"},
	{4, "NETLINK_BROADCAST_ERROR"},
	{5, "NETLINK_NO_ENOBUFS"},
	{6, "NETLINK_RX_RING"},
	{7, "NETLINK_TX_RING"},
	{8, "NETLINK_LISTEN_ALL_NSID"},
	{9, "NETLINK_LIST_MEMBERSHIPS"},
	{0xa, "NETLINK_CAP_ACK"},
	{0xb, "NETLINK_EXT_ACK"},
	{0xc, "NETLINK_GET_STRICT_CHK"},
}}

// raw(7), icmp6
var icmpOptions = kind{class: enum, width: 32, values: []value{
	{1, "ICMP_FILTER"},
}}

// icmp6
var icmp6Options = kind{class: enum, width: 32, values: []value{
	{1, "ICMPV6_FILTER"},
}}

// AF_ALG
var algOptions = kind{class: enum, width: 32, values: []value{
	{4, "ALG_SET_AEAD_ASSOCLEN"},
	{5, "ALG_SET_AEAD_AUTHSIZE"},
	{6, "ALG_SET_DRBG_ENTROPY"},
	{2, "ALG_SET_IV"},
	{1, "ALG_SET_KEY"},
	{7, "ALG_SET_KEY_BY_KEY_SERIAL"},
	{3, "ALG_SET_OP"},
}}

// kernel TLS
var tlsOptions = kind{class: enum, width: 32, values: []value{
	{1, "TLS_TX"},
	{2, "TLS_RX"},
	{3, "TLS_TX_ZEROCOPY_RO"},
	{4, "TLS_RX_EXPECT_NO_PAD"},
}}

// AF_XDP
var xdpOptions = kind{class: enum, width: 32, values: []value{
	{1, "XDP_MMAP_OFFSETS"},
	{2, "XDP_RX_RING"},
	{3, "XDP_TX_RING"},
	{4, "XDP_UMEM_REG"},
	{5, "XDP_UMEM_FILL_RING"},
	{6, "XDP_UMEM_COMPLETION_RING"},
	{7, "XDP_STATISTICS"},
	{8, "XDP_OPTIONS"},
}}

// vsock(7)
var vsockOptions = kind{class: enum, width: 32, values: []value{
	{0, "SO_VM_SOCKETS_BUFFER_SIZE"},
	{1, "SO_VM_SOCKETS_BUFFER_MIN_SIZE"},
	{2, "SO_VM_SOCKETS_BUFFER_MAX_SIZE"},
	{3, "SO_VM_SOCKETS_PEER_HOST_VM_ID"},
	{5, "SO_VM_SOCKETS_TRUSTED"},
	{6, "SO_VM_SOCKETS_CONNECT_TIMEOUT_OLD"},
	{7, "SO_VM_SOCKETS_NONBLOCK_TXRX"},
	{8, "SO_VM_SOCKETS_CONNECT_TIMEOUT_NEW"},
	{6, "SO_VM_SOCKETS_CONNECT_TIMEOUT"},
}}

// multipath TCP
var mptcpOptions = kind{class: enum, width: 32, values: []value{
	{1, "MPTCP_INFO"},
	{2, "MPTCP_TCPINFO"},
	{3, "MPTCP_SUBFLOW_ADDRS"},
	{4, "MPTCP_FULL_INFO"},
}}

// setsockopt(2): the names of options depend on the level
var sockOptions = kind{class: enum, width: 32, on: 1, cases: []choice{
	{1, &socketOptions},      // SOL_SOCKET
	{0, &ipOptions},          // IPPROTO_IP
	{0x29, &ipv6Options},     // IPPROTO_IPV6
	{6, &tcpOptions},         // IPPROTO_TCP
	{0x11, &udpOptions},      // IPPROTO_UDP
	{0x88, &udpOptions},      // IPPROTO_UDPLITE
	{0x107, &packetOptions},  // SOL_PACKET
	{0x10e, &netlinkOptions}, // SOL_NETLINK
	{0xff, &icmpOptions},     // SOL_RAW
	{1, &icmpOptions},        // IPPROTO_ICMP
	{0x3a, &icmp6Options},    // IPPROTO_ICMPV6
	{0x117, &algOptions},     // SOL_ALG
	{0x11a, &tlsOptions},     // SOL_TLS
	{0x11b, &xdpOptions},     // SOL_XDP
	{0x11f, &vsockOptions},   // SOL_VSOCK
	{0x28, &vsockOptions},    // AF_VSOCK
	{0x11c, &mptcpOptions},   // SOL_MPTCP
}}

// send(2), recv(2)
var msgSocketFlags = kind{class: flags, width: 32, values: []value{
	{1, "MSG_OOB"},
	{2, "MSG_PEEK"},
	{4, "MSG_DONTROUTE"},
	{8, "MSG_CTRUNC"},
	{0x10, "MSG_PROXY"},
	{0x20, "MSG_TRUNC"},
	{0x40, "MSG_DONTWAIT"},
	{0x80, "MSG_EOR"},
	{0x100, "MSG_WAITALL"},
	{0x200, "MSG_FIN"},
	{0x400, "MSG_SYN"},
	{0x800, "MSG_CONFIRM"},
	{0x1000, "MSG_RST"},
	{0x2000, "MSG_ERRQUEUE"},
	{0x4000, "MSG_NOSIGNAL"},
	{0x8000, "MSG_MORE"},
	{0x10000, "MSG_WAITFORONE"},
	{0x40000, "MSG_BATCH"},
	{0x2000000, "MSG_SOCK_DEVMEM"},
	{0x4000000, "MSG_ZEROCOPY"},
	{0x20000000, "MSG_FASTOPEN"},
	{0x40000000, "MSG_CMSG_CLOEXEC"},
	{4, "MSG_TRYHARD"},
}}

// shutdown(2)
var shutdownHow = kind{class: enum, width: 32, values: []value{
	{0, "SHUT_RD"},
	{1, "SHUT_WR"},
	{2, "SHUT_RDWR"},
}}
