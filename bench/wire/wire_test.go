// SPDX-License-Identifier: MIT

package wire_test

import (
	"bytes"
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strings"
	"testing"

	"github.com/syscall-sandbox/sandbox/bench/measure"
	"github.com/syscall-sandbox/sandbox/bench/policies"
	"github.com/syscall-sandbox/sandbox/bench/policy"
	"github.com/syscall-sandbox/sandbox/bench/wire"
)

// TestRawbpf runs the command as an outsider does.
func TestRawbpf(t *testing.T) {
	bin := filepath.Join(t.TempDir(), "rawbpf")
	if runtime.GOOS == "windows" {
		bin += ".exe"
	}
	if out, err := exec.Command("go", "build", "-o", bin, "../rawbpf").CombinedOutput(); err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	run := func(in []byte, cost string) ([]byte, string, int) {
		var stdout, stderr bytes.Buffer
		cmd := exec.Command(bin)
		cmd.Stdin, cmd.Stdout, cmd.Stderr = bytes.NewReader(in), &stdout, &stderr
		cmd.Env = append(os.Environ(), wire.CompileEnv+"="+cost)
		_ = cmd.Run() // the exit code says it
		return stdout.Bytes(), stderr.String(), cmd.ProcessState.ExitCode()
	}

	out, stderr, code := run(policies.Net, "")
	prog, err := wire.Decode(out)
	if code != wire.ExitOK || err != nil {
		t.Fatalf("exit %d, %v: %s", code, err, stderr)
	}
	if first, _, _, err := measure.Check(prog, policy.MustParse(policies.Net)); first != nil || err != nil {
		t.Errorf("the program is wrong: %v, %v", first, err)
	}
	if !bytes.Equal(out, wire.Encode(prog)) {
		t.Error("Encode is not the inverse of Decode")
	}

	out, stderr, code = run(policies.Net, "1")
	var cost measure.Cost
	if err := json.Unmarshal(out, &cost); code != wire.ExitOK || err != nil || cost.NS <= 0 || cost.Allocs <= 0 || cost.Bytes <= 0 {
		t.Errorf("exit %d, %v, %+v: %s", code, err, cost, stderr)
	}

	for _, in := range unusual {
		out, stderr, code := run([]byte(in), "")
		prog, err := wire.Decode(out)
		if code != wire.ExitOK || err != nil {
			t.Errorf("%s: exit %d, %v: %s", in, code, err, stderr)
			continue
		}
		if first, _, _, err := measure.Check(prog, policy.MustParse([]byte(in))); first != nil || err != nil {
			t.Errorf("%s: the program is wrong: %v, %v", in, first, err)
		}
	}

	for in, reason := range map[string]string{
		tooLong():      "longer than the kernel's limit",
		`not a policy`: "invalid character",
	} {
		out, stderr, code = run([]byte(in), "")
		if code != wire.ExitInexpressible || len(out) != 0 || !strings.Contains(stderr, reason) {
			t.Errorf("%s: exit %d, %q, %s", in, code, out, stderr)
		}
	}
}

func TestDecodeRefuses(t *testing.T) {
	for _, n := range []int{0, 1, 7, 9} {
		if _, err := wire.Decode(make([]byte, n)); err == nil {
			t.Errorf("%d bytes are a program", n)
		}
	}
}

// unusual are policies that package seccomp has no words for, or refuses in part.
var unusual = []string{
	`{"default":"allow","bad_arch":"kill_process","rules":[]}`,
	`{"default":"errno:38","bad_arch":"errno:1","rules":[{"nr":0,"action":"allow"},{"nr":400,"action":"log"},{"nr":1073741824,"action":"allow"},{"nr":4294967295,"action":"trap"}]}`,
	`{"default":"kill_thread","bad_arch":"allow","rules":[{"nr":9,"name":"mmap","action":"allow","any":[[{"arg":2,"op":"masked_eq","value":"0x0","mask":"0x4"}],[{"arg":2,"op":"eq","value":"0x8"}]]}]}`,
	`{"default":"kill_process","bad_arch":"kill_process","rules":[{"nr":16,"name":"ioctl","action":"errno:5","any":[[{"arg":1,"op":"gt","value":"0x5"}],[{"arg":1,"op":"gt","value":"0x7"}],[{"arg":1,"op":"lt","value":"0x0"}]]}]}`,
	`{"default":"kill_process","bad_arch":"kill_process","rules":[{"nr":16,"name":"ioctl","action":"allow","any":[[{"arg":1,"op":"le","value":"0x100000005"}],[{"arg":1,"op":"ge","value":"0x3"},{"arg":0,"op":"ne","value":"0x3"}],[]]}]}`,
	`{"default":"errno:65535","bad_arch":"errno:4096","rules":[{"nr":41,"name":"a name of its own","action":"allow"},{"nr":202,"action":"log","any":[[{"arg":1,"op":"lt","value":"0x0"}]]}]}`,
	`{"default":"errno:0","bad_arch":"kill_process","rules":[{"nr":1,"action":"errno:4095"}]}`,
}

// tooLong has more answers than a program can hold.
func tooLong() string {
	var rules []string
	for nr := range 4094 {
		rules = append(rules, fmt.Sprintf(`{"nr":%d,"action":"errno:%d"}`, 2*nr, nr+1))
	}
	return `{"default":"allow","bad_arch":"kill_process","rules":[` + strings.Join(rules, ",") + `]}`
}
