package emulator_test

import (
	"strings"
	"testing"

	"github.com/megaplan/megaplan/internal/emulator"
)

const (
	folder = `{"h":"AAAAAAAA","t":1,"a":"` + attr + `","k":"` + folderKey + `"}`
	ts     = `,"ts":1700000000`
)

func file(token, more string) string {
	return `{"h":"` + token + `","t":0,"a":"` + attr + `","k":"` + fileKey + `"` + more + `}`
}

func put(target, nodes, more string) string {
	return `[{"a":"p","v":4,"t":"` + target + `","sm":1` + more + `,"n":[` + nodes + `]}]`
}

// The shapes of nodes as clients get them.
func folderNode(h, p, index string) string {
	return `{"h":"` + h + `","p":"` + p + `","u":"U","t":1,"a":"` + attr + `","k":"U:` + folderKey + `"` + ts + index + `}`
}

func fileNode(h, p, index string) string {
	return `{"h":"` + h + `","p":"` + p + `","u":"U","t":0,"a":"` + attr + `","k":"U:` + fileKey + `","s":3` + ts + index + `}`
}

func TestFetchEmpty(t *testing.T) {
	c := signIn(t, emulator.Options{})
	root := func(h, kind string) string {
		return `{"h":"` + h + `","p":"","u":"U","t":` + kind + `,"a":"","k":""` + ts + `}`
	}
	roots := root("R", "2") + "," + root("V", "3") + "," + root("B", "4")
	me := `"s":[],"u":[{"u":"U","c":2,"m":"User@example.com"}],"sn":"S0"`
	c.want(`[{"a":"f","c":1,"r":1,"ca":1}]`, `[{"f":[`+roots+`],"f2":[],"ok0":[],`+me+`,"st":"T0"}]`)
	c.plain().want(`[{"a":"f","c":1}]`, `[{"f":[`+roots+`],"ok":[],`+me+`}]`)
}

func TestPutTagged(t *testing.T) {
	c := signIn(t, emulator.Options{})
	c.want(put("R", folder, `,"i":"abcdefghij"`), `[["T1",{"e":[],"fh":[]}]]`)
	c.wantEvents("/wsc?sn=S0", `{"w":"URL/wsc/W","a":[{"a":"t","i":"abcdefghij","st":"T1","t":{"f":[`+
		folderNode("N1", "R", `,"i":0`)+`]},"ou":"U"}],"sn":"S1"}`)
	c.want(put("N1", file(c.upload("abc"), ""), ""), `[["T2",{"e":[],"fh":["N2:id"]}]]`)
	c.wantEvents("/wsc?sn=S1", `{"w":"URL/wsc/W","a":[{"a":"t","st":"T2","t":{"f":[`+
		fileNode("N2", "N1", `,"i":0`)+`]},"ou":"U"}],"sn":"S2"}`)
}

func TestPutPlain(t *testing.T) {
	c := signIn(t, emulator.Options{}).plain()
	c.want(put("R", folder, ""), `[{"f":[`+folderNode("N1", "R", "")+`]}]`)
	owned := strings.Replace(file(c.upload("abc"), `,"fa":null`), `"k":"`, `"k":"U:`, 1)
	owned = strings.Replace(owned, fileKey, fileKey+"/AAAAAAAA:AAAA", 1)
	c.want(put("N1", strings.Replace(owned, "U:", c.value("U")+":", 1), ""), `[{"f":[`+fileNode("N2", "N1", "")+`]}]`)
	if f := c.fetch(); len(f.F) != 5 {
		t.Errorf("got %d nodes", len(f.F))
	}
}

// TestPutTree makes folders in each other in one request, children named
// before their parents too.
func TestPutTree(t *testing.T) {
	c := signIn(t, emulator.Options{}).plain()
	entry := func(h, p string) string {
		return `{"h":"` + h + `","p":"` + p + `","t":1,"a":"` + attr + `","k":"` + folderKey + `"}`
	}
	c.want(put("R", entry("ccc", "bbb")+","+entry("aaa", "")+","+entry("bbb", "aaa"), ""), `[{"f":[`+
		folderNode("N1", "R", "")+","+folderNode("N2", "N1", "")+","+folderNode("N3", "N2", "")+`]}]`)
	c.want(put("R", entry("aaa", "bbb")+","+entry("bbb", "aaa"), ""), `[-10]`)
}

