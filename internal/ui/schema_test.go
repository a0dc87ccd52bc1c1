package ui

import (
	"bytes"
	"encoding"
	"encoding/json"
	"maps"
	"os"
	"path/filepath"
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/megaplan/megaplan/internal/golden"
)

// eventTypesOf are the lines of -json, by their type.
var eventTypesOf = map[string]any{
	"version": versionEvent{}, "account_read": accountEvent{}, "source_scanned": scannedEvent{}, "waiting": waitingEvent{},
	"message": messageEvent{}, "planned_action": plannedEvent{}, "drift": driftEvent{}, "target": targetEvent{}, "check": checkEvent{},
	"plan_summary": summaryEvent{}, "drift_summary": driftSummaryEvent{}, "action_start": actionEvent{}, "action_done": actionEvent{},
	"action_failed": actionEvent{}, "action_skipped": actionEvent{}, "apply_summary": appliedEvent{}, "diagnostic": diagnosticEvent{},
	"restore_planned": restoreEntryEvent{}, "restore_skipped": restoreSkippedEvent{}, "restore_note": restoreSkippedEvent{},
	"restore_plan": restorePlanEvent{}, "restore_done": restoreEntryEvent{}, "restore_failed": restoreEntryEvent{},
	"restore_incomplete": restoreEntryEvent{}, "restore_summary": restoreSummaryEvent{}, "verdict": verdictEvent{}, "verified": verifiedEvent{},
	"verify_summary": verifySummaryEvent{}, "comparing_duplicates": comparingEvent{},
}

// TestSchemas keeps docs/schema what the Go types say; -update writes it.
func TestSchemas(t *testing.T) {
	events := map[string]any{}
	for name, v := range eventTypesOf {
		s := schemaOf(reflect.TypeOf(v))
		s["properties"].(map[string]any)["type"] = map[string]any{"const": name}
		events[name] = s
	}
	var lines []any
	for _, name := range slices.Sorted(maps.Keys(events)) {
		lines = append(lines, events[name])
	}
	for name, schema := range map[string]map[string]any{
		"plan.schema.json":      schemaOf(reflect.TypeFor[Document]()),
		"state.schema.json":     schemaOf(reflect.TypeFor[StateDocument]()),
		"ls.schema.json":        schemaOf(reflect.TypeFor[ListingDocument]()),
		"find.schema.json":      schemaOf(reflect.TypeFor[FoundDocument]()),
		"du.schema.json":        schemaOf(reflect.TypeFor[UsageDocument]()),
		"versions.schema.json":  schemaOf(reflect.TypeFor[VersionsDocument]()),
		"snapshots.schema.json": schemaOf(reflect.TypeFor[SnapshotsDocument]()),
		"snapshot.schema.json":  schemaOf(reflect.TypeFor[SnapshotDocument]()),
		"diff.schema.json":      schemaOf(reflect.TypeFor[DiffDocument]()),
		"explain.schema.json":   schemaOf(reflect.TypeFor[ExplainDocument]()),
		"events.schema.json":    {"description": "One line of -json.", "oneOf": lines},
	} {
		schema["$schema"] = "https://json-schema.org/draft/2020-12/schema"
		var text bytes.Buffer
		if err := WriteJSON(&text, schema); err != nil {
			t.Fatal(err)
		}
		golden.Check(t, filepath.Join("..", "..", "docs", "schema", name), text.String())
	}
}

// TestEveryEventHasASchema runs over the golden stream: each line's type is known, and each of its fields described.
func TestEveryEventHasASchema(t *testing.T) {
	lines, err := os.ReadFile(filepath.Join("testdata", "stream.jsonl"))
	if err != nil {
		t.Fatal(err)
	}
	for line := range strings.Lines(string(lines)) {
		var v map[string]any
		if err := json.Unmarshal([]byte(line), &v); err != nil {
			t.Fatalf("%s: %v", line, err)
		}
		known, ok := eventTypesOf[v["type"].(string)]
		if !ok {
			t.Errorf("no schema for %s", line)
			continue
		}
		properties := schemaOf(reflect.TypeOf(known))["properties"].(map[string]any)
		for field := range v {
			if properties[field] == nil {
				t.Errorf("the schema of %s lacks %s", v["type"], field)
			}
		}
	}
}

// schemaOf describes a Go type as encoding/json writes it.
func schemaOf(t reflect.Type) map[string]any {
	switch {
	case t.Kind() == reflect.Pointer:
		return schemaOf(t.Elem())
	case t == reflect.TypeFor[time.Time]():
		return map[string]any{"type": "string", "format": "date-time"}
	case t.Implements(reflect.TypeFor[encoding.TextMarshaler]()):
		return map[string]any{"type": "string"}
	}
	switch t.Kind() {
	case reflect.String:
		return map[string]any{"type": "string"}
	case reflect.Bool:
		return map[string]any{"type": "boolean"}
	case reflect.Float64:
		return map[string]any{"type": "number"}
	case reflect.Int, reflect.Int64, reflect.Uint32, reflect.Uint64:
		return map[string]any{"type": "integer"}
	case reflect.Slice:
		return map[string]any{"type": "array", "items": schemaOf(t.Elem())}
	case reflect.Map:
		return map[string]any{"type": "object", "additionalProperties": schemaOf(t.Elem())}
	case reflect.Struct:
		return structSchema(t)
	}
	panic("no schema for " + t.String())
}

func structSchema(t reflect.Type) map[string]any {
	properties, required := map[string]any{}, []string{}
	for i := range t.NumField() {
		if t.Field(i).Anonymous {
			inner := structSchema(t.Field(i).Type)
			maps.Copy(properties, inner["properties"].(map[string]any))
			required = append(required, inner["required"].([]string)...)
			continue
		}
		name, options, _ := strings.Cut(t.Field(i).Tag.Get("json"), ",")
		if name == "-" || name == "" {
			continue
		}
		properties[name] = schemaOf(t.Field(i).Type)
		if !strings.Contains(options, "omit") {
			required = append(required, name)
		}
	}
	return map[string]any{"type": "object", "properties": properties, "required": required}
}
