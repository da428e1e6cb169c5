package server

import (
	"fmt"
	"io"
	"log/slog"
	"maps"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/labstack/echo/v4"
	"go.yaml.in/yaml/v3"

	"lychgate/server/access"
	"lychgate/server/web"
)

// Each kind of body is read, and refused, as its column says.
func TestBodiesOfRoutes(t *testing.T) {
	binds := func(c echo.Context, _ access.Identity) error {
		input := struct {
			Name string `json:"name"`
		}{"none"}
		if err := web.Bind(c, &input); err != nil {
			return err
		}
		return c.String(http.StatusOK, input.Name)
	}
	takesNothing := func(c echo.Context, _ access.Identity) error { return c.String(http.StatusOK, "done") }
	raw := func(c echo.Context, _ access.Identity) error {
		return c.Blob(http.StatusOK, "text/plain", web.RawBody(c))
	}
	var log strings.Builder
	e := echo.New()
	e.HTTPErrorHandler = web.ErrorHandler(slog.New(slog.NewJSONHandler(&log, nil)))
	e.Pre(web.Steps(time.Minute))
	register(e, []route{
		{"POST", "/api/forgotten", access.Public, unlimited, web.NoBody, binds},
		{"POST", "/api/nothing", access.Public, unlimited, web.NoBody, takesNothing},
		{"GET", "/api/nothing", access.Public, unlimited, web.NoBody, takesNothing},
		{"POST", "/api/json", access.Public, unlimited, web.JSON, binds},
		{"POST", "/api/optional", access.Public, unlimited, web.OptionalJSON, binds},
		{"POST", "/api/raw", access.Public, unlimited, web.Raw(16), raw},
		{"POST", "/api/large", access.Public, unlimited, web.Raw(1 << 20), raw},
	})
	const json = "application/json"
	large := `{"name":"` + strings.Repeat("x", web.MaxBodyBytes) + `"}`
	for _, tt := range []struct {
		method, path, contentType, body string
		status                          int
		holds                           string
	}{
		{"POST", "/api/forgotten", "", "", 500, `"internal"`},
		{"POST", "/api/forgotten", json, "{}", 500, `"internal"`},
		{"POST", "/api/nothing", "", "", 200, "done"},
		{"POST", "/api/nothing", json, "{}", 200, "done"},
		{"POST", "/api/nothing", json, `{"name":"Ada"}`, 422, `"unknown_field"`},
		{"POST", "/api/nothing", "text/plain", "{}", 415, `"unsupported_media_type"`},
		{"POST", "/api/nothing", json, large, 413, `"body_too_large"`},
		{"GET", "/api/nothing", json, `{"name":"Ada"}`, 422, `"unknown_field"`},
		{"GET", "/api/nothing", "", `name=Ada`, 415, `"unsupported_media_type"`},
		{"GET", "/api/nothing", json, large, 413, `"body_too_large"`},
		{"HEAD", "/api/nothing", json, `{"name":"Ada"}`, 422, ""},
		{"POST", "/api/json", json, `{"name":"Ada"}`, 200, "Ada"},
		{"POST", "/api/json", json, "", 400, `"invalid_request"`},
		{"POST", "/api/json", json, large, 413, `"body_too_large"`},
		{"POST", "/api/optional", "", "", 200, "none"},
		{"POST", "/api/optional", json, "{}", 200, "none"},
		{"POST", "/api/optional", json, `{"name":"Ada"}`, 200, "Ada"},
		{"POST", "/api/optional", json, " ", 400, `"invalid_request"`},
		{"POST", "/api/optional", "", `{"name":"Ada"}`, 415, `"unsupported_media_type"`},
		{"POST", "/api/optional", json, large, 413, `"body_too_large"`},
		{"POST", "/api/raw", "image/png", "\x00not json\xff{{{{", 200, "\x00not json\xff{{{{"},
		{"POST", "/api/raw", "", "", 200, ""},
		{"POST", "/api/raw", json, strings.Repeat("x", 16), 200, strings.Repeat("x", 16)},
		{"POST", "/api/raw", json, strings.Repeat("x", 17), 413, `"body_too_large"`},
		{"POST", "/api/large", "", large, 200, large},
		{"POST", "/api/large", "", strings.Repeat("x", 1<<20+1), 413, `"body_too_large"`},
	} {
		for _, inChunks := range []bool{false, true} { // then the length is not known before
			r := httptest.NewRequest(tt.method, tt.path, strings.NewReader(tt.body))
			if inChunks {
				r.Body, r.ContentLength = io.NopCloser(strings.NewReader(tt.body)), -1
			}
			if tt.contentType != "" {
				r.Header.Set("Content-Type", tt.contentType)
			}
			w := httptest.NewRecorder()
			e.ServeHTTP(w, r)
			if w.Code != tt.status || !strings.Contains(w.Body.String(), tt.holds) {
				t.Errorf("%s %s with %q of %.40q, in chunks %v: %d %.200s, want %d with %.40s", tt.method, tt.path, tt.contentType, tt.body, inChunks, w.Code, w.Body, tt.status, tt.holds)
			}
		}
	}
	if want := "the handler binds a body, but its route takes none"; strings.Count(log.String(), want) != 4 {
		t.Errorf("the log does not say of each that %s:\n%s", want, log.String())
	}
}

