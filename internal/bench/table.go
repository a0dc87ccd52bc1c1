package main

import (
	"fmt"
	"io"

	"github.com/jedib0t/go-pretty/v6/table"
)

// printTable prints one line a row: ours, theirs, and how many times more theirs took.
func printTable(w io.Writer, results []result) error {
	t := table.NewWriter()
	t.SetStyle(table.StyleLight)
	t.AppendHeader(table.Row{"row", "seconds", "rclone", "ratio", "CPU s", "rclone", "ratio", "peak MiB", "rclone", "ratio", "API requests", "rclone", "ratio"})
	for _, r := range results {
		t.AppendRow(append(table.Row{r.Name}, append(append(append(
			figures(r, func(s *sample) float64 { return s.Seconds }),
			figures(r, func(s *sample) float64 { return s.CPU })...),
			figures(r, func(s *sample) float64 { return s.PeakMiB })...),
			figures(r, func(s *sample) float64 { return float64(s.Requests) })...)...))
	}
	_, err := fmt.Fprintln(w, t.Render())
	return err
}

func figures(r result, of func(*sample) float64) table.Row {
	ours := of(r.Ours)
	if r.Theirs == nil {
		return table.Row{short(ours), "", ""}
	}
	theirs := of(r.Theirs)
	return table.Row{short(ours), short(theirs), fmt.Sprintf("%.1fx", theirs/max(ours, 1e-9))}
}

func short(v float64) string {
	if v >= 100 {
		return fmt.Sprintf("%.0f", v)
	}
	return fmt.Sprintf("%.2f", v)
}
