package site_test

import (
	"encoding/json"
	"net/url"
	"os"
	"strings"
	"testing"

	"lychgate/server/site"
)

// nextCases is the table that the TypeScript rule is tested on as well.
func nextCases(t testing.TB) []struct{ Name, Input, Want string } {
	t.Helper()
	content, err := os.ReadFile("testdata/next.json")
	if err != nil {
		t.Fatal(err)
	}
	var cases []struct{ Name, Input, Want string }
	if err := json.Unmarshal(content, &cases); err != nil {
		t.Fatal(err)
	}
	if len(cases) < 100 {
		t.Fatalf("%d cases", len(cases))
	}
	return cases
}

func TestSafeNext(t *testing.T) {
	for _, tt := range nextCases(t) {
		t.Run(tt.Name, func(t *testing.T) {
			if got := site.SafeNext(tt.Input); got != tt.Want {
				t.Errorf("SafeNext(%q) = %q, want %q", tt.Input, got, tt.Want)
			}
		})
	}
	// What the table does not hold, or JSON cannot.
	for _, raw := range []string{"/dashboard/\xff", "/\x80", "/login.html/", "/login.txt/?a=b"} {
		if got := site.SafeNext(raw); got != "/dashboard" {
			t.Errorf("SafeNext(%q) = %q", raw, got)
		}
	}
}

func FuzzSafeNext(f *testing.F) {
	for _, tt := range nextCases(f) {
		f.Add(tt.Input)
	}
	f.Add("/??")
	origin, err := url.Parse("https://lychgate.example/login")
	if err != nil {
		f.Fatal(err)
	}
	f.Fuzz(func(t *testing.T, raw string) {
		got := site.SafeNext(raw)
		if got != "/dashboard" && got != raw && got+"?" != raw {
			t.Errorf("SafeNext(%q) = %q is neither", raw, got)
		}
		if !strings.HasPrefix(got, "/") || strings.HasPrefix(got, "//") || strings.ContainsAny(got, "\\#\t\r\n \x00") || len(got) > 2048 {
			t.Errorf("SafeNext(%q) = %q", raw, got)
		}
		if again := site.SafeNext(got); again != got {
			t.Errorf("SafeNext(%q) = %q, and of that %q", raw, got, again)
		}
		to, err := origin.Parse(got)
		if err != nil || to.Scheme != origin.Scheme || to.Host != origin.Host || to.User != nil || to.Fragment != "" {
			t.Errorf("SafeNext(%q) = %q leads to %v (%v)", raw, got, to, err)
		}
		for _, prefix := range []string{"/api", "/_next", "/login"} {
			if to.Path == prefix || strings.HasPrefix(to.Path, prefix+"/") {
				t.Errorf("SafeNext(%q) = %q leads to %s", raw, got, prefix)
			}
		}
	})
}
