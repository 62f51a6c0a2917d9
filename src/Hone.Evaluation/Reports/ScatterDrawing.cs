namespace Hone.Evaluation.Reports;

/// <summary>Draws <see cref="ScatterChart"/>.</summary>
internal static class ScatterDrawing
{
    public static string Draw(ScatterChart chart)
    {
        ChartCanvas canvas = new(chart);
        ScatterPoint[] all = [.. chart.Series.SelectMany(s => s.Points).Where(p => double.IsFinite(p.X) && double.IsFinite(p.Y))];
        Scale x = Scale.Of(all.Select(p => p.X), ChartCanvas.Left + 8, ChartCanvas.Right - 8);
        Scale y = Scale.Of(all.Select(p => p.Y), ChartCanvas.Bottom - 4, ChartCanvas.Top, chart.YMin, chart.YMax);
        canvas.YAxis(y);
        canvas.XAxis(x);
        if (chart.ShowParetoFront) canvas.Polyline(Front(all).Select(p => (x.At(p.X), y.At(p.Y))), "front");
        for (int s = 0; s < chart.Series.Count; s++)
            foreach (ScatterPoint p in chart.Series[s].Points.Where(p => double.IsFinite(p.X) && double.IsFinite(p.Y)))
                Point(canvas, chart, p, x, y, s % 8, all.Length);
        return canvas.Figure([.. chart.Series.Select(s => s.Name)]) + Data(chart) + "</figure>";
    }

    /// <summary>Points that no other beats with a smaller or equal x and a greater or equal y, by x.</summary>
    internal static IReadOnlyList<ScatterPoint> Front(IReadOnlyList<ScatterPoint> points)
    {
        List<ScatterPoint> front = [];
        foreach (ScatterPoint p in points.OrderBy(p => p.X).ThenByDescending(p => p.Y))
            if (front.Count == 0 || p.Y > front[^1].Y) front.Add(p);
        return front;
    }

    private static void Point(ChartCanvas canvas, ScatterChart chart, ScatterPoint p, Scale x, Scale y, int colour, int count)
    {
        canvas.Dot(x.At(p.X), y.At(p.Y), 4.5, $"dot c{colour}", $"{p.Label}: {NumberDisplay.Show(p.X, chart.XFormat)}, {NumberDisplay.Show(p.Y, chart.YFormat)}");
        if (count > 12 || p.Label.Length == 0) return;
        bool right = x.At(p.X) < ChartCanvas.Right - 140;
        canvas.Text(x.At(p.X) + (right ? 8 : -8), y.At(p.Y) + 4, p.Label, right ? "value" : "value end");
    }

    private static string Data(ScatterChart chart) => DataTable.Of(
        ["point", "series", LineDrawing.Name(chart.XLabel, "x"), LineDrawing.Name(chart.YLabel, "y")],
        chart.Series.SelectMany(s => DataTable.Thinned(s.Points).Select(p =>
            new[] { p.Label, s.Name, NumberDisplay.Show(p.X, chart.XFormat), NumberDisplay.Show(p.Y, chart.YFormat) })));
}
