// SPDX-License-Identifier: MIT

package main

import (
	"bytes"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"

	"github.com/btcsuite/btcd/blockchain"
	"github.com/btcsuite/btcd/btcjson"
	"github.com/btcsuite/btcd/btcutil/v2"
	"github.com/btcsuite/btcd/chainhash/v2"
	"github.com/syndtr/goleveldb/leveldb"
	"github.com/syscall-sandbox/sandbox"

	"github.com/syscall-sandbox/sandbox/examples/btcnode/internal/rpcapi"
)

// rpcMethods are named and answer as in Bitcoin Core, as far as they exist there.
func (n *node) rpcMethods() map[string]rpcMethod {
	return map[string]rpcMethod{
		"freememory":              n.freeMemory,
		"getblockcount":           n.getBlockCount,
		"getblockhash":            n.getBlockHash,
		"getblock":                n.getBlock,
		"getblockchaininfo":       n.getBlockChainInfo,
		"getrawtransaction":       n.getRawTransaction,
		"getsandboxinfo":          n.getSandboxInfo,
		"getviolations":           n.getViolations,
		"invokedisallowedsyscall": n.invokeDisallowedSyscall,
		"profiling":               n.profiling,
		"stop":                    n.stopByRPC,
	}
}

func (n *node) getBlockCount([]json.RawMessage) (any, error) { return n.chain.height(), nil }

func (n *node) getBlockHash(params []json.RawMessage) (any, error) {
	var height int32
	if err := decodeParams(params, 1, &height); err != nil {
		return nil, err
	}
	hash, err := n.chain.BlockHashByHeight(height)
	if err != nil {
		return nil, btcjson.NewRPCError(btcjson.ErrRPCOutOfRange, "block height out of range")
	}
	return hash.String(), nil
}

// getBlock takes a hash and, as in Bitcoin Core, a verbosity: 0 for the serialized block in hex, 1 (the default) for an object.
func (n *node) getBlock(params []json.RawMessage) (any, error) {
	var id string
	verbosity := 1
	if err := decodeParams(params, 1, &id, &verbosity); err != nil {
		return nil, err
	}
	hash, err := chainhash.NewHashFromStr(id)
	if err != nil {
		return nil, btcjson.NewRPCError(btcjson.ErrRPCDecodeHexString, err.Error())
	}
	block, err := n.chain.BlockByHash(hash)
	if err != nil {
		return nil, btcjson.NewRPCError(btcjson.ErrRPCBlockNotFound, "block not found")
	}
	raw, err := block.Bytes()
	if err != nil {
		return nil, err
	}
	if verbosity == 0 {
		return hex.EncodeToString(raw), nil
	}
	return n.verboseBlock(block, len(raw)), nil
}

func (n *node) verboseBlock(block *btcutil.Block, size int) *btcjson.GetBlockVerboseResult {
	header := &block.MsgBlock().Header
	result := &btcjson.GetBlockVerboseResult{
		Hash: block.Hash().String(), Height: int64(block.Height()), Confirmations: int64(n.chain.height()-block.Height()) + 1,
		Size: int32(size), StrippedSize: int32(block.MsgBlock().SerializeSizeStripped()), Weight: int32(blockchain.GetBlockWeight(block)),
		Version: header.Version, VersionHex: fmt.Sprintf("%08x", header.Version),
		MerkleRoot: header.MerkleRoot.String(), PreviousHash: header.PrevBlock.String(),
		Time: header.Timestamp.Unix(), Nonce: header.Nonce, Bits: fmt.Sprintf("%08x", header.Bits), Difficulty: difficulty(header.Bits, n.chain.params.PowLimitBits),
	}
	for _, tx := range block.Transactions() {
		result.Tx = append(result.Tx, tx.Hash().String())
	}
	if next, err := n.chain.BlockHashByHeight(block.Height() + 1); err == nil {
		result.NextHash = next.String()
	}
	return result
}

// difficulty is how many times harder than the easiest target a block was.
func difficulty(bits, limit uint32) float64 {
	easiest, _ := blockchain.CompactToBig(limit).Float64()
	target, _ := blockchain.CompactToBig(bits).Float64()
	return easiest / target
}

func (n *node) getBlockChainInfo([]json.RawMessage) (any, error) { return n.chainInfo(), nil }

// getRawTransaction answers for confirmed transactions; it is what the transaction index is for.
func (n *node) getRawTransaction(params []json.RawMessage) (any, error) {
	var id string
	if err := decodeParams(params, 1, &id); err != nil {
		return nil, err
	}
	hash, err := chainhash.NewHashFromStr(id)
	if err != nil {
		return nil, btcjson.NewRPCError(btcjson.ErrRPCDecodeHexString, err.Error())
	}
	tx, block, err := n.index.find(hash)
	if errors.Is(err, leveldb.ErrNotFound) {
		return nil, btcjson.NewRPCError(btcjson.ErrRPCNoTxInfo, "transaction not found")
	}
	if err != nil {
		return nil, err
	}
	var raw bytes.Buffer
	if err := tx.MsgTx().Serialize(&raw); err != nil {
		return nil, err
	}
	return rpcapi.RawTransaction{TxID: id, BlockHash: block.Hash().String(), Height: block.Height(), Hex: hex.EncodeToString(raw.Bytes())}, nil
}

func (n *node) getSandboxInfo([]json.RawMessage) (any, error) { return n.roles.info() }

// getViolations lists the distinct violations so far, with counts and stacks: under log-and-deny those refused, under
// log-and-allow and learn those that would have been.
func (n *node) getViolations([]json.RawMessage) (any, error) {
	return append([]sandbox.Violation{}, sandbox.Violations()...), nil // [] rather than null
}

// invokeDisallowedSyscall makes the calling worker do what no policy of this node allows. Under log-and-abort and abort it does
// not return. Bitcoin Core has this method for its tests.
func (n *node) invokeDisallowedSyscall([]json.RawMessage) (any, error) {
	if err := sandbox.TestDisallowedSandboxCall(); err != nil {
		return nil, err
	}
	return "refused by an errno", nil
}

func (n *node) stopByRPC([]json.RawMessage) (any, error) {
	n.stop("stopped by RPC")
	return "btcnode stopping", nil
}

// decodeParams decodes params into the values; the first needed ones must be there.
func decodeParams(params []json.RawMessage, needed int, values ...any) error {
	if len(params) < needed || len(params) > len(values) {
		return btcjson.NewRPCError(btcjson.ErrRPCInvalidParams.Code, fmt.Sprintf("want %d to %d parameters", needed, len(values)))
	}
	for i, p := range params {
		if err := json.Unmarshal(p, values[i]); err != nil {
			return btcjson.NewRPCError(btcjson.ErrRPCInvalidParams.Code, err.Error())
		}
	}
	return nil
}
