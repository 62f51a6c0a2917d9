namespace Hone.Evaluation.Reports;

/// <summary>Draws <see cref="LineChart"/>.</summary>
internal static class LineDrawing
{
    private const int DotsUpTo = 60;

    public static string Draw(LineChart chart)
    {
        ChartCanvas canvas = new(chart);
        CurvePoint[] all = [.. chart.Curves.SelectMany(c => c.Points).Where(p => double.IsFinite(p.X) && double.IsFinite(p.Y))];
        Scale x = Scale.Of(all.Select(p => p.X), ChartCanvas.Left, ChartCanvas.Right - 8, widen: false);
        Scale y = Scale.Of(all.SelectMany(p => new[] { p.Y, p.Low ?? p.Y, p.High ?? p.Y }), ChartCanvas.Bottom, ChartCanvas.Top, chart.YMin, chart.YMax);
        canvas.YAxis(y);
        canvas.XAxis(x, chart.WholeX);
        for (int i = 0; i < chart.Curves.Count; i++) Band(canvas, chart.Curves[i], x, y, i % 8);
        for (int i = 0; i < chart.Curves.Count; i++) Curve(canvas, chart, chart.Curves[i], x, y, i % 8);
        return canvas.Figure([.. chart.Curves.Select(c => c.Name)]) + Data(chart) + "</figure>";
    }

    private static void Band(ChartCanvas canvas, Curve curve, Scale x, Scale y, int colour)
    {
        CurvePoint[] points = [.. curve.Points.Where(p => p.Low is not null && p.High is not null && double.IsFinite(p.X) && double.IsFinite(p.Low.Value) && double.IsFinite(p.High.Value))];
        if (points.Length < 2) return;
        IEnumerable<(double, double)> upper = points.Select(p => (x.At(p.X), y.At(p.High!.Value)));
        IEnumerable<(double, double)> lower = points.Reverse().Select(p => (x.At(p.X), y.At(p.Low!.Value)));
        canvas.Polygon(upper.Concat(lower), $"band c{colour}");
    }

    private static void Curve(ChartCanvas canvas, LineChart chart, Curve curve, Scale x, Scale y, int colour)
    {
        CurvePoint[] points = [.. curve.Points.Where(p => double.IsFinite(p.X) && double.IsFinite(p.Y))];
        if (points.Length > 1) canvas.Polyline(points.Select(p => (x.At(p.X), y.At(p.Y))), $"curve c{colour}");
        if (points.Length > DotsUpTo) return;
        foreach (CurvePoint p in points)
            canvas.Dot(x.At(p.X), y.At(p.Y), 3.5, $"dot c{colour}", $"{curve.Name}: {NumberDisplay.Show(p.X, chart.XFormat)}, {NumberDisplay.Show(p.Y, chart.YFormat)}");
    }

    private static string Data(LineChart chart) => DataTable.Of(
        ["curve", Name(chart.XLabel, "x"), Name(chart.YLabel, "y"), "low", "high"],
        chart.Curves.SelectMany(c => DataTable.Thinned(c.Points).Select(p => new[]
        {
            c.Name, NumberDisplay.Show(p.X, chart.XFormat), NumberDisplay.Show(p.Y, chart.YFormat),
            p.Low is { } low ? NumberDisplay.Show(low, chart.YFormat) : "", p.High is { } high ? NumberDisplay.Show(high, chart.YFormat) : "",
        })));

    internal static string Name(string label, string fallback) => label.Length > 0 ? label : fallback;
}
