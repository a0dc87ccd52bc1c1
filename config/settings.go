package config

import (
	"errors"
	"fmt"
	"net"
	"net/url"
	"slices"
	"strings"
	"time"
	_ "time/tzdata" // time zones are read on machines that have no database of them

	"github.com/hashicorp/go-version"
)

// EndpointEmbedded is the endpoint that stands for the emulator inside the process.
const EndpointEmbedded = "embedded"

// endpoint accepts https anywhere and http on loopback only: a password must not travel in the clear.
func endpoint(s string) (string, error) {
	if s == EndpointEmbedded {
		return s, nil
	}
	u, err := url.Parse(s)
	if err != nil || u.Host == "" || u.Scheme != "https" && u.Scheme != "http" {
		hint := ""
		if nearest(s, []string{EndpointEmbedded}) != "" {
			hint = fmt.Sprintf("; did you mean %q", EndpointEmbedded)
		}
		return "", fmt.Errorf("%q is no https address and not %q%s", s, EndpointEmbedded, hint)
	}
	if u.User != nil {
		return "", errors.New("an endpoint holds no user and no password; they have arguments of their own")
	}
	if u.Scheme == "http" && !loopback(u.Hostname()) {
		return "", fmt.Errorf("http to %s would send everything in the clear; plain http is for loopback addresses, use https", u.Host)
	}
	if u.RawQuery != "" || u.Fragment != "" {
		return "", fmt.Errorf("%q holds more than an address", s)
	}
	return strings.TrimRight(s, "/"), nil
}

// httpAddress accepts an address that can be shown: user and password have arguments of their own.
func httpAddress(s string) (string, error) {
	u, err := url.Parse(s)
	switch {
	case err != nil || u.Host == "" || u.Scheme != "https" && u.Scheme != "http":
		return "", fmt.Errorf("%q is no address that starts with https:// or http://", s)
	case u.User != nil:
		return "", errors.New("an address is shown in messages; write user and password as username and password")
	}
	return s, nil
}

func loopback(host string) bool {
	if strings.EqualFold(host, "localhost") {
		return true
	}
	ip := net.ParseIP(host)
	return ip != nil && ip.IsLoopback()
}

// encodingNames are rclone's words for sets of characters.
var encodingNames = []string{
	"Asterisk", "BackQuote", "BackSlash", "Colon", "CrLf", "Ctl", "Del", "Dollar", "Dot", "DoubleQuote", "Exclamation",
	"Hash", "InvalidUtf8", "LeftCrLfHtVt", "LeftPeriod", "LeftSpace", "LeftTilde", "LtGt", "None", "Percent", "Pipe",
	"Question", "Raw", "RightCrLfHtVt", "RightPeriod", "RightSpace", "Semicolon", "SingleQuote", "Slash", "SquareBracket",
}

func encoding(s string) (string, error) {
	if s == "" {
		return s, nil
	}
	for word := range strings.SplitSeq(s, ",") {
		word = strings.TrimSpace(word)
		if !slices.Contains(encodingNames, word) {
			return "", fmt.Errorf("there is no encoding %q%s", word, questionMark(word, encodingNames))
		}
	}
	return s, nil
}

// questionMark is didYouMean inside a sentence.
func questionMark(word string, candidates []string) string {
	if best := nearest(word, candidates); best != "" {
		return fmt.Sprintf("; did you mean %q", best)
	}
	return ""
}

func timezone(s string) (string, error) {
	if s == "" || s == "Local" {
		return "", fmt.Errorf("%q depends on the machine; name a zone such as \"UTC\" or \"Europe/Rome\"", s)
	}
	if _, err := time.LoadLocation(s); err != nil {
		return "", fmt.Errorf("there is no time zone %q; names are like \"UTC\" and \"Europe/Rome\"", s)
	}
	return s, nil
}

func versionConstraint(s string) (version.Constraints, error) {
	c, err := version.NewConstraint(s)
	if err != nil {
		return nil, fmt.Errorf("%q is no version constraint; write one like \">= 0.1.0, < 2.0.0\"", s)
	}
	return c, nil
}
