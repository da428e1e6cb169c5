package server_test

import (
	"database/sql"
	"fmt"
	"maps"
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	"lychgate/server"
	"lychgate/server/access"
	"lychgate/server/audit"
	"lychgate/server/servertest"
	"lychgate/server/site/sitetest"
	"lychgate/server/store"
	"lychgate/server/user"
)

// startGated runs a server with pages for a role and for a plan.
func startGated(t *testing.T) *servertest.Server {
	t.Helper()
	policy, err := access.Read(
		access.File{Name: "access.json", Text: []byte(sitetest.GatedRules)},
		access.File{Name: "plans.json", Text: []byte(`{"plans": [{"id": "pro"}, {"id": "team", "includes": ["pro"]}, {"id": "other"}]}`)},
		access.Pages{Login: "/login", Billing: "/dashboard/billing"})
	if err != nil {
		t.Fatal(err)
	}
	return servertest.StartIn(t, server.Environment{Site: sitetest.Gated(), Access: &policy})
}

// plain returns a client that asks for no compression: the variants of the gated
// site are none in truth.
func plain(s *servertest.Server) *servertest.Client {
	client := s.Client()
	client.Header.Set("Accept-Encoding", "identity")
	return client
}

// operator changes accounts beside a running server, as the command line does.
func operator(t *testing.T, s *servertest.Server) user.Service {
	t.Helper()
	db, err := store.Opener{}.AsIs(t.Context(), s.Config.DatabasePath())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { db.Close() })
	return user.Service{Store: db, Now: s.Clock.Now}
}

// account signs a client up, and returns the id of its account.
func account(client *servertest.Client, email string) string {
	var answer struct{ User struct{ ID string } }
	client.Register(email).Decode(&answer)
	return answer.User.ID
}

// gatedFile is a file of the gated site, with how it answers somebody who is
// signed in and does not meet its need.
type gatedFile struct {
	path, marker string
	refused      int
}

var (
	adminFiles = []gatedFile{
		{"/admin", sitetest.RoleMarker, 404},
		{"/admin.html", sitetest.RoleMarker, 404},
		{"/admin.txt", sitetest.RoleMarker, 404},
		{"/admin/audit", sitetest.RoleMarker, 404},
		{"/admin/audit.txt", sitetest.RoleMarker, 404},
		{"/admin/__next._full.txt", sitetest.RoleMarker, 404},
		{"/admin/people.csv", sitetest.RoleMarker, 404},
		{"/_next/static/chunks/admin.js", sitetest.RoleMarker, 404},
		{"/_next/static/chunks/audit.js", sitetest.RoleMarker, 404},
		{"/_next/data/lychgate/admin.json", sitetest.RoleMarker, 404},
		{"/_next/static/chunks/table.js", sitetest.EitherMarker, 404},
	}
	planFiles = []gatedFile{
		{"/dashboard/reports", sitetest.PlanMarker, 303},
		{"/dashboard/reports.html", sitetest.PlanMarker, 303},
		{"/dashboard/reports.txt", sitetest.PlanMarker, 403},
		{"/dashboard/reports/2026", sitetest.PlanMarker, 303},
		{"/dashboard/reports/__next._tree.txt", sitetest.PlanMarker, 403},
		{"/dashboard/reports/all.pdf", sitetest.PlanMarker, 303},
		{"/_next/static/chunks/reports.js", sitetest.PlanMarker, 404},
		{"/_next/static/chunks/revenue.js", sitetest.PlanMarker, 404},
		{"/_next/data/lychgate/dashboard/reports.json", sitetest.PlanMarker, 404},
		{"/_next/static/chunks/table.js", sitetest.EitherMarker, 404},
	}
)

// wantsOpen fails the test unless all files are served.
func wantsOpen(t *testing.T, client *servertest.Client, files []gatedFile) {
	t.Helper()
	for _, file := range files {
		if answer := client.Get(file.path); answer.StatusCode != 200 || !strings.Contains(answer.Body, file.marker) {
			t.Errorf("%s: status %d, %q, want what is marked %s", file.path, answer.StatusCode, answer.Body, file.marker)
		}
	}
}

