package api

import (
	"bytes"
	"encoding/json"
	"errors"
	"io"
	"testing"
	"testing/synctest"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
)

func bytesReader(b []byte) io.Reader { return bytes.NewReader(b) }

// eventSamples are packets as the protocol's reference shows them.
var eventSamples = []struct {
	text string
	want Packet
}{
	{
		`{"a":"t","i":"x","st":"000000000002","t":{"f":[{"h":"NEWDIR01","p":"RRRRRRRR","u":"AAAAAAAAAAE","t":1,"a":"at","k":"AAAAAAAAAAE:k","ts":3,"i":0},{"t":0}],` +
			`"f2":[{"h":"OLDFILE1","p":"NEWFILE1","t":0,"s":1}]},"ou":"AAAAAAAAAAE"}`,
		Packet{
			Kind: "t", Odd: 1,
			Nodes:    []Node{{Handle: 0x3445830c84d35, Parent: 0x451451451451, Owner: "AAAAAAAAAAE", Type: Folder, Time: 3, Attr: "at", Key: "AAAAAAAAAAE:k"}},
			Versions: []Node{{Handle: 1, Parent: 2, Type: File, Size: 1}},
		},
	},
	{`{"a":"u","st":"4","n":"AAAAAAAC","u":"AAAAAAAAAAE","at":"attrs","k":"AAAAAAAAAAE:k","ts":5}`,
		Packet{Kind: "u", Handle: 2, Owner: "AAAAAAAAAAE", Attr: "attrs", Key: "AAAAAAAAAAE:k", Time: 5}},
	{`{"a":"d","i":"x","st":"5","n":"AAAAAAAC","m":1,"ou":"AAAAAAAAAAE"}`, Packet{Kind: "d", Handle: 2, Moved: true}},
	{`{"a":"d","n":"AAAAAAAC","ou":"AAAAAAAAAAE"}`, Packet{Kind: "d", Handle: 2}},
	{`{"a":"fa","n":"AAAAAAAC","fa":"1:0*AAAAAAAAAAE"}`, Packet{Kind: "fa", Handle: 2}},
	{`{"a":"ph","h":"AAAAAAAC","ph":"AAAAAAAD","n":1,"ts":9}`, Packet{Kind: "ph", Handle: 2, Time: 9}},
	{`{"a":"ua","st":"7","u":"AAAAAAAAAAE","ua":["^!dv"],"v":["ver"]}`, Packet{Kind: "ua", Owner: "AAAAAAAAAAE", Names: []string{"^!dv"}}},
	{`{"a":"psts","p":4,"r":"s","n":[1,2]}`, Packet{Kind: "psts"}},
	{`{"a":"mcc","u":[{"u":"x"}],"n":3}`, Packet{Kind: "mcc"}},
}

func TestPackets(t *testing.T) {
	for _, test := range eventSamples {
		var got Packet
		if err := json.Unmarshal([]byte(test.text), &got); err != nil {
			t.Errorf("%s: %v", test.text, err)
			continue
		}
		if string(got.Raw) != test.text {
			t.Errorf("raw text %s, want %s", got.Raw, test.text)
		}
		if test.want.Kind == "t" {
			// Handles that read well are no small numbers.
			test.want.Nodes[0].Handle, test.want.Nodes[0].Parent = handle(t, "NEWDIR01"), handle(t, "RRRRRRRR")
			test.want.Versions[0].Handle, test.want.Versions[0].Parent = handle(t, "OLDFILE1"), handle(t, "NEWFILE1")
		}
		if diff := cmp.Diff(test.want, got, cmpopts.IgnoreFields(Packet{}, "Raw"), cmpopts.EquateEmpty()); diff != "" {
			t.Errorf("%s (-want +got):\n%s", test.text, diff)
		}
	}
}

type applied struct {
	Kinds []string
	SN    string
}

func collect(into *[]applied) func([]Packet, string) error {
	return func(packets []Packet, sn string) error {
		a := applied{SN: sn}
		for _, p := range packets {
			a.Kinds = append(a.Kinds, p.Kind)
		}
		*into = append(*into, a)
		return nil
	}
}

// eventServer answers by sequence number.
func eventServer(answers map[string]string) *fake {
	return &fake{answer: func(_ int, r fakeRequest) (fakeAnswer, error) {
		if r.path != "sc" || r.sid != testSID || r.body != "" || r.id != "" {
			return fakeAnswer{status: 400}, nil
		}
		return text(answers[r.sn])
	}}
}

