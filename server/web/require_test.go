package web_test

import (
	"context"
	"errors"
	"net/http/httptest"
	"testing"
	"time"

	"github.com/labstack/echo/v4"

	"lychgate/server/access"
	"lychgate/server/problem"
	"lychgate/server/web"
)

var errLookUp = problem.Busy(time.Second, nil)

// subjects are the people behind identities. Any other account is gone, except
// for "unknown", whose look-up fails.
var subjects = map[string]access.Subject{
	"ada":      {Role: access.RoleUser},
	"admin":    {Role: access.RoleAdmin},
	"pro":      {Role: access.RoleUser, Grants: []access.Grant{{Plan: "pro"}}},
	"disabled": {Role: access.RoleAdmin, Disabled: true},
}

// requiring checks needs one after the other in one request, and returns the
// results and how often the caller was authenticated and the subject read.
func requiring(t *testing.T, who string, needs ...access.Need) (errs []error, authenticated, found int) {
	t.Helper()
	policy, err := access.Read(access.File{Text: []byte(`{}`)}, access.File{Text: []byte(`{"plans": [{"id": "pro"}]}`)}, access.Pages{})
	if err != nil {
		t.Fatal(err)
	}
	e := echo.New()
	e.Pre(web.Steps(time.Minute, web.Authenticate(web.Checks{
		Authenticate: func(_ echo.Context, depth web.Depth) (access.Identity, error) {
			authenticated++
			if who == "" || depth != web.Peeking {
				return access.Identity{}, problem.ErrUnauthenticated
			}
			return access.Identity{UserID: who}, nil
		},
		Subject: func(_ context.Context, identity access.Identity) (access.Subject, error) {
			found++
			if identity.UserID == "unknown" {
				return access.Subject{}, errLookUp
			}
			subject, ok := subjects[identity.UserID]
			if !ok {
				return access.Subject{}, problem.ErrUnauthenticated
			}
			return subject, nil
		},
		Policy: policy,
		Now:    time.Now,
	})))
	e.GET("/", func(c echo.Context) error {
		for _, need := range needs {
			caller, err := web.Require(c, need, web.Peeking)
			if met := err == nil && need != access.Public; met && caller.UserID != who {
				t.Errorf("%v: the caller is %q", need, caller.UserID)
			}
			errs = append(errs, err)
		}
		return nil
	})
	e.ServeHTTP(httptest.NewRecorder(), httptest.NewRequest("GET", "/", nil))
	return errs, authenticated, found
}

func TestRequire(t *testing.T) {
	admin, pro := access.Role(access.RoleAdmin), access.Plan("pro")
	for _, tt := range []struct {
		name, who            string
		needs                []access.Need
		want                 []error
		authenticated, found int
	}{
		{"public costs nothing", "ada", []access.Need{access.Public}, []error{nil}, 0, 0},
		{"signed in costs no subject", "ada", []access.Need{access.SignedIn, access.SignedIn}, []error{nil, nil}, 1, 0},
		{"the subject is looked for once", "ada", []access.Need{access.SignedIn, admin, pro}, []error{nil, access.ErrForbidden, access.ErrPlanRequired}, 1, 1},
		{"nobody", "", []access.Need{access.SignedIn, admin, pro}, []error{problem.ErrUnauthenticated, problem.ErrUnauthenticated, problem.ErrUnauthenticated}, 1, 0},
		{"role", "admin", []access.Need{admin, pro}, []error{nil, access.ErrPlanRequired}, 1, 1},
		{"plan", "pro", []access.Need{admin, pro}, []error{access.ErrForbidden, nil}, 1, 1},
		{"disabled", "disabled", []access.Need{admin}, []error{problem.ErrUnauthenticated}, 1, 1},
		{"gone", "gone", []access.Need{admin}, []error{problem.ErrUnauthenticated}, 1, 1},
		{"the subject cannot be known", "unknown", []access.Need{pro}, []error{errLookUp}, 1, 1},
	} {
		t.Run(tt.name, func(t *testing.T) {
			errs, authenticated, found := requiring(t, tt.who, tt.needs...)
			for i, want := range tt.want {
				if !errors.Is(errs[i], want) {
					t.Errorf("%v: %v, want %v", tt.needs[i], errs[i], want)
				}
			}
			if authenticated != tt.authenticated || found != tt.found {
				t.Errorf("authenticated %d times, found %d times, want %d and %d", authenticated, found, tt.authenticated, tt.found)
			}
		})
	}
}
