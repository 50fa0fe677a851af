// SPDX-License-Identifier: MIT

package yeartest

import (
	"bytes"
	"io"
	"mime/multipart"
	"net/http"
	"testing"
)

// Profile takes one profile of the service at base, an URL without a path, and returns the status and how long the answer is.
func Profile(t testing.TB, client *http.Client, base, name string) (code, size int) {
	t.Helper()
	answer, err := client.Get(base + "/debug/pprof/" + name)
	if err != nil {
		t.Error(err)
		return 0, 0
	}
	defer answer.Body.Close()
	body, err := io.ReadAll(answer.Body)
	if err != nil {
		t.Error(err)
	}
	return answer.StatusCode, len(body)
}

// LargeForms sends a form that net/http would keep in a temporary file (it keeps 42 MiB in memory) to profiles that read forms.
// Whether the service lives is for the caller to see.
func LargeForms(t testing.TB, client *http.Client, base string) {
	t.Helper()
	var form bytes.Buffer
	m := multipart.NewWriter(&form)
	part, err := m.CreateFormFile("file", "large")
	if err == nil {
		_, err = part.Write(make([]byte, 48<<20))
	}
	if err != nil {
		t.Fatal(err)
	}
	if err := m.Close(); err != nil {
		t.Fatal(err)
	}
	for _, method := range []string{http.MethodPost, http.MethodGet} {
		for _, name := range []string{"profile?seconds=1", "goroutine"} {
			request, err := http.NewRequest(method, base+"/debug/pprof/"+name, bytes.NewReader(form.Bytes()))
			if err != nil {
				t.Fatal(err)
			}
			request.Header.Set("Content-Type", m.FormDataContentType())
			// It may be answered before it has been sent: an error then.
			if answer, err := client.Do(request); err == nil {
				answer.Body.Close()
			}
		}
	}
}
