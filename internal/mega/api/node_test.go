package api

import (
	"encoding/json"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func handle(t testing.TB, text string) Handle {
	t.Helper()
	var h Handle
	if err := h.UnmarshalText([]byte(text)); err != nil {
		t.Fatal(err)
	}
	return h
}

func TestNode(t *testing.T) {
	tests := map[string]struct {
		text string
		want Node
	}{
		"file": {
			`{"h":"AbCdEfGh","p":"RRRRRRRR","u":"AAAAAAAAAAE","t":0,"a":"YXR0cg","k":"AAAAAAAAAAE:a2V5","s":12,"ts":1700000000,"fa":"1:0*x","new":{}}`,
			Node{handle(t, "AbCdEfGh"), handle(t, "RRRRRRRR"), "AAAAAAAAAAE", File, 12, 1700000000, "YXR0cg", "AAAAAAAAAAE:a2V5"},
		},
		"quoted numbers": {`{"h":"AbCdEfGh","t":"1","ts":"5"}`, Node{Handle: handle(t, "AbCdEfGh"), Type: Folder, Time: 5}},
		"root":           {`{"h":"AbCdEfGh","p":"","t":2,"a":"","k":""}`, Node{Handle: handle(t, "AbCdEfGh"), Type: Root}},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			var got Node
			if err := json.Unmarshal([]byte(test.text), &got); err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(test.want, got); diff != "" {
				t.Errorf("node (-want +got):\n%s", diff)
			}
		})
	}
}

var oddNodes = []string{
	`{}`, `{"t":0}`, `{"h":"","t":0}`, `{"h":"AbCdEfGh"}`, `{"h":"AbCdEfGh","t":5}`, `{"h":"AbCdEfGh","t":-1}`, `{"h":"short","t":0}`,
	`{"h":"AbCdEfGh","t":0,"s":-1}`, `{"h":"AbCdEfGh","t":0,"s":"x"}`, `{"h":"AbCdEfGh","t":0,"p":"!!!!!!!!"}`, `[]`, `"AbCdEfGh"`, `5`,
	`{"h":"AbCdEfGh","t":0,"s":99999999999999999999}`, `{"h":7,"t":0}`,
}

func TestNodesThatAreNotUnderstoodAreCounted(t *testing.T) {
	list := `[{"h":"AbCdEfGh","t":1}`
	for _, odd := range oddNodes {
		var n Node
		if err := json.Unmarshal([]byte(odd), &n); err == nil {
			t.Errorf("%s was read as %+v", odd, n)
		}
		list += "," + odd
	}
	nodes, odd, err := parseNodes([]byte(list + `,{"h":"BbCdEfGh","t":0}]`))
	if err != nil || len(nodes) != 2 || odd != len(oddNodes) {
		t.Errorf("%d nodes, %d odd, %v; want 2 and %d", len(nodes), odd, err, len(oddNodes))
	}
	if _, _, err := parseNodes([]byte(`{"h":"AbCdEfGh"}`)); err == nil {
		t.Error("an object was read as a list")
	}
}

func FuzzNodes(f *testing.F) {
	for _, odd := range oddNodes {
		f.Add([]byte("[" + odd + "]"))
	}
	f.Add([]byte(`[{"h":"AbCdEfGh","p":"RRRRRRRR","u":"AAAAAAAAAAE","t":0,"a":"YXR0cg","k":"AAAAAAAAAAE:a2V5","s":12,"ts":1700000000}]`))
	f.Fuzz(func(t *testing.T, list []byte) {
		nodes, odd, err := parseNodes(list)
		if err != nil && (nodes != nil || odd != 0) {
			t.Errorf("nodes beside an error: %+v, %d, %v", nodes, odd, err)
		}
		for _, n := range nodes {
			if n.Handle == 0 || n.Size < 0 || n.Type > Bin {
				t.Errorf("impossible node %+v", n)
			}
		}
	})
}

func FuzzAnswers(f *testing.F) {
	for _, body := range []string{"-3", "[-9]", `{"err":-15}`, `[0,{"p":"x"}]`, `[`, ``, `0`, `[[["a"]]]`, `{"err":5}`, `[{"err":-2}]`, `-`} {
		f.Add([]byte(body), 1)
	}
	f.Fuzz(func(t *testing.T, body []byte, want int) {
		answers, err := splitAnswers(body, want, "x")
		if err == nil && len(answers) != want || err != nil && answers != nil {
			t.Errorf("%d answers for %d commands, %v", len(answers), want, err)
		}
		for _, a := range answers {
			if len(a) == 0 {
				t.Error("an empty element")
			}
			_ = elementError(a, "x")
		}
	})
}
