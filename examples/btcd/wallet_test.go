// SPDX-License-Identifier: MIT

package main

import (
	"testing"

	"github.com/btcsuite/btcd/address/v2"
	"github.com/btcsuite/btcd/btcec/v2"
	"github.com/btcsuite/btcd/chaincfg/v2"
	"github.com/btcsuite/btcd/txscript/v2"
	"github.com/btcsuite/btcd/wire/v2"
)

// wallet is one key, which blocks are mined to: the tests spend what they mined.
type wallet struct {
	key     *btcec.PrivateKey
	address *address.AddressPubKeyHash
}

func miner(t *testing.T) wallet {
	t.Helper()
	key, public := btcec.PrivKeyFromBytes([]byte("a key that nobody has money with"))
	a, err := address.NewAddressPubKeyHash(address.Hash160(public.SerializeCompressed()), &chaincfg.SimNetParams)
	if err != nil {
		t.Fatal(err)
	}
	return wallet{key, a}
}

// spend makes a transaction that gives what the coinbase transaction made to the same key again, less a fee.
func (w wallet) spend(t *testing.T, coinbase *wire.MsgTx) *wire.MsgTx {
	t.Helper()
	script, err := txscript.PayToAddrScript(w.address)
	if err != nil {
		t.Fatal(err)
	}
	from, hash := coinbase.TxOut[0], coinbase.TxHash()
	tx := wire.NewMsgTx(wire.TxVersion)
	tx.AddTxIn(wire.NewTxIn(wire.NewOutPoint(&hash, 0), nil, nil))
	tx.AddTxOut(wire.NewTxOut(from.Value-10_000, script))
	tx.TxIn[0].SignatureScript, err = txscript.SignatureScript(tx, 0, from.PkScript, txscript.SigHashAll, w.key, true)
	if err != nil {
		t.Fatal(err)
	}
	return tx
}
