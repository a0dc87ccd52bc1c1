package mega

import "github.com/megaplan/megaplan/internal/tree"

// KeptNames counts the nodes whose names earlier runs kept for a folder.
func KeptNames(c *Client, h tree.Handle) int { return c.openBook(h).known }
