package access

import (
	"errors"
	"time"

	"lychgate/server/problem"
)

// Subject is the person behind an identity, with role and plans.
type Subject struct {
	UserID        string
	Email         string
	Name          string
	EmailVerified bool
	CreatedAt     time.Time
	Role          string
	Disabled      bool
	Grants        []Grant
}

// Grant is a plan that a subject has.
type Grant struct {
	Plan   string
	Until  time.Time // zero: no end
	Source string    // who granted it
}

// Refusals of a signed-in subject.
var (
	ErrForbidden    = problem.New(problem.Forbidden, "forbidden", "Your account may not use this.")
	ErrPlanRequired = problem.New(problem.Forbidden, "plan_required", "This needs a plan that your account does not have.")
)

// Policy holds the rules and plans that access is decided by.
type Policy struct {
	Rules Rules // the need of each page
	Plans Plans // which plan includes which
}

// File is the text of a file and the name used in reports of its faults.
type File struct {
	Name string
	Text []byte
}

// Read reads access.json and plans.json, and reports all faults of both
// together.
func Read(rules, plans File, pages Pages) (Policy, error) {
	p, plansErr := readPlans(plans)
	r, rulesErr := readRules(rules, p, pages)
	if err := errors.Join(rulesErr, plansErr); err != nil {
		return Policy{}, err
	}
	return Policy{Rules: r, Plans: p}, nil
}

// CheckNeed returns an error unless somebody can meet a need that is written in
// code: an unknown role or plan would shut everybody out.
func (p Policy) CheckNeed(need Need) error {
	if _, err := ParseNeed(need.String()); err != nil {
		return err
	}
	return p.Plans.check(need)
}

// Check returns nil if the subject meets the need at this time. It returns
// problem.ErrUnauthenticated for nobody (a nil or disabled subject), and
// ErrForbidden or ErrPlanRequired for a subject that does not meet the need.
func (p Policy) Check(need Need, subject *Subject, now time.Time) error {
	switch {
	case need.kind == public:
		return nil
	case subject == nil || subject.Disabled:
		return problem.ErrUnauthenticated
	case need.kind == role && !subject.hasRole(need.name):
		return ErrForbidden
	case need.kind == plan && !p.hasPlan(subject, need.name, now):
		return ErrPlanRequired
	}
	return nil
}

func (s *Subject) hasRole(name string) bool {
	return s.Role == name || s.Role == RoleAdmin && name == RoleUser
}

func (p Policy) hasPlan(s *Subject, name string, now time.Time) bool {
	for _, grant := range s.Grants {
		if (grant.Until.IsZero() || now.Before(grant.Until)) && p.Plans.include(grant.Plan, name) {
			return true
		}
	}
	return false
}
