module github.com/syscall-sandbox/sandbox/cmd/sandboxvet

go 1.26.0

require (
	github.com/syscall-sandbox/sandbox v0.0.0
	golang.org/x/tools v0.52.0
)

require (
	golang.org/x/mod v0.42.0 // indirect
	golang.org/x/net v0.62.0 // indirect
	golang.org/x/sync v0.24.0 // indirect
	golang.org/x/sys v0.49.0 // indirect
)

replace github.com/syscall-sandbox/sandbox => ../..
