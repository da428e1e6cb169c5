package access_test

import (
	"errors"
	"os"
	"strings"
	"testing"
	"time"

	"lychgate/server/access"
	"lychgate/server/problem"
)

const (
	somePlans = `{"plans": [{"id": "pro"}, {"id": "team", "includes": ["pro"]}, {"id": "company", "includes": ["team"]},
		{"id": "left", "includes": ["right"]}, {"id": "right", "includes": ["left"]}, {"id": "other"}]}`
	someRules = `{"/dashboard": "signed-in", "/dashboard/reports": "plan:pro", "/admin": "role:admin", "/dashboard/help": "public"}`
)

func read(rules, plans string) (access.Policy, error) {
	return access.Read(access.File{Name: "access.json", Text: []byte(rules)}, access.File{Name: "plans.json", Text: []byte(plans)},
		access.Pages{Login: "/login", Billing: "/dashboard/billing"})
}

func policy(t testing.TB) access.Policy {
	t.Helper()
	p, err := read(someRules, somePlans)
	if err != nil {
		t.Fatal(err)
	}
	return p
}

func TestCheck(t *testing.T) {
	now := time.Date(2026, 5, 1, 12, 0, 0, 0, time.UTC)
	grant := func(plan string, until time.Time) *access.Subject {
		return &access.Subject{Role: access.RoleUser, Grants: []access.Grant{{Plan: "other"}, {Plan: plan, Until: until}}}
	}
	has := func(plan string) *access.Subject { return grant(plan, time.Time{}) }
	user, admin := &access.Subject{Role: access.RoleUser}, &access.Subject{Role: access.RoleAdmin}
	for _, tt := range []struct {
		name    string
		need    string
		subject *access.Subject
		want    error
	}{
		{"public, nobody", "public", nil, nil},
		{"public, disabled", "public", &access.Subject{Disabled: true}, nil},
		{"signed in, nobody", "signed-in", nil, problem.ErrUnauthenticated},
		{"signed in", "signed-in", user, nil},
		{"signed in, without a role", "signed-in", &access.Subject{}, nil},
		{"signed in, disabled", "signed-in", &access.Subject{Disabled: true}, problem.ErrUnauthenticated},
		{"role, nobody", "role:admin", nil, problem.ErrUnauthenticated},
		{"role, disabled", "role:admin", &access.Subject{Role: access.RoleAdmin, Disabled: true}, problem.ErrUnauthenticated},
		{"role, another", "role:admin", user, access.ErrForbidden},
		{"role", "role:admin", admin, nil},
		{"role of everybody", "role:user", user, nil},
		{"role of everybody, as admin", "role:user", admin, nil},
		{"role of everybody, without one", "role:user", &access.Subject{}, access.ErrForbidden},
		{"role, with a plan", "role:admin", has("pro"), access.ErrForbidden},
		{"plan, nobody", "plan:pro", nil, problem.ErrUnauthenticated},
		{"plan, disabled", "plan:pro", &access.Subject{Disabled: true, Grants: has("pro").Grants}, problem.ErrUnauthenticated},
		{"plan, none", "plan:pro", user, access.ErrPlanRequired},
		{"plan, as admin", "plan:pro", admin, access.ErrPlanRequired},
		{"plan", "plan:pro", has("pro"), nil},
		{"plan that includes it", "plan:pro", has("team"), nil},
		{"plan that includes one that does", "plan:pro", has("company"), nil},
		{"plan that is included", "plan:team", has("pro"), access.ErrPlanRequired},
		{"plan, in a circle", "plan:left", has("right"), nil},
		{"plan that is gone", "plan:pro", has("gold"), access.ErrPlanRequired},
		{"plan to the end", "plan:pro", grant("pro", now.Add(time.Second)), nil},
		{"plan at its end", "plan:pro", grant("pro", now), access.ErrPlanRequired},
		{"plan past its end", "plan:pro", grant("pro", now.Add(-time.Second)), access.ErrPlanRequired},
	} {
		t.Run(tt.name, func(t *testing.T) {
			need, err := access.ParseNeed(tt.need)
			if err != nil {
				t.Fatal(err)
			}
			if got := policy(t).Check(need, tt.subject, now); !errors.Is(got, tt.want) {
				t.Errorf("%v, want %v", got, tt.want)
			}
		})
	}
	if err := policy(t).Check(access.Need{}, nil, now); !errors.Is(err, problem.ErrUnauthenticated) {
		t.Errorf("the zero need refuses an anonymous caller: %v", err)
	}
}

