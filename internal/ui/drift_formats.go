package ui

import (
	"encoding/xml"
	"fmt"
	"io"
	"strings"
	"time"

	"github.com/megaplan/megaplan/internal/addr"
	"github.com/megaplan/megaplan/planner"
)

// DriftFormats are the values of drift -format. Text is what Screen shows; the others are for programs and for pages.
var DriftFormats = []string{"text", "json", "markdown", "github", "junit"}

// WriteDrift writes what drift found in one of DriftFormats other than text.
func WriteDrift(w io.Writer, format string, p *planner.Plan, version string) error {
	switch format {
	case "json":
		return WriteJSON(w, NewDocument(p, version))
	case "markdown":
		_, err := io.WriteString(w, driftMarkdown(p))
		return err
	case "github":
		_, err := io.WriteString(w, driftGitHub(p))
		return err
	case "junit":
		return driftJUnit(w, p)
	}
	panic("ui: drift format " + format)
}

// oneLine says what happened to a path, with nothing that depends on when it is read.
func oneLine(d planner.Difference) string {
	text := d.Detail
	if text == "" {
		text = changeLooks[d.Change].word
	}
	if d.To != "" {
		text += " to /" + Printable(string(d.To))
	}
	if d.Files > 1 {
		text += ", " + Plural(d.Files, "file")
	}
	return text
}

func stamp(t time.Time) string {
	if t.IsZero() {
		return ""
	}
	return t.UTC().Format("2006-01-02 15:04:05 UTC")
}

// drifted groups differences by address, in the order of the plan's targets.
func drifted(p *planner.Plan) (addresses []addr.Address, byAddress map[addr.Address][]planner.Difference) {
	byAddress = map[addr.Address][]planner.Difference{}
	for _, d := range p.Drift {
		byAddress[d.Address] = append(byAddress[d.Address], d)
	}
	for i := range p.Targets {
		if t := &p.Targets[i]; t.Status == planner.Active {
			addresses = append(addresses, t.Address)
		}
	}
	return addresses, byAddress
}

// driftMarkdown is a report for a page or a comment: a table per address.
func driftMarkdown(p *planner.Plan) string {
	var b strings.Builder
	if len(p.Drift) == 0 {
		b.WriteString("### No drift\n\nThe account is as it was applied.\n")
	} else {
		fmt.Fprintf(&b, "### Drift: %s\n", Plural(int64(len(p.Drift)), "difference"))
	}
	addresses, found := drifted(p)
	for _, a := range addresses {
		if len(found[a]) == 0 {
			continue
		}
		fmt.Fprintf(&b, "\n**%s** has drifted%s\n\n| | path | what | when |\n| --- | --- | --- | --- |\n", cell(a.String()), cell(driftSince(p, a)))
		for _, d := range found[a] {
			fmt.Fprintf(&b, "| %s | %s | %s | %s |\n", cell(string(d.Change)), code(display(d.Path, d.Dir)), cell(oneLine(d)), stamp(d.When))
		}
	}
	for i, c := range p.Checks {
		if i == 0 {
			b.WriteString("\n| check | |\n| --- | --- |\n")
		}
		fmt.Fprintf(&b, "| %s | %s |\n", cell(c.Address.String()), cell(verdict(c)))
	}
	return b.String()
}

func verdict(c planner.CheckResult) string {
	if c.OK {
		return "holds: " + c.Detail
	}
	return "fails: " + c.Detail
}

// markdownMarks are what Markdown reads as more than text; names come from anybody.
var markdownMarks = strings.NewReplacer(`\`, `\\`, "`", "\\`", "*", `\*`, "_", `\_`, "[", `\[`, "]", `\]`, "<", "&lt;", ">", "&gt;", "|", `\|`, "&", "&amp;", "~", `\~`)

func cell(text string) string { return markdownMarks.Replace(text) }

// code writes a name as code. A bar would end the table's cell even there, and a backtick the code.
func code(name string) string {
	if strings.ContainsAny(name, "`|") {
		return cell(name)
	}
	return "`" + name + "`"
}

// driftGitHub is workflow commands: each difference is a warning, each check that fails an error.
func driftGitHub(p *planner.Plan) string {
	var b strings.Builder
	for _, d := range p.Drift {
		text := display(d.Path, d.Dir) + ": " + oneLine(d)
		if when := stamp(d.When); when != "" {
			text += ", " + when
		}
		fmt.Fprintf(&b, "::warning title=%s::%s\n", property("drift in "+d.Address.String()), message(text))
	}
	for _, c := range p.Checks {
		if !c.OK {
			fmt.Fprintf(&b, "::error title=%s::%s\n", property(c.Address.String()), message(verdict(c)))
		}
	}
	if b.Len() == 0 {
		b.WriteString("::notice title=drift::No drift: the account is as it was applied.\n")
	}
	return b.String()
}

// message and property escape as the runner unescapes: actions/toolkit, packages/core/src/command.ts.
func message(s string) string {
	return strings.NewReplacer("%", "%25", "\r", "%0D", "\n", "%0A").Replace(s)
}

func property(s string) string {
	return strings.NewReplacer(":", "%3A", ",", "%2C").Replace(message(s))
}

type junitSuites struct {
	XMLName  xml.Name     `xml:"testsuites"`
	Tests    int          `xml:"tests,attr"`
	Failures int          `xml:"failures,attr"`
	Suites   []junitSuite `xml:"testsuite"`
}

type junitSuite struct {
	Name     string      `xml:"name,attr"`
	Tests    int         `xml:"tests,attr"`
	Failures int         `xml:"failures,attr"`
	Cases    []junitCase `xml:"testcase"`
}

type junitCase struct {
	Class   string        `xml:"classname,attr"`
	Name    string        `xml:"name,attr"`
	Failure *junitFailure `xml:"failure"`
}

type junitFailure struct {
	Type    string `xml:"type,attr"`
	Message string `xml:"message,attr"`
	Text    string `xml:",chardata"`
}

// driftJUnit is a test report: an address without drift is a case that passes, each difference one that fails, and so are checks.
func driftJUnit(w io.Writer, p *planner.Plan) error {
	var all junitSuites
	add := func(s junitSuite) {
		s.Tests = len(s.Cases)
		for _, c := range s.Cases {
			if c.Failure != nil {
				s.Failures++
			}
		}
		all.Tests, all.Failures = all.Tests+s.Tests, all.Failures+s.Failures
		all.Suites = append(all.Suites, s)
	}
	addresses, found := drifted(p)
	for _, a := range addresses {
		suite := junitSuite{Name: Printable(a.String())}
		for _, d := range found[a] {
			suite.Cases = append(suite.Cases, junitCase{suite.Name, display(d.Path, d.Dir), &junitFailure{string(d.Change), oneLine(d), stamp(d.When)}})
		}
		if len(suite.Cases) == 0 {
			suite.Cases = []junitCase{{Class: suite.Name, Name: "no drift"}}
		}
		add(suite)
	}
	checks := junitSuite{Name: "checks"}
	for _, c := range p.Checks {
		one := junitCase{Class: checks.Name, Name: Printable(c.Address.String())}
		if !c.OK {
			one.Failure = &junitFailure{Type: "check", Message: c.Detail}
		}
		checks.Cases = append(checks.Cases, one)
	}
	if len(checks.Cases) > 0 {
		add(checks)
	}
	if _, err := io.WriteString(w, xml.Header); err != nil {
		return err
	}
	enc := xml.NewEncoder(w)
	enc.Indent("", "  ")
	if err := enc.Encode(all); err != nil {
		return err
	}
	_, err := io.WriteString(w, "\n")
	return err
}
