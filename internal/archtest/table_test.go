package archtest

// module is the path every import of our own starts with.
const module = "github.com/megaplan/megaplan"

// line is one row of the table. Packages of a line import from earlier lines
// only, plus the exceptions named in also.
type line struct {
	name     string
	packages []string // paths below the module; a final /* stands for every package below
}

// table is the stack, lowest line first.
var table = []line{
	{"what tests share", []string{"internal/golden"}},
	{"leaves: values and pure functions", []string{
		"internal/addr", "internal/diag", "internal/tree", "internal/names", "internal/filter", "internal/retention",
		"internal/retry", "internal/atomicfile", "internal/redact", "internal/mega/crypt", "internal/rclone",
	}},
	// The API acts for a session and hands out new ones.
	{"who is signed in", []string{"internal/mega/session"}},
	{"inputs, and the words they share", []string{
		"state", "config", "internal/scan", "internal/snapshot", "internal/mega/api",
	}},
	{"decide, move bytes, remember the tree", []string{
		"planner", "internal/mega/transfer", "internal/mega/cache", "internal/treediff",
	}},
	{"the door to MEGA", []string{"internal/mega"}},
	{"act", []string{
		// The executor's own interfaces speak of mega's values; it never sees the client.
		"executor", "internal/planfile", "internal/restore", "internal/verify",
	}},
	{"keep", []string{"state/*"}},
	{"compose or show", []string{"internal/workflow", "internal/ui"}},
	{"parse flags, wire, exit code", []string{"cmd/megaplan"}},
}

// beside are the packages outside the stack: what each may import of ours.
// A nil list means anything; these packages are never shipped in megaplan.
var beside = map[string][]string{
	"internal/emulator":   {"internal/emulator/*", "internal/atomicfile", "internal/redact"},
	"internal/emulator/*": {"internal/emulator", "internal/emulator/*", "internal/atomicfile", "internal/redact"},
	"state/statetest":     {"internal/addr", "internal/atomicfile", "state"},
	"internal/interop":    nil,
	"internal/archtest":   nil,
	"internal/bench":      nil,
	"examples":            nil,
}

// shipped are the packages beside the stack that the stack may use, and from
// where: the emulator also runs inside the process.
var shipped = map[string][]string{
	"internal/emulator": {"internal/workflow", "cmd/megaplan"},
}

// also are the exceptions inside the stack, each with its reason.
var also = map[edge]string{}

// edge is one import of ours, both ends below the module.
type edge struct{ from, to string }

// libraries says which packages may import a third-party library; a name
// covers everything below it.
var libraries = map[string][]string{
	"github.com/hashicorp/hcl":       {"config"},
	"github.com/zclconf/go-cty":      {"config"},
	"github.com/zclconf/go-cty-yaml": {"config"},
	"github.com/spf13/cobra":         {"cmd/megaplan"},
	"github.com/t3rm1n4l/go-mega":    {"internal/mega", "internal/interop"},
	"modernc.org/sqlite":             {"internal/mega/cache"},
	"net/http": {
		"internal/mega", "internal/emulator", "state", "internal/notify", "internal/interop", "internal/bench",
		// These two only hand on the transport that leads to the embedded emulator.
		"cmd/megaplan", "internal/workflow",
	},
}

// pure packages take values and return values: they see no clock, no file and
// no network, and cannot be cancelled.
var pure = []string{"planner", "internal/retention"}

// impure are the imports that pure packages do without.
var impure = []string{"context", "crypto/rand", "io/fs", "log", "log/slog", "math/rand", "net", "os", "path/filepath", "syscall"}
