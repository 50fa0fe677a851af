// SPDX-License-Identifier: MIT

package main

import (
	"context"
	"errors"
	"fmt"

	"modernc.org/sqlite"
)

// connect opens all connections at a time, with the log and its index, and they stay. With its first commit a connection also
// opens the directory, to make the log's name last: so each commits once.
func (s *store) connect() (err error) {
	s.db.SetMaxIdleConns(connections)
	first := fmt.Sprintf("PRAGMA user_version = %d", len(migrations))
	ctx := context.Background()
	for range connections {
		c, openErr := s.db.Conn(ctx)
		if openErr != nil {
			return errors.Join(err, openErr)
		}
		defer func() { err = errors.Join(err, c.Close()) }()
		if _, err := c.ExecContext(ctx, first); err != nil {
			return err
		}
		// Or the last connection would delete the log when it closes.
		if err := c.Raw(keepLog); err != nil {
			return err
		}
	}
	return nil
}

func keepLog(conn any) error {
	_, err := conn.(sqlite.FileControl).FileControlPersistWAL("main", 1)
	return err
}
