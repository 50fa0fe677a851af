// SPDX-License-Identifier: MIT

// Package rpcapi is what the node and its clients say to each other over JSON-RPC.
package rpcapi

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"os"
	"path/filepath"
	"time"

	"github.com/btcsuite/btcd/btcjson"
)

// ChainInfo answers getblockchaininfo.
type ChainInfo struct {
	Blocks        int32  `json:"blocks"`  // height of the tip
	Headers       int32  `json:"headers"` // height of the best header
	BestBlockHash string `json:"bestblockhash"`
	Flushed       int32  `json:"flushed"`      // height that survives kill -9
	Connected     int64  `json:"connected"`    // blocks connected by this process
	Disconnected  int64  `json:"disconnected"` // blocks that a better branch took the place of
	Scripts       int64  `json:"scripts"`      // script engine runs of this process
	Synced        bool   `json:"synced"`       // a peer said that it has no more headers, and we have all blocks
}

// SandboxInfo answers getsandboxinfo.
type SandboxInfo struct {
	Action         string `json:"action"`
	Enabled        bool   `json:"enabled"`
	PID            int    `json:"pid"`
	ProcessPolicy  string `json:"processpolicy"`
	ProcessAllowed int    `json:"processallowed"`
	ProcessThreads int    `json:"processthreads"`           // threads under the process policy only
	ThreadsUnknown string `json:"threadsunknown,omitempty"` // why what the kernel says about the threads is missing
	Roles          []Role `json:"roles"`
}

// Role is one job of the node and its thread.
type Role struct {
	Name    string   `json:"name"`
	Policy  string   `json:"policy"`
	Allowed int      `json:"allowed"`           // calls that the policy allows, the Go runtime's included
	TID     int      `json:"tid,omitempty"`     // 0: no filtered thread of that name
	Filters int      `json:"filters,omitempty"` // in force on the thread, as the kernel says
	Chain   []string `json:"chain,omitempty"`   // the policies in force on the thread, oldest first
	Work    string   `json:"work"`
	Ended   bool     `json:"ended,omitempty"`
}

// RawTransaction answers getrawtransaction.
type RawTransaction struct {
	TxID      string `json:"txid"`
	BlockHash string `json:"blockhash"`
	Height    int32  `json:"height"`
	Hex       string `json:"hex"`
}

// Endpoints is written by the node into its data directory when it listens: where, and with which password. Only the user
// who runs the node may read it.
type Endpoints struct {
	P2P      string `json:"p2p"`
	RPC      string `json:"rpc"`
	User     string `json:"user"`
	Password string `json:"password"`
}

// EndpointsFile returns the path of that file.
func EndpointsFile(dataDir string) string { return filepath.Join(dataDir, "endpoints.json") }

// ReadEndpoints reads the file.
func ReadEndpoints(dataDir string) (e Endpoints, err error) {
	text, err := os.ReadFile(EndpointsFile(dataDir))
	if err == nil {
		err = json.Unmarshal(text, &e)
	}
	return e, err
}

// Write writes the file; a reader sees all of it or nothing.
func (e Endpoints) Write(dataDir string) error {
	text, err := json.Marshal(e)
	if err != nil {
		return err
	}
	temp := EndpointsFile(dataDir) + ".new"
	if err := os.WriteFile(temp, append(text, '\n'), 0o600); err != nil {
		return err
	}
	return os.Rename(temp, EndpointsFile(dataDir))
}

// Client calls one node.
type Client struct {
	at   Endpoints
	http http.Client
}

// NewClient makes a client for the node at e.
func NewClient(e Endpoints) *Client {
	return &Client{at: e, http: http.Client{Timeout: 30 * time.Second}}
}

// Call calls method and decodes its result into result, which may be nil.
func (c *Client) Call(result any, method string, params ...any) error {
	if params == nil {
		params = []any{}
	}
	body, err := json.Marshal(map[string]any{"jsonrpc": "1.0", "id": 1, "method": method, "params": params})
	if err != nil {
		return err
	}
	req, err := http.NewRequest(http.MethodPost, "http://"+c.at.RPC+"/", bytes.NewReader(body))
	if err != nil {
		return err
	}
	req.SetBasicAuth(c.at.User, c.at.Password)
	resp, err := c.http.Do(req)
	if err != nil {
		return err
	}
	defer resp.Body.Close()
	return decode(resp, result)
}

func decode(resp *http.Response, result any) error {
	text, err := io.ReadAll(resp.Body)
	if err != nil {
		return err
	}
	var answer btcjson.Response
	if err := json.Unmarshal(text, &answer); err != nil {
		return fmt.Errorf("%s: %.200s", resp.Status, text)
	}
	if answer.Error != nil {
		return answer.Error
	}
	if result == nil {
		return nil
	}
	return json.Unmarshal(answer.Result, result)
}
