// SPDX-License-Identifier: MIT

package main

import (
	"bufio"
	"encoding/json"
	"fmt"
	"io"
	"net"
	"net/http"
	"strings"
)

// A query is one JSON-RPC request, its body.
type query []byte

// ask makes a query; params are numbers, and strings without what JSON would escape.
func ask(method string, params ...any) query {
	list := make([]string, len(params))
	for i, p := range params {
		list[i] = fmt.Sprintf("%#v", p)
	}
	return fmt.Appendf(nil, `{"jsonrpc":"1.0","id":1,"method":%q,"params":[%s]}`, method, strings.Join(list, ","))
}

// A client is one connection, kept alive. It does no more than it must: its processor time is
// part of what is measured.
type client struct {
	conn net.Conn
	r    *bufio.Reader
	head []byte
}

func (n *node) dial() (*client, error) {
	conn, err := net.Dial("tcp", n.at.RPC)
	if err != nil {
		return nil, err
	}
	request, err := http.NewRequest(http.MethodPost, "http://"+n.at.RPC+"/", nil)
	if err != nil {
		return nil, err
	}
	request.SetBasicAuth(n.at.User, n.at.Password)
	head := fmt.Appendf(nil, "POST / HTTP/1.1\r\nHost: %s\r\nAuthorization: %s\r\n", n.at.RPC, request.Header.Get("Authorization"))
	return &client{conn, bufio.NewReader(conn), head}, nil
}

func (c *client) close() { c.conn.Close() }

// call sends a query and returns the body of the answer.
func (c *client) call(q query) ([]byte, error) {
	request := fmt.Appendf(c.head[:len(c.head):len(c.head)], "Content-Length: %d\r\n\r\n%s", len(q), q)
	if _, err := c.conn.Write(request); err != nil {
		return nil, err
	}
	response, err := http.ReadResponse(c.r, nil)
	if err != nil {
		return nil, err
	}
	body, err := io.ReadAll(response.Body)
	if err == nil && response.StatusCode != http.StatusOK {
		err = fmt.Errorf("%s: %s: %.200s", q, response.Status, body)
	}
	return body, err
}

// result calls and decodes the result into v.
func (c *client) result(v any, method string, params ...any) error {
	body, err := c.call(ask(method, params...))
	if err != nil {
		return err
	}
	answer := struct{ Result any }{v}
	return json.Unmarshal(body, &answer)
}

func (c *client) blockCount() (height int, err error) {
	err = c.result(&height, "getblockcount")
	return height, err
}
