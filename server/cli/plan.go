package cli

import (
	"errors"
	"fmt"
	"strings"
	"time"

	"lychgate/server"
	"lychgate/server/audit"
	"lychgate/server/cli/terminal"
	"lychgate/server/store"
	"lychgate/server/user"
)

// byHand is the source of grants that are made here.
const byHand = "hand"

type planLine struct {
	UserID string     `json:"userId"`
	Plan   string     `json:"plan"`
	Source string     `json:"source"`
	Until  *time.Time `json:"until,omitempty"`
}

func newPlanLine(g store.PlanGrant) planLine {
	line := planLine{UserID: g.UserID, Plan: g.Plan, Source: g.Source}
	if !g.Until.IsZero() {
		line.Until = &g.Until
	}
	return line
}

// Columns are those of a table of grants.
func (l planLine) Columns() []string { return []string{l.UserID, l.Plan, l.Source, l.until()} }

func (l planLine) until() string {
	if l.Until == nil {
		return "without end"
	}
	return "until " + terminal.Stamp(*l.Until)
}

type planGrantCommand struct {
	installation
	account
	terminal.Output
	Plan  string `name:"plan" required:"" placeholder:"P" help:"The plan, one of server/plans.json."`
	Until string `name:"until" placeholder:"WHEN" help:"When the grant ends: a day such as 2026-12-31, at its end in UTC, or a time such as 2026-12-31T12:00:00Z; without it, never."`
}

// Run grants a plan to an account, or gives a grant another end.
func (g *planGrantCommand) Run(p *process) error {
	until, untilErr := untilWhen(g.Until, time.Now())
	policy, err := server.AccessPolicy()
	if err != nil {
		return err
	}
	var planErr error
	if !policy.Plans.Has(g.Plan) {
		planErr = fmt.Errorf("--plan %q: there is no such plan in server/plans.json", g.Plan)
	}
	if err := errors.Join(planErr, untilErr); err != nil {
		return usageError{err}
	}
	return g.withAccount(p, g.Email, func(o user.Service, user store.User) error {
		grant := store.PlanGrant{UserID: user.ID, Plan: g.Plan, Source: byHand, Until: until}
		if err := o.GrantPlan(p.ctx, grant, audit.CommandLine()); err != nil {
			return err
		}
		p.warnOfUnverified(user)
		line := newPlanLine(grant)
		return g.Say(p.Stdout, line, fmt.Sprintf("granted %s to %s, %s", g.Plan, user.Email, line.until()))
	})
}

type planRevokeCommand struct {
	installation
	account
	terminal.Output
	Plan string `name:"plan" placeholder:"P" help:"Only the grant of this plan."`
}

// Run revokes the grants of an account that were made by hand.
func (r *planRevokeCommand) Run(p *process) error {
	return r.withAccount(p, r.Email, func(o user.Service, user store.User) error {
		grants, err := o.Store.Read().PlansOf(p.ctx, user.ID)
		if err != nil {
			return err
		}
		revoked := []string{}
		for _, grant := range grants {
			if grant.Source != byHand || r.Plan != "" && grant.Plan != r.Plan {
				continue
			}
			if err := o.RevokePlan(p.ctx, user.ID, grant.Plan, byHand, audit.CommandLine()); err != nil {
				return err
			}
			revoked = append(revoked, grant.Plan)
		}
		if len(revoked) == 0 {
			return fmt.Errorf("%s has no such grant: see plan list", user.Email)
		}
		return r.Say(p.Stdout, map[string][]string{"revoked": revoked},
			fmt.Sprintf("revoked %s of %s: %s", terminal.Counted(len(revoked), "grant"), user.Email, strings.Join(revoked, ", ")))
	})
}

type planListCommand struct {
	installation
	terminal.Output
	Email string `name:"email" placeholder:"E" help:"Only the grants of the account with this e-mail address."`
}

// Run lists grants, expired ones included.
func (l *planListCommand) Run(p *process) error {
	return l.withAnyAccount(p, l.Email, func(o user.Service, userID string) error {
		lines := terminal.Lines(o.Store.Read().Plans(p.ctx), newPlanLine)
		if userID != "" {
			grants, err := o.Store.Read().PlansOf(p.ctx, userID)
			if err != nil {
				return err
			}
			lines = terminal.LinesOf(grants, newPlanLine)
		}
		return l.List(p.Stdout, terminal.List{Heading: []string{"ACCOUNT", "PLAN", "SOURCE", "UNTIL"}, Lines: lines})
	})
}

// untilWhen reads --until: a time, or a day, up to its end in UTC. Nothing is
// without end.
func untilWhen(text string, now time.Time) (time.Time, error) {
	if text == "" {
		return time.Time{}, nil
	}
	until, err := time.Parse(time.RFC3339, text)
	if err != nil {
		until, err = time.Parse(time.DateOnly, text)
		until = until.AddDate(0, 0, 1)
	}
	until = until.UTC()
	switch {
	case err != nil:
		return time.Time{}, fmt.Errorf("--until %q: it must be a day such as 2026-12-31, or a time such as 2026-12-31T12:00:00Z", text)
	case !until.After(now):
		return time.Time{}, fmt.Errorf("--until %q: it has passed already", text)
	case until.Year() > 9999: // no time in JSON
		return time.Time{}, fmt.Errorf("--until %q: it is too far away; leave it out for a grant without end", text)
	}
	return until, nil
}