func TestEventsCatchUp(t *testing.T) {
	f := eventServer(map[string]string{
		"AAAAAAAAAAE": `{"a":[{"a":"d","n":"AAAAAAAC"},{"a":"ua"}],"ir":1,"sn":"AAAAAAAAAAI"}`,
		"AAAAAAAAAAI": `{"a":[{"a":"t","t":{"f":[]}}],"sn":"AAAAAAAAAAM"}`,
		"AAAAAAAAAAM": `{"w":"https://wait.test/x","sn":"AAAAAAAAAAM"}`,
	})
	var got []applied
	sn, err := newFakeClient(t, f, nil).Events(t.Context(), "AAAAAAAAAAE", collect(&got))
	if err != nil || sn != "AAAAAAAAAAM" {
		t.Fatalf("sn %s, %v", sn, err)
	}
	want := []applied{{[]string{"d", "ua"}, "AAAAAAAAAAI"}, {[]string{"t"}, "AAAAAAAAAAM"}}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("applied (-want +got):\n%s", diff)
	}
	if n := len(f.seen()); n != 3 {
		t.Errorf("%d requests, want 3", n)
	}
}

func TestEventsUpToDate(t *testing.T) {
	for name, answer := range map[string]string{
		"wait address": `{"w":"https://wait.test/x","sn":"AAAAAAAAAAE"}`,
		"keep-alive":   `0`,
		"nothing":      `{"sn":"AAAAAAAAAAE"}`,
		"both at once": `{"w":"https://wait.test/x","a":[],"sn":"AAAAAAAAAAE"}`,
	} {
		t.Run(name, func(t *testing.T) {
			f := eventServer(map[string]string{"AAAAAAAAAAE": answer})
			var got []applied
			sn, err := newFakeClient(t, f, nil).Events(t.Context(), "AAAAAAAAAAE", collect(&got))
			if err != nil || sn != "AAAAAAAAAAE" || got != nil || len(f.seen()) != 1 {
				t.Errorf("sn %s, applied %v, %d requests, %v", sn, got, len(f.seen()), err)
			}
		})
	}
}

func TestEventsFail(t *testing.T) {
	tests := map[string]struct {
		answer string
		want   error
	}{
		"too old":           {`-6`, ErrTooOld},
		"too old in array":  {`[-6]`, ErrTooOld},
		"dead":              {`-15`, ErrSessionDead},
		"dead in array":     {`[-15]`, ErrSessionDead},
		"blocked":           {`{"err":-16}`, EBLOCKED},
		"no way forward":    {`{"a":[{"a":"ua"}],"sn":"AAAAAAAAAAE"}`, nil},
		"no number":         {`{"a":[{"a":"ua"}]}`, nil},
		"promise, no move":  {`{"ir":1,"sn":"AAAAAAAAAAE"}`, nil},
		"nonsense":          {`{"a":5}`, nil},
		"packet is no node": {`{"a":[{"a":"t","t":{"f":{}}}],"sn":"AAAAAAAAAAI"}`, nil},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			f := eventServer(map[string]string{"AAAAAAAAAAE": test.answer})
			sn, err := newFakeClient(t, f, nil).Events(t.Context(), "AAAAAAAAAAE", collect(new([]applied)))
			if err == nil || test.want != nil && !errors.Is(err, test.want) || test.want == nil && !isAnswer(err) {
				t.Errorf("err = %v, want %v", err, test.want)
			}
			if sn != "AAAAAAAAAAE" || len(f.seen()) != 1 {
				t.Errorf("moved to %s in %d requests", sn, len(f.seen()))
			}
		})
	}
}

func TestEventsRepeatWhatIsTemporary(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := &fake{answer: func(n int, _ fakeRequest) (fakeAnswer, error) {
			answers := []string{`-3`, `-4`, ``, `{"w":"https://wait`, `{"w":"https://wait.test/x","sn":"AAAAAAAAAAI"}`}
			return text(answers[n])
		}}
		sn, err := newFakeClient(t, f, nil).Events(t.Context(), "AAAAAAAAAAE", nil)
		if err != nil || sn != "AAAAAAAAAAI" {
			t.Errorf("sn %s, %v", sn, err)
		}
	})
}

func TestEventsStopWhenTheyCannotBeApplied(t *testing.T) {
	f := eventServer(map[string]string{
		"AAAAAAAAAAE": `{"a":[{"a":"ua"}],"sn":"AAAAAAAAAAI"}`,
		"AAAAAAAAAAI": `{"a":[{"a":"ua"}],"sn":"AAAAAAAAAAM"}`,
	})
	full := errors.New("disk full")
	calls := 0
	sn, err := newFakeClient(t, f, nil).Events(t.Context(), "AAAAAAAAAAE", func([]Packet, string) error {
		if calls++; calls == 2 {
			return full
		}
		return nil
	})
	if !errors.Is(err, full) || sn != "AAAAAAAAAAI" {
		t.Errorf("sn %s, %v; want the last one that was applied", sn, err)
	}
}
