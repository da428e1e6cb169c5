//go:build linux

package main

import (
	"slices"
	"strconv"

	"github.com/go-analyze/charts"
)

// widest is the highest ratio that the chart shows: beyond it, bars would make
// all others too short to read.
const widest = 10

// chart draws the ratios of the rows under load as bars, the limit being 1.
func chart(r results) ([]byte, error) {
	var (
		labels []string
		series = make([][]float64, len(rivals))
	)
	// Horizontal bars are drawn from the bottom up.
	for _, key := range slices.Backward(loaded) {
		row, _ := rowOf(key)
		labels = append(labels, row.what)
		for i, name := range rivals {
			value := charts.GetNullValue()
			if f, found := r.Rows[key][name]; found && f.Median <= widest {
				value = f.Median
			}
			series[i] = append(series[i], value)
		}
	}
	opt := charts.NewBarChartOptionWithData(series)
	opt.Horizontal = true
	opt.Title = charts.TitleOption{Text: "CPU time per request, as a multiple of bare net/http"}
	opt.CategoryAxis.Labels = labels
	opt.Legend.Offset = charts.OffsetStr{Top: "28"} // below the title
	opt.ValueAxis[0].ValueFormatter = func(x float64) string { return strconv.FormatFloat(x, 'g', 2, 64) }
	for _, s := range titles {
		if slices.Contains(rivals, s.name) {
			opt.Legend.SeriesNames = append(opt.Legend.SeriesNames, s.title)
		}
	}
	for i := range opt.SeriesList {
		opt.SeriesList[i].Label = charts.SeriesLabel{Show: charts.Ptr(true), ValueFormatter: number}
	}
	painter := charts.NewPainter(charts.PainterOptions{OutputFormat: charts.ChartOutputSVG, Width: 900, Height: 640})
	if err := painter.BarChart(opt); err != nil {
		return nil, err
	}
	return painter.Bytes()
}