// wantsClosed fails the test unless all files are refused, also in the ways in
// which a browser or a cache asks again for what it has had before.
func wantsClosed(t *testing.T, client *servertest.Client, files []gatedFile) {
	t.Helper()
	for _, file := range files {
		for name, headers := range map[string][]string{
			"plainly":      nil,
			"if changed":   {"If-None-Match", "*"},
			"in part":      {"Range", "bytes=0-9"},
			"compressed":   {"Accept-Encoding", "br"},
			"by the agent": {"X-Middleware-Subrequest", "middleware", "X-Original-Url", "/about"},
		} {
			for _, method := range []string{http.MethodGet, http.MethodHead} {
				answer := client.Do(method, file.path, "", headers...)
				if answer.StatusCode != file.refused || strings.Contains(answer.Body, "marker") || len(answer.Cookies()) > 0 {
					t.Errorf("%s %s, asked for %s: status %d, cookies %v, %q, want %d", method, file.path, name, answer.StatusCode, answer.Cookies(), answer.Body, file.refused)
				}
				if cache := answer.Header.Get("Cache-Control"); !strings.Contains(cache, "no-store") {
					t.Errorf("%s %s: Cache-Control %q", method, file.path, cache)
				}
				if file.refused == 303 {
					if want := "/dashboard/billing?next=" + strings.ReplaceAll(file.path, "/", "%2F"); answer.Header.Get("Location") != want {
						t.Errorf("%s: goes to %s, want %s", file.path, answer.Header.Get("Location"), want)
					}
					if answer := client.Do(method, file.path, "", append(slices.Clone(headers), "Rsc", "1")...); answer.StatusCode != 403 {
						t.Errorf("%s %s by the client router: status %d, want 403", method, file.path, answer.StatusCode)
					}
				}
			}
		}
	}
}

// isOpen reports whether a page is served.
func isOpen(client *servertest.Client, path string) func() bool {
	return func() bool { return client.Get(path).StatusCode == http.StatusOK }
}

func isClosed(client *servertest.Client, path string) func() bool {
	return func() bool { return client.Get(path).StatusCode != http.StatusOK }
}

// What an operator gives or takes counts within a second, for the page and for
// all that belongs to it.
func TestRolesAndPlansEndToEnd(t *testing.T) {
	t.Parallel()
	s := startGated(t)
	client, other, stranger := plain(s), plain(s), plain(s)
	id := account(client, "ada@example.com")
	account(other, "bob@example.com")
	cli := operator(t, s)
	do := func(err error) {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
	}
	grant := func(plan string, until time.Time) error {
		return cli.GrantPlan(t.Context(), store.PlanGrant{UserID: id, Plan: plan, Source: "hand", Until: until}, audit.CommandLine())
	}
	revoke := func(plan string) error { return cli.RevokePlan(t.Context(), id, plan, "hand", audit.CommandLine()) }
	const admin, reports = "/admin", "/dashboard/reports"

	wantsClosed(t, client, adminFiles)
	wantsClosed(t, client, planFiles)

	do(cli.SetRole(t.Context(), id, access.RoleAdmin, audit.CommandLine()))
	servertest.Eventually(t, "an administrator sees the page", isOpen(client, admin))
	wantsOpen(t, client, adminFiles)
	wantsClosed(t, client, planFiles[:len(planFiles)-1]) // an administrator has no plan by that
	wantsClosed(t, other, adminFiles)

	do(cli.SetRole(t.Context(), id, access.RoleUser, audit.CommandLine()))
	servertest.Eventually(t, "the page is hidden again", isClosed(client, admin))
	wantsClosed(t, client, adminFiles)

	do(grant("other", time.Time{}))
	do(grant("team", time.Time{}))
	servertest.Eventually(t, "a plan that includes the need opens the page", isOpen(client, reports))
	wantsOpen(t, client, planFiles)
	wantsClosed(t, other, planFiles)
	wantsClosed(t, client, adminFiles[:len(adminFiles)-1])

	do(revoke("team"))
	servertest.Eventually(t, "the page is closed again", isClosed(client, reports))
	wantsClosed(t, client, planFiles)

	do(grant("pro", s.Clock.Now().Add(time.Minute)))
	servertest.Eventually(t, "the plan opens the page", isOpen(client, reports))
	s.Clock.Move(time.Minute - time.Millisecond)
	wantsOpen(t, client, planFiles)
	s.Clock.Move(time.Millisecond)
	wantsClosed(t, client, planFiles) // at once: nobody has to tell

	for _, file := range slices.Concat(adminFiles, planFiles) {
		answer := stranger.Get(file.path)
		want := 303
		if strings.HasPrefix(file.path, "/_next/") {
			want = 404
		} else if strings.HasSuffix(file.path, ".txt") {
			want = 401
		}
		if answer.StatusCode != want || strings.Contains(answer.Body, "marker") {
			t.Errorf("%s, signed out: status %d, want %d\n%s", file.path, answer.StatusCode, want, answer.Body)
		}
	}
}

