package api

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"strconv"
)

// encode writes a command as compact JSON without HTML escapes, which the server's clients do not expect either.
func encode(v any) ([]byte, error) {
	var b bytes.Buffer
	e := json.NewEncoder(&b)
	e.SetEscapeHTML(false)
	if err := e.Encode(v); err != nil {
		return nil, fmt.Errorf("encode command: %w", err)
	}
	return bytes.TrimSuffix(b.Bytes(), []byte("\n")), nil
}

// commandName reads the name of an encoded command for errors and logs.
func commandName(command []byte) string {
	var c struct {
		A string `json:"a"`
	}
	if json.Unmarshal(command, &c) != nil {
		return ""
	}
	return c.A
}

// joinCommands makes the request body that carries all the commands.
func joinCommands(commands [][]byte) []byte {
	body := append([]byte{'['}, bytes.Join(commands, []byte{','})...)
	return append(body, ']')
}

// readAnswers takes a whole answer apart: one element for each command. An error of the whole request is returned
// as *Error.
func readAnswers(r io.Reader, want int, command string) ([]json.RawMessage, error) {
	body, err := io.ReadAll(io.LimitReader(r, maxAnswer+1))
	if err != nil {
		return nil, err
	}
	if len(body) > maxAnswer {
		return nil, &AnswerError{Command: command, Why: "it is too large"}
	}
	return splitAnswers(body, want, command)
}

func splitAnswers(body []byte, want int, command string) ([]json.RawMessage, error) {
	body = bytes.TrimSpace(body)
	if len(body) == 0 {
		return nil, &AnswerError{Command: command, Why: "it is empty", Cut: true}
	}
	if code, ok := errorCode(body); ok {
		return nil, &Error{Code: code, Command: command}
	}
	var answers []json.RawMessage
	if err := json.Unmarshal(body, &answers); err != nil {
		cut := body[0] == '[' && body[len(body)-1] != ']'
		return nil, &AnswerError{Command: command, Why: "it is not a JSON array", Cut: cut}
	}
	if len(answers) == 1 && want != 1 {
		// Some versions of the protocol report an error of the whole request in an array.
		if code, ok := errorCode(answers[0]); ok {
			return nil, &Error{Code: code, Command: command}
		}
	}
	if len(answers) != want {
		return nil, &AnswerError{Command: command, Why: fmt.Sprintf("%d results for %d commands", len(answers), want)}
	}
	return answers, nil
}

// errorCode recognises the two forms of an error: -N and {"err":-N}.
func errorCode(element []byte) (Code, bool) {
	element = bytes.TrimSpace(element)
	if len(element) == 0 {
		return 0, false
	}
	if element[0] == '-' {
		n, err := strconv.Atoi(string(element))
		return Code(n), err == nil && n < 0
	}
	if !bytes.HasPrefix(element, []byte(`{"err":`)) {
		return 0, false
	}
	var object struct {
		Err integer `json:"err"`
	}
	err := json.Unmarshal(element, &object)
	return Code(object.Err), err == nil && object.Err < 0
}

// elementError is the error of one command's element, or nil.
func elementError(element []byte, command string) error {
	if code, ok := errorCode(element); ok {
		return &Error{Code: code, Command: command}
	}
	return nil
}

// decode reads a command's result into v.
func decode(element []byte, command string, v any) error {
	if err := json.Unmarshal(element, v); err != nil {
		return &AnswerError{Command: command, Why: err.Error()}
	}
	return nil
}

// integer is a number that the protocol may put in quotes.
type integer int64

func (i *integer) UnmarshalJSON(text []byte) error {
	if string(text) == "null" {
		return nil
	}
	n, err := strconv.ParseInt(string(bytes.Trim(text, `"`)), 10, 64)
	if err != nil {
		return fmt.Errorf("%q is not an integer", text)
	}
	*i = integer(n)
	return nil
}
