package config

import (
	"slices"

	"github.com/hashicorp/hcl/v2"

	"github.com/megaplan/megaplan/internal/addr"
	"github.com/megaplan/megaplan/internal/diag"
)

// Graph says what in a configuration depends on what, block by block: the instances of a for_each are one.
type Graph struct {
	// Nodes are addresses, and var.NAME and local.NAME, sorted.
	Nodes []string
	// Edges lead from what depends to what it depends on, sorted.
	Edges [][2]string
}

// Dependencies loads a configuration and returns its graph.
func Dependencies(dir string, opts Options) (*Graph, diag.List) {
	e, cfg, list := load(dir, opts)
	if list.HasErrors() {
		return nil, list
	}
	edges := map[[2]string]bool{}
	g := &Graph{}
	for _, n := range e.nodes {
		g.Nodes = append(g.Nodes, n.String())
		for _, r := range n.refs() {
			e.edgesTo(n, r, edges)
		}
	}
	// What may leave its account out depends on the only one.
	only := func(of, account addr.Address) {
		if of.Kind == addr.Backup || of.Kind == addr.Folder {
			edges[[2]string{of.Block().String(), account.String()}] = true
		}
	}
	for i := range cfg.Backups {
		only(cfg.Backups[i].Address, cfg.Backups[i].Account)
	}
	for i := range cfg.Folders {
		only(cfg.Folders[i].Address, cfg.Folders[i].Account)
	}
	for edge := range edges {
		g.Edges = append(g.Edges, edge)
	}
	slices.Sort(g.Nodes)
	slices.SortFunc(g.Edges, func(a, b [2]string) int { return slices.Compare(a[:], b[:]) })
	return g, list
}

// edgesTo adds the edges that a mention stands for: one, or one to each of a kind.
func (e *evaluator) edgesTo(from *node, r ref, edges map[[2]string]bool) {
	for _, n := range e.nodes {
		if n != from && (n.String() == r.String() || r.name == "" && n.root == r.root) {
			edges[[2]string{from.String(), n.String()}] = true
		}
	}
}

// refs are all mentions in a node.
func (n *node) refs() []ref {
	if n.body != nil {
		return n.body.refs()
	}
	return refsOf(n.expr)
}

func refsOf(expr hcl.Expression) (all []ref) {
	for _, t := range expr.Variables() {
		all = append(all, newRef(t))
	}
	return all
}

func (b *body) refs() (all []ref) {
	for _, a := range b.attrs {
		all = append(all, refsOf(a.Expr)...)
	}
	for _, blocks := range b.blocks {
		for _, child := range blocks {
			all = append(all, child.refs()...)
		}
	}
	return all
}
