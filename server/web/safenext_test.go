package web_test

import (
	"encoding/json"
	"net/url"
	"os"
	"strings"
	"testing"

	"lychgate/server/web"
)

var returnPaths = web.ReturnPaths{Login: "/login", Default: "/dashboard"}

// nextCases is the table on which the TypeScript rule is tested too.
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
			if got := returnPaths.Safe(tt.Input); got != tt.Want {
				t.Errorf("Safe(%q) = %q, want %q", tt.Input, got, tt.Want)
			}
		})
	}
	// Cases that are not in the table, or not possible in JSON.
	for _, raw := range []string{"/dashboard/\xff", "/\x80", "/login.html/", "/login.txt/?a=b"} {
		if got := returnPaths.Safe(raw); got != "/dashboard" {
			t.Errorf("Safe(%q) = %q", raw, got)
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
		got := returnPaths.Safe(raw)
		if got != "/dashboard" && got != raw && got+"?" != raw {
			t.Errorf("Safe(%q) = %q is neither", raw, got)
		}
		if !strings.HasPrefix(got, "/") || strings.HasPrefix(got, "//") || strings.ContainsAny(got, "\\#\t\r\n \x00") || len(got) > 2048 {
			t.Errorf("Safe(%q) = %q", raw, got)
		}
		if again := returnPaths.Safe(got); again != got {
			t.Errorf("Safe(%q) = %q, and of that %q", raw, got, again)
		}
		to, err := origin.Parse(got)
		if err != nil || to.Scheme != origin.Scheme || to.Host != origin.Host || to.User != nil || to.Fragment != "" {
			t.Errorf("Safe(%q) = %q leads to %v (%v)", raw, got, to, err)
		}
		for _, prefix := range []string{"/api", "/_next", "/login"} {
			if to.Path == prefix || strings.HasPrefix(to.Path, prefix+"/") {
				t.Errorf("Safe(%q) = %q leads to %s", raw, got, prefix)
			}
		}
	})
}