func TestRules(t *testing.T) {
	rules := policy(t).Rules
	for path, want := range map[string]string{
		"/": "public", "/about": "public", "/dashboardish": "public", "/dashboard": "signed-in", "/dashboard/": "signed-in",
		"/dashboard/settings": "signed-in", "/dashboard/reportsx": "signed-in", "/dashboard/reports": "plan:pro", "/dashboard/reports/2026": "plan:pro",
		"/dashboard/help": "public", "/dashboard/help/a/b": "public", "/admin": "role:admin", "/admin/users": "role:admin", "/x/admin": "public",
	} {
		rule, ok := rules.Of(path)
		if rule.Need.String() != want || ok != (rule.Path != "") {
			t.Errorf("%s: %v %v, want %s", path, rule, ok, want)
		}
	}
	if rule, ok := (access.Rules{}).Of("/dashboard"); ok || rule.Need != access.Public {
		t.Errorf("no rules: %v", rule)
	}
}

func TestAnyOf(t *testing.T) {
	admin, pro := access.Role("admin"), access.Plan("pro")
	for _, tt := range []struct{ given, want []access.Need }{
		{[]access.Need{access.SignedIn, access.Public, admin}, []access.Need{access.Public}},
		{[]access.Need{admin, access.SignedIn, pro}, []access.Need{access.SignedIn}},
		{[]access.Need{admin, pro, admin}, []access.Need{pro, admin}},
	} {
		got := access.AnyOf(tt.given)
		if len(got) != len(tt.want) {
			t.Fatalf("%v, want %v", got, tt.want)
		}
		for i := range got {
			if got[i] != tt.want[i] {
				t.Errorf("%v, want %v", got, tt.want)
			}
		}
	}
}

