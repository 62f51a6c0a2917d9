namespace Hone.Evaluation.Reports;

/// <summary>Draws <see cref="BarChart"/>.</summary>
internal static class BarDrawing
{
    public static string Draw(BarChart chart)
    {
        ChartCanvas canvas = new(chart);
        IEnumerable<double> values = chart.Series.SelectMany(s => s.Bars).SelectMany(b => new[] { b.Value, b.Low ?? b.Value, b.High ?? b.Value }).Append(0);
        Scale y = Scale.Of(values, ChartCanvas.Bottom, ChartCanvas.Top, chart.YMin, chart.YMax);
        canvas.YAxis(y);
        double room = (ChartCanvas.Right - ChartCanvas.Left) / Math.Max(1, chart.Categories.Count);
        double width = Math.Min(64, room * 0.8 / Math.Max(1, chart.Series.Count));
        for (int s = 0; s < chart.Series.Count; s++)
            for (int c = 0; c < Math.Min(chart.Categories.Count, chart.Series[s].Bars.Count); c++)
                One(canvas, chart, y, s, c, ChartCanvas.Left + room * (c + 0.5) + (s - (chart.Series.Count - 1) / 2.0) * width, width);
        canvas.Categories(chart.Categories);
        return canvas.Figure([.. chart.Series.Select(s => s.Name)]) + Data(chart) + "</figure>";
    }

    private static void One(ChartCanvas canvas, BarChart chart, Scale y, int s, int c, double centre, double width)
    {
        Bar bar = chart.Series[s].Bars[c];
        if (!double.IsFinite(bar.Value)) return;
        double top = y.At(Math.Max(0, bar.Value)), bottom = y.At(Math.Min(0, bar.Value));
        string value = NumberDisplay.Show(bar.Value, chart.YFormat);
        canvas.Rectangle(centre - width * 0.45, top, width * 0.9, bottom - top, $"bar c{s % 8}", $"{chart.Series[s].Name}, {chart.Categories[c]}: {value}");
        bool hasInterval = bar.Low is { } l && bar.High is { } h && double.IsFinite(l) && double.IsFinite(h);
        if (hasInterval) canvas.Whisker(centre, y.At(bar.Low!.Value), y.At(bar.High!.Value));
        if (width >= 34) canvas.Text(centre, Math.Max(ChartCanvas.Top - 4, (hasInterval ? Math.Min(top, y.At(bar.High!.Value)) : top) - 6), value, "value mid");
    }

    private static string Data(BarChart chart) => DataTable.Of(
        [LineDrawing.Name(chart.XLabel, "category"), "series", LineDrawing.Name(chart.YLabel, "value"), "low", "high"],
        chart.Series.SelectMany(s => s.Bars.Zip(chart.Categories, (b, c) => new[]
        {
            c, s.Name, NumberDisplay.Show(b.Value, chart.YFormat),
            b.Low is { } low ? NumberDisplay.Show(low, chart.YFormat) : "", b.High is { } high ? NumberDisplay.Show(high, chart.YFormat) : "",
        })));
}
