package crypt

import (
	"encoding/json"
	"testing"
)

// TestSeal: a sealed value reads like any other, and is not sealed once another client has written the attributes anew.
func TestSeal(t *testing.T) {
	const value = `{"v":1,"p":"/a \"b\" \\ ☃"}`
	a := NewAttributes("name")
	a.SetSealed("_mptrash", value)
	if got := text(t, a); got != `{"n":"name","_mptrash":"\u007b\"v\":1,\"p\":\"/a \\\"b\\\" \\\\ ☃\"}"}` {
		t.Errorf("written %s", got)
	}
	encrypted, err := a.Encrypt(Key{1})
	if err != nil {
		t.Fatal(err)
	}
	kept, err := DecryptAttributes(encrypted, Key{1})
	if err != nil {
		t.Fatal(err)
	}
	kept.Set("n", "other name")
	if got, ok := kept.Get("_mptrash"); got != value || !ok || !kept.Sealed("_mptrash") || kept.Sealed("n") || kept.Sealed("missing") {
		t.Errorf("%q, %v, sealed %v", got, ok, kept.Sealed("_mptrash"))
	}
	var anew map[string]string
	if err := json.Unmarshal([]byte(text(t, a)), &anew); err != nil || anew["_mptrash"] != value {
		t.Fatalf("another client reads %q, %v", anew["_mptrash"], err)
	}
	written, _ := json.Marshal(anew)
	if mustParse(t, string(written)).Sealed("_mptrash") {
		t.Errorf("%s is sealed", written)
	}
}