func TestFaults(t *testing.T) {
	for _, tt := range []struct {
		name, rules, plans string
		want               []string
	}{
		{"unknown need", `{"/a": "everybody"}`, somePlans, []string{`access.json: "/a": "everybody" is not a need`}},
		{"need in capitals", `{"/a": "Public"}`, somePlans, []string{`"Public" is not a need`}},
		{"need with a space", `{"/a": "public "}`, somePlans, []string{`"public " is not a need`}},
		{"no need", `{"/a": ""}`, somePlans, []string{`"" is not a need`}},
		{"unknown role", `{"/a": "role:owner"}`, somePlans, []string{`"role:owner": the roles are user and admin`}},
		{"no role", `{"/a": "role:"}`, somePlans, []string{"the roles are"}},
		{"unknown plan", `{"/a": "plan:gold"}`, somePlans, []string{`"plan:gold": there is no such plan`}},
		{"no plan", `{"/a": "plan:"}`, somePlans, []string{`"plan:": want an id`}},
		{"doubled", `{"/a": "public", "/a": "signed-in"}`, somePlans, []string{`"/a": it is there twice`}},
		{"doubled, escaped", `{"/a": "public", "\u002fa": "public"}`, somePlans, []string{`"/a": it is there twice`}},
		{"relative", `{"a": "public"}`, somePlans, []string{`"a": want a clean absolute path`}},
		{"empty", `{"": "public"}`, somePlans, []string{`"": want a clean absolute path`}},
		{"root", `{"/": "signed-in"}`, somePlans, []string{`"/": want a clean absolute path`}},
		{"trailing slash", `{"/a/": "signed-in"}`, somePlans, []string{`"/a/": want a clean absolute path`}},
		{"dot segment", `{"/a/../b": "signed-in"}`, somePlans, []string{"want a clean absolute path"}},
		{"double slash", `{"//a": "signed-in"}`, somePlans, []string{"want a clean absolute path"}},
		{"backslash", `{"/a\\b": "signed-in"}`, somePlans, []string{"want a clean absolute path"}},
		{"semicolon", `{"/a;b": "signed-in"}`, somePlans, []string{"want a clean absolute path"}},
		{"escaped", `{"/a%2fb": "signed-in"}`, somePlans, []string{"want a clean absolute path"}},
		{"control", `{"/a\u0000": "signed-in"}`, somePlans, []string{"want a clean absolute path"}},
		{"query", `{"/a?b": "signed-in"}`, somePlans, []string{"want a clean absolute path"}},
		{"api", `{"/api": "signed-in"}`, somePlans, []string{"the guard does not answer there"}},
		{"below api", `{"/api/admin": "signed-in"}`, somePlans, []string{"the guard does not answer there"}},
		{"build", `{"/_next/static": "public"}`, somePlans, []string{"the guard does not answer there"}},
		{"file of a page", `{"/a.html": "public"}`, somePlans, []string{"name the page, /a: its files go with it"}},
		{"payload of a page", `{"/a.txt": "public"}`, somePlans, []string{"name the page, /a: its files go with it"}},
		{"login page", `{"/login": "signed-in"}`, somePlans, []string{`"/login": nobody could reach /login`}},
		{"plan on the billing page", `{"/dashboard": "plan:pro"}`, somePlans, []string{`"/dashboard": nobody without a plan could reach /dashboard/billing`}},
		{"list", `["/dashboard"]`, somePlans, []string{`access.json: want an object such as {"/dashboard": "signed-in"}: it is not an object`}},
		{"number", `{"/a": 1}`, somePlans, []string{`the value of "/a" is not text`}},
		{"object", `{"/a": {"need": "public"}}`, somePlans, []string{`the value of "/a" is not text`}},
		{"cut", `{"/a": "public"`, somePlans, []string{"access.json: want an object"}},
		{"more", `{"/a": "public"} {}`, somePlans, []string{"there is more after the object"}},
		{"nothing", ``, somePlans, []string{"access.json: want an object"}},

		{"plans: list", `{}`, `[]`, []string{`plans.json: want {"plans":`}},
		{"plans: unknown member", `{}`, `{"plans": [{"id": "pro", "price": 9}]}`, []string{"plans.json: want", "price"}},
		{"plans: doubled member", `{}`, `{"plans": [], "plans": []}`, []string{"plans.json: want"}},
		{"plans: more", `{}`, `{"plans": []} 1`, []string{"plans.json: want"}},
		{"plans: doubled id", `{}`, `{"plans": [{"id": "pro"}, {"id": "pro"}]}`, []string{`plans.json: plan "pro": it is there twice`}},
		{"plans: no id", `{}`, `{"plans": [{}]}`, []string{`plans.json: plan "": want an id`}},
		{"plans: malformed id", `{}`, `{"plans": [{"id": "Pro plan"}]}`, []string{`plans.json: plan "Pro plan": want an id`}},
		{"plans: unknown inclusion", `{}`, `{"plans": [{"id": "team", "includes": ["pro"]}]}`, []string{`plan "team": it includes "pro", but there is no such plan`}},
		{"plans: doubled inclusion", `{}`, `{"plans": [{"id": "pro"}, {"id": "team", "includes": ["pro", "pro"]}]}`, []string{`plan "team": it includes "pro" twice`}},

		{"all at once", `{"a": "x", "/b": "signed-in", "/c/": "plan:gold", "/login": "role:user"}`, `{"plans": [{"id": "A"}, {"id": "b", "includes": ["c"]}]}`, []string{
			`access.json: "a": "x" is not a need`, `access.json: "a": want a clean`, `access.json: "/c/": want a clean`, `access.json: "/c/": "plan:gold"`,
			`access.json: "/login": nobody could reach`, `plans.json: plan "A"`, `plans.json: plan "b": it includes "c"`}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			_, err := read(tt.rules, tt.plans)
			if err == nil {
				t.Fatal("no fault")
			}
			for _, want := range tt.want {
				if !strings.Contains(err.Error(), want) {
					t.Errorf("%v\nlacks %q", err, want)
				}
			}
			if lines := strings.Count(err.Error(), "\n") + 1; len(tt.want) > 2 && lines != len(tt.want) {
				t.Errorf("%d faults, want %d:\n%v", lines, len(tt.want), err)
			}
		})
	}
	t.Run("a plan is not blamed where plans.json cannot be read", func(t *testing.T) {
		if _, err := read(`{"/a": "plan:pro"}`, `{`); err == nil || strings.Contains(err.Error(), "access.json") {
			t.Errorf("%v", err)
		}
	})
	t.Run("valid files", func(t *testing.T) {
		for _, rules := range []string{`{}`, `{"/login/help": "signed-in"}`, `{"/a": "signed-in", "/a/login": "public"}`, `{"/dashboard": "plan:pro", "/dashboard/billing": "signed-in"}`, `{"/café/a b": "role:user"}`} {
			if _, err := read(rules, somePlans); err != nil {
				t.Errorf("%s: %v", rules, err)
			}
		}
	})
}

