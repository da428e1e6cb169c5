package servertest

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"slices"
	"strings"
	"sync"

	"github.com/pb33f/libopenapi"
	validator "github.com/pb33f/libopenapi-validator"

	"lychgate/server"
	"lychgate/server/problem"
)

// contract is the OpenAPI document that all answers are checked against.
var contract = sync.OnceValues(func() (validator.Validator, error) {
	text, err := server.Contract()
	if err != nil {
		return nil, err
	}
	document, err := libopenapi.NewDocument(text)
	if err != nil {
		return nil, fmt.Errorf("read the contract: %w", err)
	}
	v, errs := validator.NewValidator(document)
	if len(errs) > 0 {
		return nil, errors.Join(errs...)
	}
	if valid, faults := v.ValidateDocument(); !valid {
		return nil, fmt.Errorf("the contract is not valid OpenAPI: %v", faults)
	}
	return v, nil
})

// checkContract checks an answer against the contract if the contract has its
// route; pages are not in it.
func checkContract(r *http.Request, response *http.Response, body []byte) error {
	if r.Method == http.MethodHead || !isRoute(r) {
		return nil
	}
	v, err := contract()
	if err != nil {
		return err
	}
	copied := *response
	copied.Body = io.NopCloser(bytes.NewReader(body))
	if valid, faults := v.ValidateHttpResponse(r, &copied); !valid {
		if err := unlistedCode(body); err != nil {
			return fmt.Errorf("%s %s: %w\nstatus %d, body %s", r.Method, r.URL.Path, err, response.StatusCode, body)
		}
		return fmt.Errorf("%s %s: the answer breaks the contract: %v\nstatus %d, body %s", r.Method, r.URL.Path, faults, response.StatusCode, body)
	}
	return nil
}

// unlistedCode returns an error that says where to add the code of a problem, or
// of a fault of a field, that the contract does not list.
func unlistedCode(body []byte) error {
	var answer struct {
		Code   string
		Errors []problem.Field
	}
	if err := json.Unmarshal(body, &answer); err != nil {
		return nil //nolint:nilerr // what cannot be read is no problem document
	}
	text, err := server.Contract()
	if err != nil {
		return err
	}
	type enum struct{ Enum []string }
	var document struct {
		Components struct {
			Schemas struct{ ProblemCode, FieldCode enum }
		}
	}
	if err := json.Unmarshal(text, &document); err != nil {
		return err
	}
	const unlisted = "the code %q is not listed in server/openapi.yaml: add it to components, schemas, %s, enum, and run make generate"
	schemas := document.Components.Schemas
	if answer.Code != "" && !slices.Contains(schemas.ProblemCode.Enum, answer.Code) {
		return fmt.Errorf(unlisted, answer.Code, "ProblemCode")
	}
	for _, fault := range answer.Errors {
		if !slices.Contains(schemas.FieldCode.Enum, fault.Code) {
			return fmt.Errorf(unlisted, fault.Code, "FieldCode")
		}
	}
	return nil
}

// fits reports whether a path segment matches that of a template.
func fits(template, segment string) bool {
	return template == segment || strings.HasPrefix(template, "{")
}

// isRoute reports whether the contract has an operation for a request.
func isRoute(r *http.Request) bool {
	for _, operation := range server.Operations() {
		method, path, _ := strings.Cut(operation, " ")
		if method == r.Method && slices.EqualFunc(strings.Split(path, "/"), strings.Split(r.URL.Path, "/"), fits) {
			return true
		}
	}
	return false
}
