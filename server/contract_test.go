package server_test

import (
	"encoding/json"
	"fmt"
	"net/http"
	"reflect"
	"slices"
	"strings"
	"testing"

	"github.com/pb33f/libopenapi"
	validator "github.com/pb33f/libopenapi-validator"
	"go.yaml.in/yaml/v3"

	"lychgate/server"
	"lychgate/server/servertest"
)

// contractDocument is openapi.yaml, as far as the tests look at it.
type contractDocument struct {
	Security []map[string][]string
	Paths    map[string]map[string]contractOperation // by path, by method
}

type contractOperation struct {
	OperationID string `yaml:"operationId"`
	Tags        []string
	Summary     string
	Security    *[]map[string][]string   // nil: as the document says
	RequestBody *struct{ Required bool } `yaml:"requestBody"`
	Responses   map[string]any
}

// contractOperations returns the operations of the contract, each under the
// name that the table has for it.
func contractOperations(t *testing.T) (byName map[string]contractOperation, security []map[string][]string) {
	t.Helper()
	var document contractDocument
	text, err := server.Contract()
	if err == nil {
		err = yaml.Unmarshal(text, &document) // JSON is YAML too
	}
	if err != nil {
		t.Fatal(err)
	}
	byName = make(map[string]contractOperation)
	for path, methods := range document.Paths {
		for method, operation := range methods {
			byName[strings.ToUpper(method)+" "+path] = operation
		}
	}
	return byName, document.Security
}

func TestTableAndContractAgree(t *testing.T) {
	operations, _ := contractOperations(t)
	table := server.Operations()
	for _, name := range table {
		if _, found := operations[name]; !found {
			t.Errorf("%s is in the table of routes, but not in openapi.yaml: describe it there, then run make generate", name)
		}
	}
	for name := range operations {
		if !slices.Contains(table, name) {
			t.Errorf("%s is in openapi.yaml, but not in the table of routes: add its line to server/routes.go, or take it out of openapi.yaml", name)
		}
	}
	if unique := slices.Compact(slices.Sorted(slices.Values(table))); len(unique) != len(table) {
		t.Error("a route is in the table twice")
	}
}

func TestContractSaysWhatTheTableSays(t *testing.T) {
	operations, everywhere := contractOperations(t)
	ids := map[string]string{}
	for _, route := range server.Routes() {
		t.Run(route.Operation, func(t *testing.T) {
			operation := operations[route.Operation]
			if operation.OperationID == "" || operation.Summary == "" || len(operation.Tags) != 1 {
				t.Errorf("operationId %q, summary %q, tags %q: each is needed, and one tag", operation.OperationID, operation.Summary, operation.Tags)
			}
			if other := ids[operation.OperationID]; other != "" {
				t.Errorf("operationId %q is that of %s too", operation.OperationID, other)
			}
			ids[operation.OperationID] = route.Operation

			security := everywhere
			if operation.Security != nil {
				security = *operation.Security
			}
			optional := len(security) == 0 || slices.ContainsFunc(security, func(one map[string][]string) bool { return len(one) == 0 })
			if optional == route.SignedIn {
				t.Errorf("the table says that one must be signed in: %v; the contract's security: %v", route.SignedIn, security)
			}

			answers := func(status string, wanted bool, why string) {
				t.Helper()
				if _, found := operation.Responses[status]; found != wanted {
					t.Errorf("%s is among the answers: %v, want %v: %s", status, found, wanted, why)
				}
			}
			_, path, _ := strings.Cut(route.Operation, " ")
			answers("default", true, "what else may happen")
			answers("429", route.Limited, "the route is limited, or not")
			answers("421", !server.OutsideAPI(path), "the host is checked, or not")
			if route.SignedIn {
				answers("401", true, "the caller may be signed out")
			}
			if operation.RequestBody != nil {
				for _, status := range []string{"400", "413", "415", "422"} {
					answers(status, true, "there is a body")
				}
			}
			if !strings.HasPrefix(route.Operation, "GET ") {
				answers("403", true, "it may come from another site")
			}
		})
	}
}

func TestContractIsServed(t *testing.T) {
	answer := servertest.Start(t).Client().Get("/api/openapi.json").Wants(http.StatusOK)
	if got := answer.Header.Get("Content-Type"); got != "application/json" {
		t.Errorf("Content-Type: %s", got)
	}
	var served, written any
	answer.Decode(&served)
	text, err := server.Contract()
	if err == nil {
		err = json.Unmarshal(text, &written)
	}
	if err != nil {
		t.Fatal(err)
	}
	if !reflect.DeepEqual(served, written) {
		t.Error("what is served is not the contract")
	}
	document, err := libopenapi.NewDocument([]byte(answer.Body))
	if err != nil {
		t.Fatal(err)
	}
	v, errs := validator.NewValidator(document)
	if len(errs) > 0 {
		t.Fatal(errs)
	}
	if valid, faults := v.ValidateDocument(); !valid {
		t.Errorf("what is served is not valid OpenAPI: %v", faults)
	}
}

// methods are all that a server may be asked with; some are of WebDAV, and
// one is nobody's.
var methods = []string{"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS", "TRACE", "CONNECT", "PROPFIND", "REPORT", "QUERY", "get", "LYCHGATE"}

