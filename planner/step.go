package planner

import (
	"cmp"
	"slices"

	"github.com/megaplan/megaplan/internal/addr"
	"github.com/megaplan/megaplan/internal/diag"
	"github.com/megaplan/megaplan/internal/tree"
)

// Step looks at everything it was given and returns either questions, to be answered before there can be a plan, or the
// plan. Answers holds all answers so far; answers to questions nobody asked are ignored. Equal inputs and answers give
// equal results.
//
// The stages are resolve (which addresses take part, and where their roots are), match (local against remote names),
// classify (the same file?), relocate (what was only renamed), audit (remote against state), emit (actions and their order) and guard (what must not be).
func Step(in Input, answers Answers) ([]Question, *Plan) {
	p := newPlanning(in, answers)
	p.resolve()
	p.locate()
	for _, t := range p.targets {
		t.readSeries()
		p.audit(t)
	}
	for _, t := range p.active() {
		if p.in.Options.Rollback {
			t.takeBack()
			continue
		}
		if t.source != nil && t.source.Tree != nil {
			t.proofs = indexProofs(t.source.Tree, t.source.Proofs)
		}
		t.match()
		if t.series != nil {
			t.compareSnapshots()
		} else {
			t.classify()
			t.relocate()
		}
	}
	for _, t := range p.active() {
		if p.in.Options.Rollback {
			continue
		}
		if len(p.questions) == 0 { // what moves is not copied
			t.copies()
			if len(p.questions) == 0 { // what is on MEGA already is copied from there
				t.equalNew()
			}
			t.history()
			t.openExpiring()
		}
	}
	p.openTrash()
	if len(p.questions) > 0 {
		return p.questions, nil
	}
	p.emit()
	p.expireTrash()
	p.unusedTags()
	p.untold()
	p.assemble()
	p.guard()
	p.checks()
	p.sort()
	return nil, p.plan
}

// planning is the state of one Step.
type planning struct {
	in        Input
	answers   Answers
	asked     map[Question]bool
	questions []Question
	accounts  map[addr.Address]*account
	targets   []*target // sorted by address
	bins      []Target
	// returning are the nodes directly in a bin that the plan takes out of it, or takes something out of.
	returning map[tree.Handle]bool
	// compared are the answers about duplicates that were downloaded; each counts once.
	compared map[Question]bool
	plan     *Plan
}

func newPlanning(in Input, answers Answers) *planning {
	p := &planning{
		in: in, answers: answers, asked: map[Question]bool{},
		accounts: map[addr.Address]*account{}, returning: map[tree.Handle]bool{}, plan: &Plan{Rollback: in.Options.Rollback, Refresh: in.Options.RefreshOnly},
	}
	if in.Options.VerifyDuplicates {
		p.plan.Compared = &Compared{}
	}
	for i := range in.Accounts {
		p.accounts[in.Accounts[i].Address] = newAccount(&in.Accounts[i])
	}
	return p
}

// ask returns the answer to a question, or records the question and returns false.
func (p *planning) ask(q Question) (Answer, bool) {
	if a, ok := p.answers[q]; ok {
		return a, true
	}
	if !p.asked[q] {
		p.asked[q] = true
		p.questions = append(p.questions, q)
	}
	return Answer{}, false
}

// active returns the targets whose source is compared with the remote tree.
func (p *planning) active() []*target {
	var out []*target
	for _, t := range p.targets {
		if t.out.Status == Active && !p.in.Options.DriftOnly && !p.in.Options.RefreshOnly && !t.refused {
			out = append(out, t)
		}
	}
	return out
}

func (p *planning) refuse(rule int, t *target, summary, detail string) {
	d := diag.Diagnostic{Summary: summary, Detail: detail}
	r := Refusal{Rule: rule, Diagnostic: d}
	if t != nil {
		t.refused = true
		r.Address = t.out.Address
		r.Diagnostic.Address, r.Diagnostic.Subject = t.out.Address.String(), t.where()
	}
	p.plan.Refusals = append(p.plan.Refusals, r)
}

func (p *planning) warn(t *target, summary, detail string) {
	d := diag.Diagnostic{Severity: diag.Warning, Summary: summary, Detail: detail}
	if t != nil {
		d.Address, d.Subject = t.out.Address.String(), t.where()
	}
	p.plan.Warnings = append(p.plan.Warnings, d)
}

// assemble puts what the stages found into the plan.
func (p *planning) assemble() {
	for _, t := range p.targets {
		p.plan.Targets = append(p.plan.Targets, t.out)
	}
	p.plan.Targets = append(p.plan.Targets, p.bins...)
	p.plan.Quotas = p.quotas()
}

// sort brings what several stages noted into one order.
func (p *planning) sort() {
	slices.SortStableFunc(p.plan.Refusals, func(a, b Refusal) int {
		return cmp.Or(a.Address.Compare(b.Address), cmp.Compare(a.Rule, b.Rule))
	})
}

func (p *planning) quotas() []AccountQuota {
	var out []AccountQuota
	for _, a := range p.accounts {
		out = append(out, AccountQuota{a.in.Address, a.in.Quota, p.trashKeep(a.in.Address)})
	}
	slices.SortFunc(out, func(a, b AccountQuota) int { return a.Account.Compare(b.Account) })
	return out
}
