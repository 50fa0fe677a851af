// SPDX-License-Identifier: MIT

package flow

import (
	"go/types"
	"strings"

	"golang.org/x/tools/go/ssa"
)

// Package net dials and listens by one function for all kinds of addresses, which chooses by
// the type of the address that it has got out of a list. No analysis of types sees that the
// list was made for a network by name (net/dial.go: parseNetwork, resolveAddrList, and the
// switch of internetAddrList in ipsock.go: an address of a type only for its networks). So it
// is written here which networks lead to which method; the name is in the receiver.

// networkMethods are methods of net's sysDialer and sysListener, and how the names of the
// networks begin for which they are called.
var networkMethods = map[string]string{
	"net.sysDialer.dialTCP": "tcp", "net.sysDialer.dialMPTCP": "tcp", "net.sysDialer.dialUDP": "udp",
	"net.sysDialer.dialIP": "ip", "net.sysDialer.dialUnix": "unix",
	"net.sysListener.listenTCP": "tcp", "net.sysListener.listenMPTCP": "tcp", "net.sysListener.listenUDP": "udp",
	"net.sysListener.listenIP": "ip", "net.sysListener.listenUnix": "unix", "net.sysListener.listenUnixgram": "unix",
}

// otherNetwork reports whether a method is not called, for the receiver is for other networks.
func otherNetwork(fn *ssa.Function, receiver *Value) bool {
	prefix, ok := networkMethods[FullName(fn)]
	if !ok || receiver == nil || len(receiver.Items) == 0 {
		return false
	}
	s, ok := ofNetwork(fn.Params[0].Type())
	if !ok {
		return false
	}
	for i := range s.NumFields() {
		if s.Field(i).Name() != "network" {
			continue
		}
		network := part(receiver, Object, i)
		if network == nil || len(network.Items) == 0 {
			return false
		}
		for _, item := range network.Items {
			if item.Kind != Text || strings.HasPrefix(item.Str, prefix) {
				return false
			}
		}
		return true
	}
	return false
}

// ofNetwork is the struct that a pointer type points to, if it is one of those two.
func ofNetwork(t types.Type) (*types.Struct, bool) {
	p, ok := t.Underlying().(*types.Pointer)
	if !ok {
		return nil, false
	}
	n, ok := p.Elem().(*types.Named)
	if !ok || n.Obj().Pkg() == nil || n.Obj().Pkg().Path() != "net" || n.Obj().Name() != "sysDialer" && n.Obj().Name() != "sysListener" {
		return nil, false
	}
	s, ok := n.Underlying().(*types.Struct)
	return s, ok
}
