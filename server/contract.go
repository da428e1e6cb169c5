package server

import (
	_ "embed"
	"encoding/json"
	"fmt"
	"net/http"
	"strings"
	"sync"

	"go.yaml.in/yaml/v3"

	"lychgate/server/access"
	"lychgate/server/web"
)

//go:embed openapi.yaml
var contractYAML []byte

// Contract returns the OpenAPI document, as JSON: openapi.yaml, and the errors
// that the table of routes adds to each operation.
var Contract = sync.OnceValues(func() ([]byte, error) {
	var document map[string]any
	if err := yaml.Unmarshal(contractYAML, &document); err != nil {
		return nil, fmt.Errorf("read openapi.yaml: %w", err)
	}
	for _, r := range routes(features{}) {
		operation := member(document, "paths", inBraces(r.path), strings.ToLower(r.method))
		if operation == nil {
			return nil, fmt.Errorf("%s %s is in the table of routes, but not in openapi.yaml: describe it there, then run make generate", r.method, inBraces(r.path))
		}
		answers := member(operation, "responses")
		for status, name := range r.errors(operation) {
			if answers[status] == nil { // else the operation has words of its own
				answers[status] = map[string]any{"$ref": "#/components/responses/" + name}
			}
		}
	}
	return json.Marshal(document)
})

// errors returns the errors that a route answers by its columns, by status.
func (r route) errors(operation map[string]any) map[string]string {
	errors := map[string]string{"default": "Error"}
	if strings.HasPrefix(r.path, "/api/") {
		errors["421"], errors["500"], errors["503"] = "MisdirectedRequest", "Internal", "Unavailable"
	}
	if r.method != http.MethodGet {
		errors["403"] = "CrossSiteRequest"
	}
	if r.need != access.Public {
		errors["401"] = "Unauthenticated"
	}
	if r.need != access.Public && r.need != access.SignedIn {
		errors["403"] = "Forbidden"
	}
	if r.body != web.NoBody {
		errors["413"], errors["415"] = "BodyTooLarge", "UnsupportedMediaType"
	}
	if r.body != web.NoBody || hasQuery(operation) {
		errors["400"], errors["422"] = "InvalidRequest", "ValidationFailed"
	}
	if r.limit != unlimited {
		errors["429"] = "RateLimited"
	}
	return errors
}

// hasQuery reports whether an operation has parameters in the query.
func hasQuery(operation map[string]any) bool {
	parameters, _ := operation["parameters"].([]any)
	for _, parameter := range parameters {
		if parameter, ok := parameter.(map[string]any); ok && parameter["in"] == "query" {
			return true
		}
	}
	return false
}

// member returns the object at the end of a path of names, or nil.
func member(object map[string]any, path ...string) map[string]any {
	for _, name := range path {
		object, _ = object[name].(map[string]any)
	}
	return object
}

// Operations returns the routes as the contract writes them, such as
// "DELETE /api/user/sessions/{id}".
func Operations() []string {
	var list []string
	for _, r := range routes(features{}) {
		list = append(list, r.method+" "+inBraces(r.path))
	}
	return list
}

// inBraces writes Echo's :id as the contract does: {id}.
func inBraces(path string) string {
	segments := strings.Split(path, "/")
	for i, segment := range segments {
		if name, found := strings.CutPrefix(segment, ":"); found {
			segments[i] = "{" + name + "}"
		}
	}
	return strings.Join(segments, "/")
}
