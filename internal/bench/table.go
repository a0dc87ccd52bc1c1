package main

import (
	"fmt"
	"io"

	"github.com/jedib0t/go-pretty/v6/table"
)

// columns are the figures of a row.
var columns = []struct {
	name string
	of   func(*sample) float64
}{
	{"seconds", func(s *sample) float64 { return s.Seconds }},
	{"CPU s", func(s *sample) float64 { return s.CPU }},
	{"peak MiB", func(s *sample) float64 { return s.PeakMiB }},
	{"API requests", func(s *sample) float64 { return float64(s.Requests) }},
	{"MiB moved", func(s *sample) float64 { return float64(s.Bytes) / (1 << 20) }},
}

// printTable prints one line a row: ours, theirs, and how many times more theirs took.
func printTable(w io.Writer, results []result) error {
	t := table.NewWriter()
	t.SetStyle(table.StyleLight)
	header := table.Row{"row"}
	for _, c := range columns {
		header = append(header, c.name, "rclone", "ratio")
	}
	t.AppendHeader(header)
	for _, r := range results {
		line := table.Row{r.Name}
		for _, c := range columns {
			line = append(line, figures(r, c.of)...)
		}
		t.AppendRow(line)
	}
	_, err := fmt.Fprintln(w, t.Render())
	return err
}

func figures(r result, of func(*sample) float64) table.Row {
	ours := of(r.Ours)
	if r.Theirs == nil {
		return table.Row{short(ours), "", ""}
	}
	theirs, ratio := of(r.Theirs), ""
	if ours > 0 {
		ratio = fmt.Sprintf("%.1fx", theirs/ours)
	}
	return table.Row{short(ours), short(theirs), ratio}
}

func short(v float64) string {
	if v >= 100 {
		return fmt.Sprintf("%.0f", v)
	}
	return fmt.Sprintf("%.2f", v)
}
