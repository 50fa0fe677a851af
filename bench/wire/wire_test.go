// SPDX-License-Identifier: MIT

package wire_test

import (
	"bytes"
	"encoding/json"
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

	for in, reason := range map[string]string{
		`{"default":"allow","bad_arch":"kill_process","rules":[]}`: "x32",
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
