package config

import (
	"crypto/md5"
	"crypto/sha1"
	"crypto/sha256"
	"crypto/sha512"
	"encoding/base64"
	"encoding/hex"
	"errors"
	"fmt"
	"net/url"
	"path/filepath"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/zclconf/go-cty/cty"
	"github.com/zclconf/go-cty/cty/function"
	"github.com/zclconf/go-cty/cty/function/stdlib"
)

// textFunc makes a function of text to text.
func textFunc(f func(string) (string, error)) function.Function {
	return function.New(&function.Spec{
		Params: []function.Parameter{{Name: "text", Type: cty.String}},
		Type:   function.StaticReturnType(cty.String),
		Impl: func(args []cty.Value, _ cty.Type) (cty.Value, error) {
			s, err := f(args[0].AsString())
			if err != nil {
				return cty.UnknownVal(cty.String), function.NewArgError(0, err)
			}
			return cty.StringVal(s), nil
		},
	})
}

// sure lifts a function that cannot fail.
func sure(f func(string) string) func(string) (string, error) {
	return func(s string) (string, error) { return f(s), nil }
}

// twoTextsFunc makes a test of two texts.
func twoTextsFunc(second string, f func(a, b string) bool) function.Function {
	return function.New(&function.Spec{
		Params: []function.Parameter{{Name: "text", Type: cty.String}, {Name: second, Type: cty.String}},
		Type:   function.StaticReturnType(cty.Bool),
		Impl: func(args []cty.Value, _ cty.Type) (cty.Value, error) {
			return cty.BoolVal(f(args[0].AsString(), args[1].AsString())), nil
		},
	})
}

func constantFunc(s string) function.Function {
	return function.New(&function.Spec{
		Type: function.StaticReturnType(cty.String),
		Impl: func([]cty.Value, cty.Type) (cty.Value, error) { return cty.StringVal(s), nil },
	})
}

var (
	startsWithFunc  = twoTextsFunc("prefix", strings.HasPrefix)
	endsWithFunc    = twoTextsFunc("suffix", strings.HasSuffix)
	strContainsFunc = twoTextsFunc("part", strings.Contains)

	baseNameFunc = textFunc(sure(filepath.Base))
	dirNameFunc  = textFunc(sure(filepath.Dir))

	urlEncodeFunc    = textFunc(sure(url.QueryEscape))
	base64EncodeFunc = textFunc(sure(func(s string) string { return base64.StdEncoding.EncodeToString([]byte(s)) }))
	base64DecodeFunc = textFunc(func(s string) (string, error) {
		b, err := base64.StdEncoding.DecodeString(s)
		if err != nil {
			return "", errors.New("this is not base64")
		}
		if !utf8.Valid(b) {
			return "", errors.New("the decoded bytes are not UTF-8 text")
		}
		return string(b), nil
	})

	md5Func    = textFunc(sure(func(s string) string { h := md5.Sum([]byte(s)); return hex.EncodeToString(h[:]) }))
	sha1Func   = textFunc(sure(func(s string) string { h := sha1.Sum([]byte(s)); return hex.EncodeToString(h[:]) }))
	sha256Func = textFunc(sure(func(s string) string { h := sha256.Sum256([]byte(s)); return hex.EncodeToString(h[:]) }))
	sha512Func = textFunc(sure(func(s string) string { h := sha512.Sum512([]byte(s)); return hex.EncodeToString(h[:]) }))
)

// replaceFunc replaces text, or what a pattern between slashes matches.
var replaceFunc = function.New(&function.Spec{
	Params: []function.Parameter{{Name: "text", Type: cty.String}, {Name: "part", Type: cty.String}, {Name: "with", Type: cty.String}},
	Type:   function.StaticReturnType(cty.String),
	Impl: func(args []cty.Value, _ cty.Type) (cty.Value, error) {
		part := args[1].AsString()
		if len(part) > 1 && strings.HasPrefix(part, "/") && strings.HasSuffix(part, "/") {
			return stdlib.RegexReplace(args[0], cty.StringVal(part[1:len(part)-1]), args[2])
		}
		return stdlib.Replace(args[0], args[1], args[2])
	},
})

// timeCmpFunc tells which of two times is earlier: -1, 0 or 1.
var timeCmpFunc = function.New(&function.Spec{
	Params: []function.Parameter{{Name: "a", Type: cty.String}, {Name: "b", Type: cty.String}},
	Type:   function.StaticReturnType(cty.Number),
	Impl: func(args []cty.Value, _ cty.Type) (cty.Value, error) {
		var times [2]time.Time
		for i, a := range args {
			t, err := time.Parse(time.RFC3339, a.AsString())
			if err != nil {
				return cty.UnknownVal(cty.Number), function.NewArgError(i, fmt.Errorf("not a time like 2026-03-01T12:00:00Z"))
			}
			times[i] = t
		}
		return cty.NumberIntVal(int64(times[0].Compare(times[1]))), nil
	},
})

// anything is a parameter that takes any value, secrets included.
func anything(name string) function.Parameter {
	return function.Parameter{Name: name, Type: cty.DynamicPseudoType, AllowDynamicType: true, AllowMarked: true, AllowNull: true, AllowUnknown: true}
}

func sameType(args []cty.Value) (cty.Type, error) { return args[0].Type(), nil }

// sensitiveFunc hides a value from messages and marks it.
func (e *evaluator) sensitiveFunc() function.Function {
	return function.New(&function.Spec{
		Params: []function.Parameter{anything("value")},
		Type:   sameType,
		Impl: func(args []cty.Value, _ cty.Type) (cty.Value, error) {
			e.keepAll(args[0])
			return args[0].Mark(sensitive), nil
		},
	})
}

var nonSensitiveFunc = function.New(&function.Spec{
	Params: []function.Parameter{anything("value")},
	Type:   sameType,
	Impl: func(args []cty.Value, _ cty.Type) (cty.Value, error) {
		v, _ := args[0].UnmarkDeep()
		return v, nil
	},
})

var isSensitiveFunc = function.New(&function.Spec{
	Params: []function.Parameter{anything("value")},
	Type:   function.StaticReturnType(cty.Bool),
	Impl: func(args []cty.Value, _ cty.Type) (cty.Value, error) {
		return cty.BoolVal(args[0].HasMarkDeep(sensitive)), nil
	},
})