func TestPutErrors(t *testing.T) {
	c := signIn(t, emulator.Options{})
	token := c.upload("abc")
	badFolder := strings.Replace(folder, folderKey, "AAAA", 1)
	for name, tt := range map[string]struct{ body, tagged string }{
		"target gone":        {put("AAAAAAAA", folder, ""), `[-9]`},
		"target no handle":   {put("x", folder, ""), `[-9]`},
		"no nodes":           {put("R", "", ""), `[-2]`},
		"token unknown":      {put("R", file("AAAAAAAAAAAAAAAAAAAAAAAAAAA", ""), ""), `[-9]`},
		"copy of nothing":    {put("R", file("AAAAAAAA", ""), ""), `[-9]`},
		"key too short":      {put("R", badFolder, ""), `[-2]`},
		"root in the entry":  {put("R", strings.Replace(folder, `"t":1`, `"t":2`, 1), ""), `[-2]`},
		"attributes missing": {put("R", strings.Replace(folder, attr, "", 1), ""), `[-2]`},
		"parent unknown":     {put("R", strings.Replace(folder, `"t":1`, `"t":1,"p":"zzz"`, 1), ""), `[-9]`},
		"quote in key":       {put("R", strings.Replace(folder, folderKey, `\"`, 1), ""), `[-2]`},
	} {
		t.Run(name, func(t *testing.T) {
			c := *c
			c.t = t
			c.want(tt.body, tt.tagged)
		})
	}
	// Some fail, some do not: codes by number, and what worked is there.
	c.want(put("R", badFolder+","+folder+","+file(token, "")+","+file(token, ""), ""),
		`[["T1",{"e":{"0":-2,"3":-9},"fh":["N1:id"]}]]`)
	c.want(put("R", file(token, ""), ""), `[-9]`) // a token works once
	p := c.plain()
	got := p.cs(p.value(put("R", folder+","+badFolder, "")))
	if !strings.HasSuffix(got, `],"e":[0,-2]}]`) {
		t.Errorf("plain answer: %s", got)
	}
}

func TestCopy(t *testing.T) {
	c := signIn(t, emulator.Options{}).plain()
	c.want(put("R", file(c.upload("abc"), ""), ""), `[{"f":[`+fileNode("N1", "R", "")+`]}]`)
	c.want(put("B", file("N1", ""), ""), `[{"f":[`+fileNode("N2", "B", "")+`]}]`)
	c.want(put("R", strings.Replace(file("N1", ""), fileKey, "A"+fileKey[1:len(fileKey)-2]+"AA", 1), ""), `[-14]`)
	c.want(`[{"a":"d","n":"N1"}]`, `[0]`)
	if got := c.download("N2", "/0-2"); got != "abc" {
		t.Errorf("copy after its source was deleted: %q", got)
	}
	if got := c.s.Stats(); got.Nodes != 1 || got.Bytes != 3 {
		t.Errorf("stats: %+v", got)
	}
}

