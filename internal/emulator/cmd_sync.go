package emulator

import "encoding/json"

// runRegisterSync gives a sync or backup of MEGA's own clients the id they
// want before they start it. Nothing is kept: the list of syncs stays empty,
// and heartbeats are taken without a look.
func runRegisterSync(c *call, raw json.RawMessage) result {
	req, ok := parse[struct {
		ID string `json:"id"`
	}](raw)
	if !ok {
		return errorResult(codeArgs)
	}
	if req.ID == "" {
		req.ID = encode64(randomBytes(8))
	}
	if c.tagged {
		// A bare string would be taken for the tag of a packet that never comes.
		return textResult("[0," + quote(req.ID) + "]")
	}
	return textResult(quote(req.ID))
}
