package server

import (
	_ "embed"
	"fmt"
	"net/url"
	"strings"

	"github.com/go-json-experiment/json"
	"github.com/labstack/echo/v4"

	"lychgate/server/access"
	"lychgate/server/config"
	"lychgate/server/origin"
	"lychgate/server/site"
	"lychgate/server/web"
)

// accessJSON says what pages ask of their callers: by path, the need of the
// page there and of everything below it. The frontend's linter reads the same
// file.
//
//go:embed access.json
var accessJSON []byte

// plansJSON names the plans, and what each of them includes.
//
//go:embed plans.json
var plansJSON []byte

// policyJSON names what pages may load from elsewhere: by directive of the
// Content-Security-Policy, a list of sources beside this origin.
//
//go:embed content-security-policy.json
var policyJSON []byte

// The pages that the server sends people to.
const (
	loginPage          = "/login"
	homePage           = "/dashboard" // where sign-in leads that was asked for by itself
	billingPage        = "/dashboard/billing"
	changePasswordPage = "/dashboard/settings/security"
)

// AccessPolicy reads access.json and plans.json.
func AccessPolicy() (access.Policy, error) {
	return access.Read(
		access.File{Name: "server/access.json", Text: accessJSON},
		access.File{Name: "server/plans.json", Text: plansJSON},
		access.Pages{Login: loginPage, Billing: billingPage})
}

func (e Environment) policy() (access.Policy, error) {
	if e.Access != nil {
		return *e.Access, nil
	}
	return AccessPolicy()
}

// newGuard returns the guard with the pages behind it.
func newGuard(c config.Config, public origin.Origin, policy access.Policy, env Environment) (echo.MiddlewareFunc, error) {
	pages, err := newPages(c, policy.Rules, env)
	if err != nil {
		return nil, err
	}
	guard := &site.Guard{
		Pages:          pages,
		Require:        web.Require,
		Routed:         outsideAPI,
		NoMetadata:     !public.Secure() && !public.Loopback(),
		Return:         web.ReturnPaths{Login: loginPage, Default: homePage},
		Billing:        billingPage,
		ChangePassword: changePasswordPage,
	}
	return guard.Middleware(), nil
}

// newPages returns the embedded pages, or those of a `next dev`, which makes
// them on request: of those nobody can tell at start whether a rule has one.
func newPages(c config.Config, rules access.Rules, env Environment) (site.Pages, error) {
	if c.FrontendDev != (origin.Origin{}) {
		target, err := url.Parse(c.FrontendDev.String())
		if err != nil {
			return nil, fmt.Errorf("read --frontend-dev: %w", err)
		}
		return site.NewDev(target, rules), nil
	}
	options := site.Options{Rules: rules, Routed: outsideAPI}
	if err := json.Unmarshal(policyJSON, &options.Sources); err != nil {
		return nil, fmt.Errorf(`read content-security-policy.json, which must be an object such as {"img-src": ["https://images.example.com"]}: %w`, err)
	}
	pages, err := site.New(env.Site, options)
	if err != nil {
		return nil, fmt.Errorf("read the embedded site: %w", err)
	}
	if missing := pages.Pageless(); len(missing) > 0 && !env.Partial {
		return nil, fmt.Errorf("server/access.json names %s, and there is no page there or below: add it below frontend/app and build again, or correct the path", strings.Join(missing, ", "))
	}
	return pages, nil
}
