// Package api speaks MEGA's command protocol: requests, answers, sign-in, node creation and events.
//
// A Transport is the way to one server: it repeats what may succeed later, solves hashcash, limits the request rate
// and keeps the server's clock. A Client adds a session to it and sends commands through two lanes, one for changes
// and one for look-ups; everything that waits for a lane travels in its next request (see Lane). Login turns a
// password into a session through go-mega and is the only code that does.
//
// Requests use the protocol's plain answers (no v=3 in the URL). The tagged form answers "p" with a tag and delivers
// the nodes in an event, so a client must hold an event channel open before it may create anything; the plain form
// answers with the nodes themselves, which are told apart by their key.
//
// Commands are never sent twice: a lost answer is asked again with the same request id and body, which the server
// recognises. Errors are typed: *Error (an error code), *HTTPError, *NetworkError and *AnswerError, each of which
// says itself whether it is Temporary. Session ids and keys appear in no error and no log line.
//
// Everything here is safe for concurrent use.
package api
