package api

import (
	"context"
	"encoding/json"
	"time"
)

// SessionInfo is one session of the account, as the server lists it.
type SessionInfo struct {
	ID       string    `json:"id"` // names the session in RevokeSession; it is not the secret session id
	Agent    string    `json:"agent"`
	IP       string    `json:"ip"`
	Country  string    `json:"country"`
	Created  time.Time `json:"created"`
	LastUsed time.Time `json:"last_used"`
	Current  bool      `json:"current"` // the one that asks
	Alive    bool      `json:"alive"`
}

// Sessions lists the account's sessions.
func (c *Client) Sessions(ctx context.Context) ([]SessionInfo, error) {
	command := struct {
		A string `json:"a"`
		X int    `json:"x"`
		D int    `json:"d"`
	}{"usl", 1, 1}
	var rows []sessionRow
	if err := c.ask(ctx, command, &rows); err != nil {
		return nil, err
	}
	sessions := make([]SessionInfo, len(rows))
	for i, row := range rows {
		sessions[i] = SessionInfo(row)
	}
	return sessions, nil
}

// sessionRow is positional: created, last used, agent, address, country, current, id, alive.
type sessionRow SessionInfo

func (r *sessionRow) UnmarshalJSON(text []byte) error {
	var created, used, current, alive integer
	columns := []any{&created, &used, &r.Agent, &r.IP, &r.Country, &current, &r.ID, &alive}
	var row []json.RawMessage
	if err := json.Unmarshal(text, &row); err != nil {
		return err
	}
	for i, target := range columns[:min(len(columns), len(row))] {
		if err := json.Unmarshal(row[i], target); err != nil {
			return err
		}
	}
	r.Created, r.LastUsed = time.Unix(int64(created), 0), time.Unix(int64(used), 0)
	r.Current, r.Alive = current != 0, alive != 0
	return nil
}

// RevokeSession ends one session by its ID.
func (c *Client) RevokeSession(ctx context.Context, id string) error {
	_, err := c.Do(ctx, struct {
		A string   `json:"a"`
		S []string `json:"s"`
	}{"usr", []string{id}})
	return err
}

// RevokeOtherSessions ends every session but this one.
func (c *Client) RevokeOtherSessions(ctx context.Context) error {
	_, err := c.Do(ctx, struct {
		A  string `json:"a"`
		Ko int    `json:"ko"`
	}{"usr", 1})
	return err
}

// Logout ends the client's own session; the client is of no use afterwards.
func (c *Client) Logout(ctx context.Context) error {
	_, err := c.Do(ctx, struct {
		A string `json:"a"`
	}{"sml"})
	return err
}
