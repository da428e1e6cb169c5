package access

import (
	"errors"
	"fmt"

	"github.com/go-json-experiment/json"
)

// Plans maps the id of each plan to the ids of all plans it includes, itself
// among them.
type Plans struct{ includes map[string]map[string]bool }

// Has reports whether a plan with this id exists.
func (p Plans) Has(id string) bool { return p.includes[id] != nil }

// check returns an error for the need of a plan that does not exist.
func (p Plans) check(n Need) error {
	if n.kind == plan && !p.Has(n.name) {
		return fmt.Errorf("%q: there is no such plan", n)
	}
	return nil
}

func (p Plans) include(id, included string) bool { return p.includes[id][included] }

const wantID = "want an id of lower-case letters, digits and dashes, such as pro"

// isID reports whether a text is a valid plan id.
func isID(text string) bool {
	for i := range len(text) {
		if c := text[i]; c != '-' && (c < 'a' || c > 'z') && (c < '0' || c > '9') {
			return false
		}
	}
	return text != ""
}

// readPlans reads {"plans": [{"id": "pro"}, {"id": "team", "includes":
// ["pro"]}]}. A plan includes itself, the plans it names, and what those
// include; cycles are allowed.
func readPlans(file File) (Plans, error) {
	var list struct {
		Plans []struct {
			ID       string   `json:"id"`
			Includes []string `json:"includes"`
		} `json:"plans"`
	}
	if err := json.Unmarshal(file.Text, &list, json.RejectUnknownMembers(true)); err != nil {
		return Plans{}, fmt.Errorf(`%s: want {"plans": [{"id": "pro"}, {"id": "team", "includes": ["pro"]}]}: %w`, file.Name, err)
	}
	var faults []error
	fault := func(id, words string) {
		faults = append(faults, fmt.Errorf("%s: plan %q: %s", file.Name, id, words))
	}
	named := make(map[string][]string)
	for _, plan := range list.Plans {
		if _, known := named[plan.ID]; known {
			fault(plan.ID, "it is there twice")
		}
		if !isID(plan.ID) {
			fault(plan.ID, wantID)
		}
		named[plan.ID] = plan.Includes
	}
	for _, plan := range list.Plans {
		seen := make(map[string]bool)
		for _, included := range plan.Includes {
			if _, known := named[included]; !known {
				fault(plan.ID, fmt.Sprintf("it includes %q, but there is no such plan", included))
			} else if seen[included] {
				fault(plan.ID, fmt.Sprintf("it includes %q twice", included))
			}
			seen[included] = true
		}
	}
	plans := Plans{includes: make(map[string]map[string]bool)}
	for id := range named {
		plans.includes[id] = make(map[string]bool)
		collect(id, named, plans.includes[id])
	}
	return plans, errors.Join(faults...)
}

// collect adds a plan and all it includes.
func collect(id string, named map[string][]string, into map[string]bool) {
	if into[id] {
		return
	}
	into[id] = true
	for _, included := range named[id] {
		collect(included, named, into)
	}
}
