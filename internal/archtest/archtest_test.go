package archtest

import (
	"strings"
	"testing"
)

func TestModule(t *testing.T) {
	all := load(t)
	if len(all) == 0 {
		t.Fatal("found no packages")
	}
	for _, v := range violations(all) {
		t.Error(v)
	}
}

func TestExceptionsSayWhyAndAreUsed(t *testing.T) {
	used := map[edge]bool{}
	for _, p := range load(t) {
		for _, imported := range p.imports {
			if to, ok := ours(imported); ok {
				used[edge{p.path, to}] = true
			}
		}
	}
	for e, why := range also {
		if why == "" {
			t.Errorf("the exception %s -> %s has no reason", e.from, e.to)
		}
		if !used[e] {
			t.Errorf("the exception %s -> %s is not needed any more", e.from, e.to)
		}
	}
}

func TestRulesCatchTheirFault(t *testing.T) {
	tests := []struct {
		name string
		pkg  pkg
		want string // part of the only violation; empty for none
	}{
		{"a good leaf", pkg{path: "internal/tree", doc: "Package tree holds.", imports: []string{"strings"}}, ""},
		{"no place", pkg{path: "internal/util", doc: "Package util is."}, "no place"},
		{"no doc", pkg{path: "internal/tree"}, "no doc comment"},
		{"doc of another name", pkg{path: "internal/tree", doc: "Package trees holds."}, "no doc comment"},
		{"command", pkg{path: "cmd/megaplan", doc: "Command megaplan runs."}, ""},
		{"down", pkg{path: "planner", doc: "Package planner decides.", imports: []string{module + "/state"}}, ""},
		{"up", pkg{path: "state", doc: "Package state is.", imports: []string{module + "/planner"}}, "not on a line above"},
		{"sideways", pkg{path: "internal/ui", doc: "Package ui shows.", imports: []string{module + "/internal/workflow"}}, "not on a line above"},
		{"external tests reach up", pkg{path: "state", doc: "Package state is.", xtest: []string{module + "/planner"}}, ""},
		{"a backend is no leaf of state", pkg{path: "state", doc: "Package state is.", imports: []string{module + "/state/local"}}, "not on a line above"},
		{"a backend", pkg{path: "state/local", doc: "Package local keeps.", imports: []string{module + "/state", "net/http"}}, ""},
		{"the embedded emulator", pkg{path: "internal/workflow", doc: "Package workflow runs.", imports: []string{module + "/internal/emulator"}}, ""},
		{"the emulator elsewhere", pkg{path: "internal/mega", doc: "Package mega is.", imports: []string{module + "/internal/emulator"}}, "not on a line above"},
		{"test rigs are not shipped", pkg{path: "cmd/megaplan", doc: "Command megaplan runs.", imports: []string{module + "/internal/emulator/emulatortest"}}, "not on a line above"},
		{"the emulator uses the client", pkg{path: "internal/emulator", doc: "Package emulator is.", imports: []string{module + "/internal/mega/crypt"}}, "beside the stack"},
		{"its tests do", pkg{path: "internal/emulator/store", doc: "Package store is.", xtest: []string{module + "/internal/mega"}}, "beside the stack"},
		{"http in the planner's company", pkg{path: "executor", doc: "Package executor acts.", imports: []string{"net/http"}}, "net/http"},
		{"HCL outside config", pkg{path: "planner", doc: "Package planner decides.", imports: []string{"github.com/hashicorp/hcl/v2"}}, "only config"},
		{"a name that only begins alike", pkg{path: "executor", doc: "Package executor acts.", imports: []string{"net/httpx"}}, ""},
		{"a file in the planner", pkg{path: "planner", doc: "Package planner decides.", imports: []string{"os"}}, "pure"},
		{"a clock in retention", pkg{path: "internal/retention", doc: "Package retention keeps.", clock: []string{"x.go: time.Now"}}, "clock"},
		{"a clock elsewhere", pkg{path: "executor", doc: "Package executor acts.", clock: []string{"x.go: time.Now"}}, ""},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			got := violations([]pkg{tt.pkg})
			if tt.want == "" {
				if len(got) > 0 {
					t.Errorf("got %q, want no violation", got)
				}
				return
			}
			if len(got) != 1 || !strings.Contains(got[0], tt.want) {
				t.Errorf("got %q, want one violation with %q", got, tt.want)
			}
		})
	}
}

func TestEveryPackageHasOnePlace(t *testing.T) {
	seen := map[string]string{}
	for _, l := range table {
		for _, p := range l.packages {
			if other, ok := seen[p]; ok {
				t.Errorf("%s stands on two lines: %s; %s", p, other, l.name)
			}
			seen[p] = l.name
		}
	}
}
