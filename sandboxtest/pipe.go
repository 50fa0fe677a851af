// SPDX-License-Identifier: MIT

package sandboxtest

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"os"
	"os/exec"
	"sync"
	"time"
)

// The child's ends of the pipes, by the order in which the parent makes them: the first
// of exec.Cmd.ExtraFiles is descriptor 3.
const (
	eventsFD = 3
	reportFD = 4
)

// The kinds of events that a child tells its parent, in the order of its life.
const (
	eventReached = "reached" // it has come to the call that it was started for
	eventSetup   = "setup"   // an error of taking the sandbox into use
	eventReady   = "ready"   // the policy is in force
	eventLog     = "log"     // of the function's testing.TB
	eventError   = "error"   // the same, and the test fails; without text: Fail
	eventSkip    = "skip"    // the same, and the test is skipped
	eventBegin   = "begin"   // a scenario begins
	eventEnd     = "end"     // a scenario has returned
	eventDone    = "done"    // the function has returned
)

type event struct{ Kind, Text string }

// An outlet is the child's end of the pipe for events. It was opened before the policy,
// and write(2) belongs to the runtime's share of every policy.
type outlet struct {
	mu sync.Mutex
	w  io.Writer
}

func (o *outlet) tell(kind, text string) {
	o.mu.Lock()
	defer o.mu.Unlock()
	line, err := json.Marshal(event{kind, text})
	if err == nil {
		_, err = o.w.Write(append(line, '\n'))
	}
	if err != nil {
		fmt.Fprintf(os.Stderr, "sandboxtest: event %s: %v\n", kind, err)
	}
}

// readEvents reads what a child has told; a child that was killed may have cut it off.
func readEvents(text string) (events []event) {
	for d := json.NewDecoder(bytes.NewBufferString(text)); ; {
		var e event
		if d.Decode(&e) != nil {
			return events
		}
		events = append(events, e)
	}
}

// An inlet is the parent's end of a pipe, read as long as the child lives: it must never
// wait for its reader.
type inlet struct {
	r, w *os.File
	read chan string
}

func newInlet(cmd *exec.Cmd) (*inlet, error) {
	r, w, err := os.Pipe()
	if err != nil {
		return nil, err
	}
	cmd.ExtraFiles = append(cmd.ExtraFiles, w)
	in := &inlet{r, w, make(chan string, 1)}
	go func() {
		var b bytes.Buffer
		io.Copy(&b, r) // ends with the pipe, or by the deadline
		in.read <- b.String()
	}()
	return in, nil
}

func (in *inlet) started() { in.w.Close() }

// all returns what has come. A grandchild that holds the pipe must not hold the test: all
// that the child has written is there when it has ended.
func (in *inlet) all() string {
	in.r.SetReadDeadline(time.Now().Add(5 * time.Second))
	defer in.r.Close()
	return <-in.read
}
