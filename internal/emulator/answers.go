package emulator

import (
	"crypto/sha256"
	"time"
)

const (
	maxAnswerBytes = 32 << 20
	maxAnswerAge   = 10 * time.Minute
)

// answer is what a cs request that changed something was told, so that its
// repetition is told the same and changes nothing.
type answer struct {
	Key  string `json:"k"`
	Body string `json:"b"`
	Time int64  `json:"t"`
}

// answerCache is bounded by age and bytes.
type answerCache struct {
	list  []*answer
	byKey map[string]*answer
	bytes int
}

func newAnswerCache() answerCache { return answerCache{byKey: make(map[string]*answer)} }

// answerKey includes the body: clients that share a session collide in ids.
func answerKey(sid, id string, body []byte) string {
	if id == "" {
		return ""
	}
	h := sha256.New()
	for _, part := range [][]byte{[]byte(sid), {0}, []byte(id), {0}, body} {
		h.Write(part)
	}
	return encode64(h.Sum(nil))
}

func (c *answerCache) add(a *answer) {
	c.list = append(c.list, a)
	c.byKey[a.Key] = a
	c.bytes += len(a.Body)
	drop := 0
	for c.bytes > maxAnswerBytes || a.Time-c.list[drop].Time > int64(maxAnswerAge/time.Second) {
		old := c.list[drop]
		if c.byKey[old.Key] == old {
			delete(c.byKey, old.Key)
		}
		c.bytes -= len(old.Body)
		drop++
		if drop == len(c.list) {
			break
		}
	}
	c.list = c.list[drop:]
}

func (c *answerCache) get(key string) (string, bool) {
	a, ok := c.byKey[key]
	if !ok {
		return "", false
	}
	return a.Body, true
}