// The contract gets from the table exactly the errors that the columns of a route
// make possible.
func TestErrorsFollowFromTheColumns(t *testing.T) {
	noQuery := map[string]any{}
	query := map[string]any{"parameters": []any{map[string]any{"in": "query"}}}
	path := map[string]any{"parameters": []any{map[string]any{"in": "path"}}}
	const api = "421 MisdirectedRequest, 500 Internal, 503 Unavailable, default Error"
	for _, tt := range []struct {
		route     route
		operation map[string]any
		want      string
	}{
		{route{method: "GET", path: "/healthz", need: access.Public}, noQuery, "default Error"},
		{route{method: "GET", path: "/api/x", need: access.Public}, noQuery, api},
		{route{method: "GET", path: "/api/x", need: access.SignedIn}, path, "401 Unauthenticated, " + api},
		{route{method: "GET", path: "/api/x", need: access.Public}, query, "400 InvalidRequest, 421 MisdirectedRequest, 422 ValidationFailed, 500 Internal, 503 Unavailable, default Error"},
		{route{method: "GET", path: "/api/x", need: access.Role("admin")}, noQuery, "401 Unauthenticated, 403 Forbidden, " + api},
		{route{method: "DELETE", path: "/api/x", need: access.SignedIn}, noQuery, "401 Unauthenticated, 403 CrossSiteRequest, " + api},
		{route{method: "POST", path: "/api/x", need: access.Plan("pro")}, noQuery, "401 Unauthenticated, 403 Forbidden, " + api},
		{route{method: "POST", path: "/api/x", need: access.Public, limit: signIns, body: web.JSON}, noQuery,
			"400 InvalidRequest, 403 CrossSiteRequest, 413 BodyTooLarge, 415 UnsupportedMediaType, 421 MisdirectedRequest, 422 ValidationFailed, 429 RateLimited, 500 Internal, 503 Unavailable, default Error"},
	} {
		errors := tt.route.errors(tt.operation)
		var got []string
		for _, status := range slices.Sorted(maps.Keys(errors)) {
			got = append(got, status+" "+errors[status])
		}
		if strings.Join(got, ", ") != tt.want {
			t.Errorf("%s %s for %s:\n got %s\nwant %s", tt.route.method, tt.route.path, tt.route.need, strings.Join(got, ", "), tt.want)
		}
	}
}

// openapi.yaml repeats nothing that the table says, but for the default that each
// operation names, and each of the shared errors
// is described.
func TestContractRepeatsNothing(t *testing.T) {
	var document map[string]any
	if err := yaml.Unmarshal(contractYAML, &document); err != nil {
		t.Fatal(err)
	}
	for _, r := range routes(features{}) {
		operation := member(document, "paths", inBraces(r.path), strings.ToLower(r.method))
		written := member(operation, "responses")
		for status, name := range r.errors(operation) {
			reference := "#/components/responses/" + name
			if member(document, "components", "responses", name) == nil {
				t.Errorf("%s is not described", reference)
			}
			if status != "default" && fmt.Sprint(written[status]) == fmt.Sprint(map[string]any{"$ref": reference}) {
				t.Errorf("%s %s writes %s: %s itself; it follows from the table", r.method, r.path, status, reference)
			}
		}
	}
}
