package servertest

import (
	"strings"
	"testing"
)

func TestUnlistedCodesAreNamed(t *testing.T) {
	for body, want := range map[string]string{
		`{"code":"validation_failed","errors":[{"field":"text","code":"required"}]}`: "",
		`{"code":"validation_failed","errors":[{"field":"text","code":"too_odd"}]}`:  `"too_odd" is not listed in server/openapi.yaml: add it to components, schemas, FieldCode`,
		`{"code":"odd"}`: `"odd" is not listed in server/openapi.yaml: add it to components, schemas, ProblemCode`,
		`[1]`:            "",
	} {
		err := unlistedCode([]byte(body))
		if (err == nil) != (want == "") || err != nil && !strings.Contains(err.Error(), want) {
			t.Errorf("%s: %v, want %q", body, err, want)
		}
	}
}
