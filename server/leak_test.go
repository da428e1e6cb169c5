package server_test

import (
	"io"
	"net"
	"net/url"
	"os"
	"strconv"
	"strings"
	"testing"

	"lychgate/server/servertest"
)

// TestTheWholeServerLeaksNothing sends the hostile request targets of package
// site to a whole server: what stands around the guard must not undo it.
func TestTheWholeServerLeaksNothing(t *testing.T) {
	server := servertest.Start(t)
	address, err := url.Parse(server.URL)
	if err != nil {
		t.Fatal(err)
	}
	signedIn := server.Client()
	signedIn.Register("ada@example.com")
	cookie := "Cookie: accessToken=" + signedIn.Cookie("accessToken") + "\r\n"
	found := 0
	for _, target := range hostileTargets(t) {
		for _, headers := range []string{"", "RSC: 1\r\n", "Sec-Fetch-Mode: navigate\r\n", "Cookie: accessToken=x; refreshToken=y\r\n"} {
			if got := ask(t, address.Host, target, headers); strings.Contains(got, "secret") || strings.HasPrefix(got, "HTTP/1.1 500") {
				t.Errorf("%q with %q:\n%s", target, headers, got)
			}
		}
		if strings.Contains(ask(t, address.Host, target, cookie), "secret") {
			found++
		}
	}
	if found < 5 {
		t.Errorf("only %d targets lead to a protected file for somebody signed in: the test proves little", found)
	}
}

func hostileTargets(t *testing.T) (targets []string) {
	t.Helper()
	content, err := os.ReadFile("site/testdata/targets.txt")
	if err != nil {
		t.Fatal(err)
	}
	for line := range strings.Lines(string(content)) {
		line = strings.TrimSuffix(line, "\n")
		if line == "" || line == "#" || strings.HasPrefix(line, "# ") {
			continue
		}
		if strings.HasPrefix(line, `"`) {
			if line, err = strconv.Unquote(line); err != nil {
				t.Fatal(err)
			}
		}
		targets = append(targets, line)
	}
	return targets
}

// ask sends a request as it is and returns whatever comes back.
func ask(t *testing.T, address, target, headers string) string {
	t.Helper()
	conn, err := net.Dial("tcp", address)
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	if _, err := io.WriteString(conn, "GET "+target+" HTTP/1.1\r\nHost: "+address+"\r\nConnection: close\r\n"+headers+"\r\n"); err != nil {
		t.Fatal(err)
	}
	got, err := io.ReadAll(conn)
	if err != nil && len(got) == 0 {
		t.Fatalf("%q: %v", target, err)
	}
	return string(got)
}