// What a browser has in its cache is not confirmed to somebody who has lost the
// role or the plan meanwhile.
func TestNothingIsConfirmedAfterALoss(t *testing.T) {
	t.Parallel()
	s := startGated(t)
	client := plain(s)
	id := account(client, "ada@example.com")
	cli := operator(t, s)
	if err := cli.SetRole(t.Context(), id, access.RoleAdmin, audit.CommandLine()); err != nil {
		t.Fatal(err)
	}
	if err := cli.GrantPlan(t.Context(), store.PlanGrant{UserID: id, Plan: "pro", Source: "hand"}, audit.CommandLine()); err != nil {
		t.Fatal(err)
	}
	servertest.Eventually(t, "both are open", func() bool { return isOpen(client, "/admin")() && isOpen(client, "/dashboard/reports")() })
	files := slices.Concat(adminFiles, planFiles)
	tags := make(map[string]string)
	for _, file := range files {
		if tag := client.Get(file.path).Header.Get("ETag"); tag != "" {
			tags[file.path] = tag
		}
	}
	if len(tags) == 0 {
		t.Fatal("no file has an ETag: that proves nothing")
	}
	for path, tag := range tags {
		if got := client.Get(path, "If-None-Match", tag).StatusCode; got != http.StatusNotModified {
			t.Errorf("%s: status %d, want 304", path, got)
		}
	}
	if err := cli.SetRole(t.Context(), id, access.RoleUser, audit.CommandLine()); err != nil {
		t.Fatal(err)
	}
	if err := cli.RevokePlan(t.Context(), id, "pro", "hand", audit.CommandLine()); err != nil {
		t.Fatal(err)
	}
	servertest.Eventually(t, "both are closed", func() bool { return isClosed(client, "/admin")() && isClosed(client, "/dashboard/reports")() })
	for _, file := range files {
		for _, headers := range [][]string{{"If-None-Match", tags[file.path]}, {"If-Range", tags[file.path], "Range", "bytes=0-1"}} {
			if answer := client.Get(file.path, headers...); answer.StatusCode != file.refused || answer.Header.Get("ETag") != "" && answer.Header.Get("ETag") == tags[file.path] {
				t.Errorf("%s with %s: status %d, want %d", file.path, headers[0], answer.StatusCode, file.refused)
			}
		}
	}
}

// visible is all of an answer that a client can tell answers apart by.
func visible(answer servertest.Answer) string {
	header := maps.Clone(answer.Header)
	id := header.Get("X-Request-Id")
	header.Del("X-Request-Id")
	header.Del("Date")
	return fmt.Sprint(answer.Proto, answer.StatusCode, header, answer.ContentLength, strings.ReplaceAll(answer.Body, id, ""))
}

// A page that is hidden by a role is a page that does not exist, to the byte, for
// whoever has not got the role; also while the session has to be refreshed.
func TestHiddenPagesLookLikeUnknownOnes(t *testing.T) {
	t.Parallel()
	s := startGated(t)
	client := plain(s)
	account(client, "ada@example.com")
	stale := client.Copy(s)
	compareHidden(t, "with a good token", client)
	s.Clock.Move(time.Hour)
	compareHidden(t, "with a token that has expired", stale)
}