func TestVersions(t *testing.T) {
	c := signIn(t, emulator.Options{})
	c.want(put("R", file(c.upload("abc"), ""), ""), `[["T1",{"e":[],"fh":["N1:id"]}]]`)
	c.want(put("R", file(c.upload("def"), `,"ov":"N1"`), `,"vb":1`), `[["T2",{"e":[],"fh":["N2:id"]}]]`)
	c.want(put("R", file(c.upload("ghi"), `,"ov":"N2"`), ""), `[["T3",{"e":[],"fh":["N3:id"]}]]`)
	c.wantEvents("/wsc?sn=S2", `{"w":"URL/wsc/W","a":[{"a":"t","st":"T3","t":{"f":[`+fileNode("N3", "R", `,"i":0`)+
		`],"f2":[`+fileNode("N2", "N3", "")+`]},"ou":"U"}],"sn":"S3"}`)
	c.wantChain("N3 N2 N1")
	// Replacing drops the current one and keeps the older ones.
	c.want(put("R", file(c.upload("jkl"), `,"ov":"N3"`), `,"vb":0`), `[["T4",{"e":[],"fh":["N4:id"]}]]`)
	c.wantChain("N4 N2 N1")
	c.wantEvents("/wsc?sn=S3", `{"w":"URL/wsc/W","a":[{"a":"t","st":"T4","t":{"f":[`+fileNode("N4", "R", `,"i":0`)+
		`],"f2":[`+fileNode("N2", "N4", "")+`]},"ou":"U"},{"a":"d","n":"N3","ou":"U"}],"sn":"S5"}`)
}

// TestVersionsOff uses the account's own switch.
func TestVersionsOff(t *testing.T) {
	c := signIn(t, emulator.Options{}).plain()
	c.cs(`[{"a":"up2","^!dv":"MQ"}]`)
	c.want(put("R", file(c.upload("abc"), ""), ""), `[{"f":[`+fileNode("N1", "R", "")+`]}]`)
	c.want(put("R", file(c.upload("def"), `,"ov":"N1"`), ""), `[{"f":[`+fileNode("N2", "R", "")+`]}]`)
	c.wantChain("N2")
}

func TestDeleteVersion(t *testing.T) {
	for _, tt := range []struct{ name, commands, answer, chain, events string }{
		{
			"newest", `[{"a":"d","n":"N3","v":1}]`, `["T4"]`, "N2 N1",
			`{"a":"t","st":"T4","t":{"f":[` + fileNode("N2", "R", "") + `]},"ou":"U"},{"a":"d","n":"N3","ou":"U"}`,
		},
		{
			"middle", `[{"a":"d","n":"N2","v":1}]`, `["T4"]`, "N3 N1",
			`{"a":"t","st":"T4","t":{"f":[],"f2":[` + fileNode("N1", "N3", "") + `]},"ou":"U"},{"a":"d","n":"N2","ou":"U"}`,
		},
		{"oldest", `[{"a":"d","n":"N1","v":1}]`, `["T4"]`, "N3 N2", `{"a":"d","st":"T4","n":"N1","ou":"U"}`},
		{"all older", `[{"a":"dv"}]`, `["T4"]`, "N3", `{"a":"d","st":"T4","n":"N2","ou":"U"}`},
		{"with its versions", `[{"a":"d","n":"N3"}]`, `["T4"]`, "", `{"a":"d","st":"T4","n":"N3","ou":"U"}`},
	} {
		t.Run(tt.name, func(t *testing.T) {
			c := signIn(t, emulator.Options{})
			c.want(put("R", file(c.upload("abc"), ""), ""), `[["T1",{"e":[],"fh":["N1:id"]}]]`)
			c.want(put("R", file(c.upload("def"), `,"ov":"N1"`), ""), `[["T2",{"e":[],"fh":["N2:id"]}]]`)
			c.want(put("R", file(c.upload("ghi"), `,"ov":"N2"`), ""), `[["T3",{"e":[],"fh":["N3:id"]}]]`)
			c.want(tt.commands, tt.answer)
			c.wantChain(tt.chain)
			got := c.name(c.events("/wsc?sn=S3"))
			if !strings.Contains(got, `"a":[`+tt.events+`]`) {
				t.Errorf("events:\n%s\nwant\n%s", got, tt.events)
			}
		})
	}
}

