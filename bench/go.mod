module github.com/syscall-sandbox/sandbox/bench

go 1.26.0

require (
	github.com/elastic/go-seccomp-bpf v1.6.0
	github.com/jedib0t/go-pretty/v6 v6.8.3
	github.com/syscall-sandbox/sandbox v0.0.0
	golang.org/x/net v0.62.0
	golang.org/x/sys v0.49.0
	gvisor.dev/gvisor v0.0.0-20260518063529-209a0ce076a1
)

require (
	github.com/mattn/go-runewidth v0.0.16 // indirect
	github.com/rivo/uniseg v0.4.7 // indirect
	golang.org/x/exp v0.0.0-20250711185948-6ae5c78190dc // indirect
	golang.org/x/text v0.43.0 // indirect
	golang.org/x/time v0.15.0 // indirect
)

replace github.com/syscall-sandbox/sandbox => ..