func TestWrongMethods(t *testing.T) {
	instance := servertest.Start(t)
	allowed := map[string][]string{} // by path
	for _, operation := range server.Operations() {
		method, path, _ := strings.Cut(operation, " ")
		allowed[path] = append(allowed[path], method)
		if method == "GET" {
			allowed[path] = append(allowed[path], "HEAD")
		}
	}
	for path, allow := range allowed {
		slices.Sort(allow)
		for _, method := range methods {
			if slices.Contains(allow, method) {
				continue
			}
			t.Run(method+" "+path, func(t *testing.T) {
				answer := send(t, instance, request(instance, method, strings.ReplaceAll(path, "{id}", "x"), nil, ""))
				answer.wantsProblem(t, http.StatusMethodNotAllowed, "method_not_allowed")
				got := strings.Split(answer.Header.Get("Allow"), ", ")
				slices.Sort(got)
				if !slices.Equal(got, allow) {
					t.Errorf("Allow: %q, want %q", got, allow)
				}
			})
		}
	}
}

// wantsProblem fails the test unless the answer is a problem with a status
// and a code.
func (r reply) wantsProblem(t *testing.T, status int, code string) {
	t.Helper()
	var problem struct {
		Status                int
		Code, Type, RequestID string
	}
	if r.StatusCode != status || r.Header.Get("Content-Type") != "application/problem+json" {
		t.Fatalf("status %d and %s, want a problem with %d\n%s", r.StatusCode, r.Header.Get("Content-Type"), status, r.body)
	}
	if r.Request != nil && r.Request.Method == http.MethodHead {
		return
	}
	if err := json.Unmarshal([]byte(r.body), &problem); err != nil {
		t.Fatalf("%v\n%s", err, r.body)
	}
	if problem.Status != status || problem.Code != code || problem.Type == "" || problem.RequestID != r.Header.Get("X-Request-Id") {
		t.Errorf("want the problem %d %s\n%s", status, code, r.body)
	}
}

func TestHeadIsGetWithoutABody(t *testing.T) {
	instance := servertest.Start(t)
	client := instance.Client()
	client.Register("ada@example.com")
	for _, operation := range server.Operations() {
		path, isGet := strings.CutPrefix(operation, "GET ")
		if !isGet {
			continue
		}
		get, head := client.Get(path).Wants(http.StatusOK), client.Do(http.MethodHead, path, "").Wants(http.StatusOK)
		for _, name := range []string{"Content-Type", "Cache-Control", "Content-Security-Policy"} {
			if head.Header.Get(name) != get.Header.Get(name) {
				t.Errorf("%s: HEAD has %s %q, GET %q", path, name, head.Header.Get(name), get.Header.Get(name))
			}
		}
		if head.Body != "" {
			t.Errorf("%s: HEAD has a body", path)
		}
		if length := head.Header.Get("Content-Length"); length != "" && length != fmt.Sprint(len(get.Body)) {
			t.Errorf("%s: HEAD says %s bytes, GET has %d", path, length, len(get.Body))
		}
	}
	signedOut := instance.Client()
	signedOut.Do(http.MethodHead, "/api/user/profile", "").Wants(http.StatusUnauthorized)
	signedOut.Do(http.MethodHead, "/api/nowhere", "").Wants(http.StatusNotFound)
}

func TestUnknownPathsOfTheAPI(t *testing.T) {
	instance := servertest.Start(t)
	for _, path := range []string{
		"/api/", "/api/nowhere", "/api/auth", "/api/auth/", "/api/auth/nowhere", "/api/auth/login/", "/api/auth/login/x",
		"/api/user", "/api/user/profile/", "/api/user/profile.json", "/api/user/profile.txt",
		"/api//auth/login", "/api/./auth/login", "/api/auth/../auth/login", "/api/Auth/Login", "/api/auth/%6Cogin",
		"/api/auth%2Flogin", "/api/auth;x/login", "/api/auth/login%00", "/api/auth/login%20", "/api/openapi.yaml",
		"/api/index.html", "/api/dashboard", "/api/../dashboard", "/api/%2e%2e/dashboard", "/api/:id", "/api/*",
	} {
		for _, method := range methods {
			t.Run(method+" "+path, func(t *testing.T) {
				answer := send(t, instance, request(instance, method, path, nil, ""))
				answer.wantsProblem(t, http.StatusNotFound, "not_found")
				if got := answer.Header.Get("Cache-Control"); got != "no-store" {
					t.Errorf("Cache-Control: %s", got)
				}
			})
		}
	}
	// These are no paths of the API, whatever they look like.
	for _, path := range []string{"/api", "/API/auth/login", "/%61pi/auth/login", "/api%2Fauth%2Flogin", "//api/auth/login", "/x/../api/auth/login"} {
		send(t, instance, request(instance, "POST", path, nil, "")).wantsProblem(t, http.StatusMethodNotAllowed, "method_not_allowed")
		if answer := send(t, instance, request(instance, "GET", path, nil, "")); answer.StatusCode != http.StatusNotFound {
			t.Errorf("GET %s: status %d", path, answer.StatusCode)
		}
	}
}
