package planner

import "github.com/megaplan/megaplan/internal/tree"

// makersAsked is how many differences say whose node it is: with more, nobody reads them all.
const makersAsked = 1000

// maker is the MEGA user handle of who made a node that state does not know. Only drift asks: to a plan a further round of
// questions is not worth it.
func (a *auditor) maker(id tree.ID) string {
	if !a.p.in.Options.DriftOnly || len(a.found) >= makersAsked {
		return ""
	}
	q := Question{Ask: AskWhere, Account: a.account.in.Address, Handle: a.remote().Handle(id)}
	answer, _ := a.p.ask(q)
	return answer.Where.Owner
}

// ifOther names a user that is not the account's own: somebody it shares the folder with.
func (a *auditor) ifOther(user string) string {
	if user == "" || user == a.account.in.User {
		return ""
	}
	return ", by MEGA user " + user
}
