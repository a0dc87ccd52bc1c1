package ui

import (
	"bufio"
	"fmt"
	"io"
	"slices"
	"strings"

	"github.com/megaplan/megaplan/internal/addr"
	"github.com/megaplan/megaplan/planner"
)

// Graph writes what depends on what, in the language of Graphviz: nodes, and edges that lead from what depends to what it
// depends on.
func Graph(w io.Writer, nodes []string, edges [][2]string) error {
	g := newDOT(w)
	for _, n := range nodes {
		g.line("  %s", dotText(n))
	}
	for _, e := range edges {
		g.line("  %s -> %s", dotText(e[0]), dotText(e[1]))
	}
	return g.end()
}

// PlanGraph writes the actions of a plan by address, each with an edge to those it waits for. Deletions wait for all that
// brings content to their address, which one point stands for.
func PlanGraph(w io.Writer, p *planner.Plan) error {
	g := newDOT(w)
	var order []addr.Address
	by := map[addr.Address][]*planner.Action{}
	for i := range p.Actions {
		a := &p.Actions[i]
		if by[a.Address] == nil {
			order = append(order, a.Address)
		}
		by[a.Address] = append(by[a.Address], a)
	}
	for i, address := range order {
		g.address(i, address, by[address])
	}
	return g.end()
}

type dot struct{ w *bufio.Writer }

func newDOT(w io.Writer) *dot {
	g := &dot{bufio.NewWriter(w)}
	g.line("digraph {\n  rankdir = \"RL\"\n  node [shape = \"box\"]")
	return g
}

func (g *dot) line(format string, args ...any) { fmt.Fprintf(g.w, format+"\n", args...) } // an error shows in end

func (g *dot) address(number int, address addr.Address, actions []*planner.Action) {
	content := dotText("content of " + address.String())
	waits := slices.ContainsFunc(actions, func(a *planner.Action) bool { return a.After != planner.AfterNeeds })
	g.line("  subgraph cluster_%d {\n    label = %s", number, dotText(address.String()))
	for _, a := range actions {
		g.line("    %d [label = %s]", a.ID, dotText(string(a.Kind)+" /"+string(a.Path)))
	}
	if waits {
		g.line("    %s [shape = \"point\"]", content)
	}
	g.line("  }")
	for _, a := range actions {
		g.action(a, content, waits)
	}
}

func (g *dot) action(a *planner.Action, content string, contents bool) {
	for _, n := range a.Needs {
		g.line("  %d -> %d", a.ID, n)
	}
	if a.After != planner.AfterNeeds {
		g.line("  %d -> %s", a.ID, content)
	}
	if contents && a.Kind.Content() {
		g.line("  %s -> %d", content, a.ID)
	}
}

func (g *dot) end() error {
	g.line("}")
	return g.w.Flush()
}

// dotText quotes any text; a backslash would begin an escape of Graphviz's own.
func dotText(s string) string {
	return `"` + strings.NewReplacer(`\`, `\\`, `"`, `\"`).Replace(Printable(s)) + `"`
}
