package cache

// changer turns what happened into changes of a view, applying each at once, and keeps them for the journal.
type changer struct {
	v    *view
	made []change
}

func (c *changer) packets(list []Packet) error {
	for i := range list {
		if err := c.packet(&list[i]); err != nil {
			return err
		}
	}
	return nil
}

func (c *changer) packet(p *Packet) error {
	switch p.Action {
	case "t":
		for i := range p.Nodes {
			if err := c.put(p.Nodes[i]); err != nil {
				return err
			}
		}
	case "u":
		return c.edit(p.Handle, Node{Type: NoType, Size: -1, Attr: p.Attr, Time: p.Time})
	case "fa":
		return c.edit(p.Handle, Node{Type: NoType, Size: -1, FileAttr: p.FileAttr})
	case "d":
		// Half a move: the packet that follows says where to. What lies below the node stays attached to it.
		if !p.Moved {
			return c.remove(p.Handle)
		}
	}
	return nil
}

// edit changes a node that is there; a node that is not is left alone.
func (c *changer) edit(h Handle, with Node) error {
	old, ok, err := c.v.get(h)
	if err != nil || !ok {
		return err
	}
	with.Handle = h
	return c.set(with.over(old), true)
}

// put adds a node, or lays it over the one that is there.
func (c *changer) put(n Node) error {
	if n.Handle == 0 {
		return nil
	}
	old, ok, err := c.v.get(n.Handle)
	if err != nil {
		return err
	}
	if ok {
		n = n.over(old)
	}
	return c.set(n, ok)
}

// set makes n what the view knows of it. there says whether the view had a node of that handle.
func (c *changer) set(n Node, there bool) error {
	n = n.Clone()
	return c.change(n.Handle, &n, there)
}

func (c *changer) change(h Handle, n *Node, there bool) error {
	ch := change{handle: h, node: n, size: -1}
	if there && !c.v.over.covers(h) {
		rec, err := c.v.baseRecord(h)
		if err != nil {
			return err
		}
		ch.hides = true
		if rec.hasSize() {
			ch.size = rec.size()
		}
	}
	c.v.over.apply(ch)
	c.made = append(c.made, ch)
	return nil
}

// remove takes a node away with everything below it, old versions included.
func (c *changer) remove(h Handle) error {
	if _, ok, err := c.v.get(h); err != nil || !ok {
		return err
	}
	waiting := []Handle{h}
	for len(waiting) > 0 {
		h := waiting[len(waiting)-1]
		waiting = waiting[:len(waiting)-1]
		for after := Handle(0); after != noHandle; {
			p, err := c.v.children(h, after)
			if err != nil {
				return err
			}
			for _, n := range p.nodes {
				waiting = append(waiting, n.Handle)
			}
			after = p.last
		}
		if err := c.change(h, nil, true); err != nil {
			return err
		}
	}
	return nil
}

// move puts a node elsewhere.
func (c *changer) move(h, parent Handle) error {
	return c.edit(h, Node{Type: NoType, Size: -1, Parent: parent})
}
