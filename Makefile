# Every target works from a fresh clone with Go 1.26, git and make.
# GOTESTFLAGS is passed to every go test, e.g. make test GOTESTFLAGS=-v

GO ?= go
GOTESTFLAGS ?=
NEXT = go1.27.4
STATICCHECK = honnef.co/go/tools/cmd/staticcheck@v0.8.2
DEADCODE = golang.org/x/tools/cmd/deadcode@v0.52.0
VULNCHECK = golang.org/x/vuln/cmd/govulncheck@v1.9.0
NESTED = examples/btcd examples/btcnode examples/storage examples/webservice bench cmd/sandboxctl cmd/sandboxvet

.PHONY: bench bench-node coverage deadcode demo fuzz-long integration kernels learn soak violation test test-next test-next-all test-pure test-cgo test-user test-nested check fmt vet staticcheck race reproducible vulncheck cross generate

# A real node syncs 14,131 blocks from another, every role under its own policy.
demo:
	@cd examples/btcnode && CGO_ENABLED=0 $(GO) run ./demo demo

# The same node is asked over RPC for a call that its policies refuse.
violation:
	@cd examples/btcnode && CGO_ENABLED=0 $(GO) run ./demo violation

# Nodes record what they call, and live by exactly that under "abort".
learn:
	@cd examples/btcnode && CGO_ENABLED=0 $(GO) run ./demo learn

# The whole suite: without and with cgo, as the caller and as an ordinary user, and what
# depends on the Go release on the next one too.
test: test-pure test-cgo test-user test-next test-nested

test-pure:
	CGO_ENABLED=0 $(GO) test $(GOTESTFLAGS) ./...

# The compiler's comparisons are arithmetic: once is enough.
test-cgo:
	CGO_ENABLED=1 $(GO) test $(GOTESTFLAGS) $$($(GO) list ./... | grep -v /internal/bpfgen)

# Root hides a missing no_new_privs: seccomp(2) takes CAP_SYS_ADMIN instead.
test-user:
	GO=$(GO) scripts/test-as-user $(GOTESTFLAGS)

test-nested:
	for m in $(NESTED); do (cd $$m && CGO_ENABLED=0 $(GO) test -timeout 30m $(GOTESTFLAGS) ./...) || exit 1; done

# The node through laps of a hard life, under "abort": make soak FOR=8h
FOR ?= 10m
soak:
	cd examples/btcnode && CGO_ENABLED=0 $(GO) run ./soak -for $(FOR)

# Exports under the programs that read them: root, and the packages that .ci/run installs.
integration:
	cd cmd/sandboxctl && $(GO) vet -tags integration ./integration && CGO_ENABLED=0 $(GO) test -tags integration -count=1 $(GOTESTFLAGS) ./integration

# What depends on the kernel, on Debian's own (5.10, 6.1, 6.12) under qemu. Not part of check: without
# KVM each kernel takes about half an hour.
kernels:
	GO=$(GO) scripts/kernels

# 100,000 random policies with conditions, each compared with its plain reading.
fuzz-long:
	$(GO) test ./internal/bpfgen ./seccomp -run '^(TestRandom|TestRandomConditions)$$' -programs 100000 -timeout 60m -v

# This compiler and its peers side by side; what a violation, a hot call, a notification costs: bench/README.md.
bench:
	cd bench && $(GO) run . && $(GO) run ./violations && $(GO) run ./hotcalls && $(GO) run ./notify

# What the sandbox costs a whole node: a sync and RPC, without, with the process policy, with all.
bench-node:
	cd bench && CGO_ENABLED=0 $(GO) run ./node

# The Go runtime's own calls on the Go release after the oldest supported one, which the
# go command fetches through the module proxy: its scenarios under every policy, seen by
# a tracer, and its source.
test-next:
	GOTOOLCHAIN=$(NEXT) CGO_ENABLED=0 $(GO) test $(GOTESTFLAGS) -run '^(TestRuntime(Abort|WithoutVDSO|NamesMappings|Source)|TestShareIsComplete)$$' ./sandboxtest ./internal/scenarios ./internal/gobase/...

# All of the suite on that release.
test-next-all:
	GOTOOLCHAIN=$(NEXT) CGO_ENABLED=0 $(GO) test $(GOTESTFLAGS) ./...

# What a change must pass; the cheap first. That imports go down, that the library has no init and no
# panic, and what it depends on is tested by internal/buildtest.
check: fmt vet staticcheck generate cross deadcode vulncheck reproducible test coverage race

fmt:
	@test -z "$$(gofmt -l .)" || { gofmt -l .; exit 1; }

vet:
	$(GO) vet ./...
	for m in $(NESTED); do (cd $$m && CGO_ENABLED=0 $(GO) vet ./...) || exit 1; done

staticcheck:
	$(GO) run $(STATICCHECK) ./...
	for m in $(NESTED); do (cd $$m && CGO_ENABLED=0 $(GO) run $(STATICCHECK) ./...) || exit 1; done

# Functions that neither a program nor a test reaches.
deadcode:
	GO=$(GO) DEADCODE=$(DEADCODE) scripts/deadcode . $(NESTED)

# Known vulnerabilities in what is used; where their database is not reachable it says so and passes.
vulncheck:
	GO=$(GO) VULNCHECK=$(VULNCHECK) scripts/vulncheck . $(NESTED)

# At least 90 % of the library's statements run in its tests, children's included.
coverage:
	GO=$(GO) scripts/coverage

# Two builds of btcnode in different places are the same, byte for byte.
reproducible:
	GO=$(GO) scripts/reproducible

# But for databases and an analysis of whole programs, which take minutes with the race detector and share nothing.
race:
	CGO_ENABLED=1 $(GO) test -race $(GOTESTFLAGS) ./...
	for m in $(filter-out examples/btcd examples/storage examples/webservice cmd/sandboxvet,$(NESTED)); do (cd $$m && CGO_ENABLED=1 $(GO) test -race $(GOTESTFLAGS) ./...) || exit 1; done

# Elsewhere the library and its tests must build; they fail with ErrUnsupported.
cross:
	for t in darwin/arm64 windows/amd64 linux/arm64; do \
		echo "cross $$t"; \
		CGO_ENABLED=0 GOOS=$${t%/*} GOARCH=$${t#*/} $(GO) build ./... && \
		CGO_ENABLED=0 GOOS=$${t%/*} GOARCH=$${t#*/} $(GO) vet ./... && \
		CGO_ENABLED=0 GOOS=$${t%/*} GOARCH=$${t#*/} $(GO) test -exec true ./... >/dev/null || exit 1; \
	done

# Generated files are up to date; dependencies are what design allows.
generate:
	for m in . $(NESTED); do (cd $$m && $(GO) generate ./...) || exit 1; done
	git diff --exit-code -- '*/z*.go' testdata docs
	for m in . $(NESTED); do (cd $$m && $(GO) mod tidy -diff && $(GO) mod verify) || exit 1; done
