package store

import (
	"context"
	"database/sql"
	"iter"
	"time"

	"lychgate/server/database"
)

// PlanGrant gives a person a plan. Each source has one grant of a plan.
type PlanGrant struct {
	UserID string
	Plan   string
	Source string
	Until  time.Time // zero: no end
}

// GrantPlan stores a grant, replacing any of the same person, plan and source.
// It returns ErrNotFound if there is no such person.
func (q *Queries) GrantPlan(ctx context.Context, g PlanGrant) error {
	return q.changeUser(ctx, "grant a plan", g.UserID,
		`INSERT INTO plan_grants (user_id, plan, source, until) SELECT id, $1, $2, $3 FROM users WHERE id = $4
		 ON CONFLICT (user_id, plan, source) DO UPDATE SET until = excluded.until`,
		g.Plan, g.Source, database.StampOrNull(g.Until), g.UserID)
}

// RevokePlan deletes a grant. It returns ErrNotFound.
func (q *Queries) RevokePlan(ctx context.Context, userID, plan, source string) error {
	return q.changeUser(ctx, "revoke a plan", userID,
		`DELETE FROM plan_grants WHERE user_id = $1 AND plan = $2 AND source = $3`, userID, plan, source)
}

// PlansOf returns the grants of a person, expired ones included, by plan and
// source.
func (q *Queries) PlansOf(ctx context.Context, userID string) ([]PlanGrant, error) {
	return all(ctx, q, "read a person's plans", scanGrant,
		`SELECT user_id, plan, source, until FROM plan_grants WHERE user_id = $1 ORDER BY plan, source`, userID)
}

// Plans returns everybody's grants, expired ones included.
func (q *Queries) Plans(ctx context.Context) iter.Seq2[PlanGrant, error] {
	return inPages(func(after *PlanGrant) ([]PlanGrant, error) {
		if after == nil {
			after = new(PlanGrant)
		}
		return all(ctx, q, "read all plans", scanGrant,
			`SELECT user_id, plan, source, until FROM plan_grants WHERE (user_id, plan, source) > ($1, $2, $3)
			 ORDER BY user_id, plan, source LIMIT $4`, after.UserID, after.Plan, after.Source, StepRows)
	})
}

func scanGrant(rows *sql.Rows) (g PlanGrant, err error) {
	err = rows.Scan(&g.UserID, &g.Plan, &g.Source, (*database.StampOrNull)(&g.Until))
	return g, err
}

// UserWithPlans reads an account and its grants at one moment. It returns
// ErrNotFound.
func (q *Queries) UserWithPlans(ctx context.Context, id string) (u User, grants []PlanGrant, err error) {
	rows, err := all(ctx, q, "read a user and their plans", func(rows *sql.Rows) (g PlanGrant, err error) {
		var plan, source sql.NullString
		u, err = scanUser(func(into ...any) error {
			return rows.Scan(append(into, &plan, &source, (*database.StampOrNull)(&g.Until))...)
		})
		g.UserID, g.Plan, g.Source = u.ID, plan.String, source.String
		return g, err
	}, `SELECT `+userColumns+`, plan, source, until FROM users LEFT JOIN plan_grants ON user_id = id WHERE id = $1 ORDER BY plan, source`, id)
	switch {
	case err != nil:
		return User{}, nil, err
	case len(rows) == 0:
		return User{}, nil, ErrNotFound
	case rows[0].Plan == "": // no grant
		return u, nil, nil
	}
	return u, rows, nil
}