// TestShippedFiles reads the files that the server is built with.
func TestShippedFiles(t *testing.T) {
	text := func(name string) string {
		content, err := os.ReadFile("../" + name)
		if err != nil {
			t.Fatal(err)
		}
		return string(content)
	}
	p, err := read(text("access.json"), text("plans.json"))
	if err != nil {
		t.Fatal(err)
	}
	if rule, _ := p.Rules.Of("/dashboard"); rule.Need != access.SignedIn {
		t.Errorf("/dashboard: %v", rule.Need)
	}
	if !p.Plans.Has("pro") || p.Plans.Has("gold") {
		t.Error("want pro to be a plan and gold not")
	}
}

// FuzzRead reads any text as access.json and plans.json: what passes is clean,
// and reads the same again.
func FuzzRead(f *testing.F) {
	f.Add(someRules, somePlans)
	f.Add(`{"/a": "plan:pro", "/a": "x"}`, `{"plans": [{"id": "pro", "includes": ["pro"]}]}`)
	f.Add(`{"/\ud800": "public"}`, `{"plans": null}`)
	f.Add("\ufeff{}", `{}`)
	f.Fuzz(func(t *testing.T, rules, plans string) {
		p, err := read(rules, plans)
		if err != nil {
			if !strings.Contains(err.Error(), "access.json: ") && !strings.Contains(err.Error(), "plans.json: ") {
				t.Errorf("%v names no file", err)
			}
			return
		}
		for _, rule := range p.Rules.All() {
			if again, err := access.ParseNeed(rule.Need.String()); err != nil || again != rule.Need {
				t.Errorf("%v reads as %v, %v", rule.Need, again, err)
			}
			for _, path := range []string{rule.Path, rule.Path + "/x"} {
				if got, ok := p.Rules.Of(path); !ok || len(got.Path) < len(rule.Path) {
					t.Errorf("%s is decided by %q", path, got.Path)
				}
			}
			if !strings.HasPrefix(rule.Path, "/") || strings.HasSuffix(rule.Path, "/") || strings.Contains(rule.Path, "//") || strings.HasPrefix(rule.Path+"/", "/api/") {
				t.Errorf("%q is accepted", rule.Path)
			}
		}
		if rule, _ := p.Rules.Of("/login"); rule.Need != access.Public {
			t.Errorf("/login asks for %v", rule.Need)
		}
	})
}
