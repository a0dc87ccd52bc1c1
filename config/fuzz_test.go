package config

import (
	"os"
	"path/filepath"
	"testing"
)

// FuzzLoad looks for inputs that panic or that load with errors.
func FuzzLoad(f *testing.F) {
	for _, pattern := range []string{"testdata/*/*.mega.hcl", "testdata/*/*.mega.hcl.json"} {
		files, err := filepath.Glob(pattern)
		if err != nil {
			f.Fatal(err)
		}
		for _, file := range files {
			src, err := os.ReadFile(file)
			if err != nil {
				f.Fatal(err)
			}
			f.Add(src, filepath.Ext(file) == ".json")
		}
	}
	dir := f.TempDir()
	f.Fuzz(func(t *testing.T, src []byte, isJSON bool) {
		name := "x.mega.hcl"
		if isJSON {
			name += ".json"
		}
		cfg, list := newEvaluator(dir, testOptions()).load(inputs{files: Files{name: src}})
		if (cfg == nil) != list.HasErrors() {
			t.Errorf("configuration %v with %v", cfg, list)
		}
		if _, list := Format(name, src); !isJSON && cfg != nil && list.HasErrors() {
			t.Errorf("what loads cannot be formatted: %v", list)
		}
	})
}