func TestRenameMoveDelete(t *testing.T) {
	c := signIn(t, emulator.Options{})
	c.want(put("R", folder, ""), `[["T1",{"e":[],"fh":[]}]]`)
	c.names[c.fetch().F[1].H] = "N1"
	c.nodes = 1
	c.want(put("N1", file(c.upload("abc"), ""), ""), `[["T2",{"e":[],"fh":["N2:id"]}]]`)
	c.want(`[{"a":"a","n":"N2","at":"`+otherAttr+`"},{"a":"m","i":"abcdefghij","n":"N1","t":"B"},{"a":"m","n":"N1","t":"N1"},{"a":"d","n":"N2"}]`,
		`["T3","T4",-10,"T6"]`)
	renamed := strings.Replace(fileNode("N2", "N1", ""), attr, otherAttr, 1)
	c.wantEvents("/wsc?sn=S2", `{"w":"URL/wsc/W","a":[`+
		`{"a":"u","st":"T3","n":"N2","u":"U","at":"`+otherAttr+`"`+ts+`},`+
		`{"a":"d","i":"abcdefghij","st":"T4","n":"N1","m":1,"ou":"U"},`+
		`{"a":"t","i":"abcdefghij","t":{"f":[`+folderNode("N1", "B", "")+","+renamed+`]},"ou":"U"},`+
		`{"a":"d","st":"T6","n":"N2","ou":"U"}],"sn":"S6"}`)
	c.want(`[{"a":"dr"},{"a":"dr"},{"a":"dv"}]`, `["T7",0,0]`)
	c.want(`[{"a":"d","n":"N1"},{"a":"m","n":"N1","t":"R"},{"a":"a","n":"N1","at":"`+attr+`"}]`, `[-9,-9,-9]`)
	c.want(`[{"a":"d","n":"R"},{"a":"m","n":"B","t":"R"},{"a":"a","n":"V","at":"`+attr+`"}]`, `[-11,-11,-11]`)
}

func TestOldRename(t *testing.T) {
	c := signIn(t, emulator.Options{}).plain()
	c.want(put("R", folder, ""), `[{"f":[`+folderNode("N1", "R", "")+`]}]`)
	key := "Dw" + folderKey[2:]
	c.want(`[{"a":"a","attr":"`+otherAttr+`","key":"`+key+`","n":"N1","i":"x"}]`, `[0]`)
	n := c.fetch().F[1]
	if n.A != otherAttr || !strings.HasSuffix(n.K, ":"+key) {
		t.Errorf("got %+v", n)
	}
}

func TestLink(t *testing.T) {
	c := signIn(t, emulator.Options{})
	c.want(put("R", file(c.upload("abc"), ""), ""), `[["T1",{"e":[],"fh":["N1:id"]}]]`)
	made := c.plain().cs(c.value(`[{"a":"l","n":"N1"}]`))
	c.names[c.linkOf("N1")] = "L"
	if got := c.name(made); got != `["L"]` {
		t.Errorf("plain answer: %s", got)
	}
	c.want(`[{"a":"l","n":"N1"}]`, `[["T3","L"]]`)
	c.wantEvents("/wsc?sn=S2", `{"w":"URL/wsc/W","a":[{"a":"ph","st":"T3","h":"N1","ph":"L"`+ts+`}],"sn":"S3"}`)
	anybody := connect(t, c.s)
	if got := anybody.download(c.value("L"), ""); got != "abc" {
		t.Errorf("through the link: %q", got)
	}
	c.want(`[{"a":"l","n":"N1","d":1},{"a":"l","n":"N1","d":1}]`, `["T4",-9]`)
	if got := anybody.cs(c.value(`[{"a":"g","g":1,"p":"L"}]`)); got != "[-9]" {
		t.Errorf("after removal: %s", got)
	}
}

// wantChain compares the current file of the cloud drive with its versions,
// newest first.
func (c *wire) wantChain(want string) {
	c.t.Helper()
	f := c.fetch()
	var chain []string
	below := map[string]string{}
	for _, n := range f.F2 {
		below[n.P] = n.H
	}
	for _, n := range f.F {
		if n.T == 0 {
			for h := n.H; h != ""; h = below[h] {
				chain = append(chain, c.names[h])
			}
		}
	}
	if got := strings.Join(chain, " "); got != want {
		c.t.Errorf("versions: got %q, want %q", got, want)
	}
}