func compareHidden(t *testing.T, state string, client *servertest.Client) {
	t.Helper()
	for _, hidden := range []string{
		"/admin", "/admin/", "/admin.html", "/admin.txt", "/admin?x=1", "/admin/audit", "/admin/audit/", "/admin/unknown", "/admin/unknown.txt", "/admin//audit",
		"/admin/__next._full.txt", "/admin/people.csv", "/admin/unknown.csv", "/admin.html/", "/_next/static/chunks/admin.js", "/_next/data/lychgate/admin.json",
	} {
		unknown := strings.Replace(hidden, "admin", "elsewhere", 1)
		for _, headers := range [][]string{nil, {"Rsc", "1"}, {"Sec-Fetch-Mode", "navigate"}, {"Sec-Fetch-Mode", "cors"}, {"Accept-Encoding", "br"}, {"If-None-Match", "*"},
			{"Sec-Fetch-Site", "cross-site", "Sec-Fetch-Dest", "document", "Sec-Fetch-Mode", "navigate"}} {
			for _, method := range []string{http.MethodGet, http.MethodHead, http.MethodPost} {
				got, want := visible(client.Do(method, hidden, "", headers...)), visible(client.Do(method, unknown, "", headers...))
				if got != want {
					t.Fatalf("%s: %s %s with %v\n got %s\nwant %s", state, method, hidden, headers, got, want)
				}
			}
		}
	}
}

// What is known of somebody who is signed in is in memory: once that is so, a page,
// its payloads and the profile need no table of the database. The feed of changes
// is followed beside the requests.
func TestSignedInRequestsCostNoQuery(t *testing.T) {
	t.Parallel()
	s := startGated(t)
	client, program, cold, last := plain(s), plain(s), plain(s), plain(s)
	id := account(client, "ada@example.com")
	program.Header.Set("Authorization", "Bearer "+program.Login("ada@example.com").Text("accessToken"))
	account(cold, "bob@example.com")
	lastID := account(last, "carol@example.com")
	cli := operator(t, s)
	if err := cli.SetRole(t.Context(), id, access.RoleAdmin, audit.CommandLine()); err != nil {
		t.Fatal(err)
	}
	if err := cli.GrantPlan(t.Context(), store.PlanGrant{UserID: id, Plan: "pro", Source: "hand"}, audit.CommandLine()); err != nil {
		t.Fatal(err)
	}
	// Only the feed tells of a revocation: once it has, it has told of all before.
	if _, err := cli.RevokeSessions(t.Context(), lastID, audit.CommandLine()); err != nil {
		t.Fatal(err)
	}
	servertest.Eventually(t, "the last change counts", isClosed(last, "/api/user/profile"))
	wantsOpen(t, client, adminFiles[:1])
	// The tables go away behind the server's back.
	for _, table := range tables(t, s) {
		if table != "changes" {
			s.Alter("ALTER TABLE " + table + " RENAME TO away_" + table)
		}
	}
	for range 3 {
		for name, who := range map[string]*servertest.Client{"cookies": client, "a Bearer token": program} {
			wantsOpen(t, who, adminFiles)
			wantsOpen(t, who, planFiles)
			for _, path := range []string{"/dashboard", "/dashboard.txt", "/dashboard/", "/dashboard/nowhere", "/api/user/profile"} {
				if status := who.Get(path).StatusCode; status >= 500 {
					t.Errorf("%s with %s: status %d", path, name, status)
				}
			}
			if got := who.Get("/api/user/profile").Wants(200).Text("id"); got != id {
				t.Errorf("the profile is of %s, want %s", got, id)
			}
		}
	}
	// Whom the server does not know yet it has to look for.
	cold.Get("/dashboard").Wants(http.StatusOK)
	cold.Get("/api/user/profile").Wants(http.StatusInternalServerError)
	cold.Get("/admin").Wants(http.StatusInternalServerError)
	for _, table := range tables(t, s) {
		if kept, moved := strings.CutPrefix(table, "away_"); moved {
			s.Alter("ALTER TABLE " + table + " RENAME TO " + kept)
		}
	}
	cold.Get("/api/user/profile").Wants(http.StatusOK)
}

// tables returns the tables of a server's database.
func tables(t *testing.T, s *servertest.Server) (names []string) {
	t.Helper()
	db, err := sql.Open("sqlite", "file:"+s.Config.DatabasePath()+"?_pragma=busy_timeout(5000)&_pragma=query_only(1)")
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	rows, err := db.QueryContext(t.Context(), `SELECT name FROM sqlite_master WHERE type = 'table' AND name NOT LIKE 'sqlite_%' ORDER BY name`)
	if err != nil {
		t.Fatal(err)
	}
	defer rows.Close()
	for rows.Next() {
		var name string
		if err := rows.Scan(&name); err != nil {
			t.Fatal(err)
		}
		names = append(names, name)
	}
	if err := rows.Err(); err != nil {
		t.Fatal(err)
	}
	return names
}
