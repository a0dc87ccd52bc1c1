package main

import (
	"bytes"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestNormalizeReadsTerraformsFlags(t *testing.T) {
	root := newApp(nil, &bytes.Buffer{}, &bytes.Buffer{}).root()
	for _, tt := range []struct{ in, want []string }{
		{[]string{"-chdir=q", "plan", "-out=x"}, []string{"--chdir=q", "plan", "--out=x"}},
		{[]string{"plan", "-out", "-odd-name", "-json"}, []string{"plan", "--out", "-odd-name", "--json"}},
		{[]string{"plan", "--out", "x", "-var", "a=-1"}, []string{"plan", "--out", "x", "--var", "a=-1"}},
		{[]string{"plan", "-refresh=false", "-h"}, []string{"plan", "--refresh=false", "--help"}},
		{[]string{"show", "--", "-json"}, []string{"show", "--", "-json"}},
		{[]string{"plan", "-bogus"}, []string{"plan", "--bogus"}},
	} {
		if diff := cmp.Diff(tt.want, normalize(root, tt.in)); diff != "" {
			t.Errorf("normalize(%q) (-want +got):\n%s", tt.in, diff)
		}
	}
}