// TestImport copies a file of another account through its link: the data is
// shared, the key is what the importer says.
func TestImport(t *testing.T) {
	c := signIn(t, emulator.Options{})
	must(t, "account", c.s.AddAccount(emulator.Account{Email: "other@example.com", Password: "x", V1: true}))
	c.want(put("R", file(c.upload("abc"), ""), ""), `[["T1",{"e":[],"fh":["N1:id"]}]]`)
	c.plain().cs(c.value(`[{"a":"l","n":"N1"}]`))
	nodes, err := c.s.Nodes("other@example.com")
	must(t, "nodes", err)
	entry := `{"ph":"` + c.linkOf("N1") + `","t":0,"a":"` + attr + `","k":"D` + fileKey[1:] + `"}`
	got, err := c.s.Do("other@example.com", put(nodes[0].Handle, entry, ""))
	if err != nil || !strings.Contains(got, `"s":3`) {
		t.Errorf("import: %s, %v", got, err)
	}
	c.want(`[{"a":"d","n":"N1"}]`, `["T3"]`)
	got, err = c.s.Do("other@example.com", put(nodes[0].Handle, entry, ""))
	if err != nil || got != "[-9]" {
		t.Errorf("import after the link went with its file: %s, %v", got, err)
	}
	if got := c.s.Stats(); got.Nodes != 1 || got.Bytes != 3 {
		t.Errorf("stats: %+v", got)
	}
}

func TestFileAttributes(t *testing.T) {
	c := signIn(t, emulator.Options{}).plain()
	c.want(put("R", file(c.upload("abc"), `,"fa":"1:0*aaaaaaaaaaa/1:1*ccccccccccc"`), ""),
		`[{"f":[`+fileNode("N1", "R", `,"fa":"1:0*aaaaaaaaaaa/1:1*ccccccccccc"`)+`]}]`)
	c.want(`[{"a":"pfa","n":"N1","fa":"0*bbbbbbbbbbb"},{"a":"pfa","n":"R","fa":"x"},{"a":"ufa","s":1}]`,
		`["1:1*ccccccccccc/0*bbbbbbbbbbb",-11,-2]`)
	c.wantEvents("/sc?sn=S1", `{"a":[{"a":"fa","st":"T2","n":"N1","fa":"1:1*ccccccccccc/0*bbbbbbbbbbb"}],"sn":"S2"}`)
}

// TestVersionsStayPut refuses to move or replace what is no current file.
func TestVersionsStayPut(t *testing.T) {
	c := signIn(t, emulator.Options{})
	c.want(put("R", file(c.upload("abc"), ""), ""), `[["T1",{"e":[],"fh":["N1:id"]}]]`)
	c.want(put("R", file(c.upload("def"), `,"ov":"N1"`), ""), `[["T2",{"e":[],"fh":["N2:id"]}]]`)
	c.want(`[{"a":"m","n":"N1","t":"B"},{"a":"m","n":"N2","t":"N1"}]`, `[-11,-11]`)
	c.want(put("R", file("N2", `,"ov":"N1"`), ""), `[-2]`)
	c.want(put("B", file("N2", `,"ov":"N2"`), ""), `[-2]`)
	c.want(put("R", strings.Replace(folder, `"t":1`, `"t":1,"ov":"N2"`, 1), ""), `[-2]`)
	c.want(put("N2", folder, ""), `[-11]`)
	// One that is gone is no obstacle: the file is simply new.
	c.want(put("R", file("N2", `,"ov":"AAAAAAAA"`), ""), `[["T3",{"e":[],"fh":["N3:id"]}]]`)
	// A move takes the versions along.
	c.want(`[{"a":"m","n":"N2","t":"B"}]`, `["T4"]`)
	got := c.name(c.events("/wsc?sn=S3"))
	if !strings.Contains(got, `"t":{"f":[`+fileNode("N2", "B", "")+`],"f2":[`+fileNode("N1", "N2", "")+`]}`) {
		t.Errorf("events of the move: %s", got)
	}
}
