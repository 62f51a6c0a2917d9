namespace Hone.Evaluation.Reports;

/// <summary>Counts values into shared bins and draws them as bars.</summary>
internal static class HistogramDrawing
{
    public static string Draw(HistogramChart chart)
    {
        (double[] edges, string[] names) = Bins(chart);
        BarSeries[] series = [.. chart.Series.Select(s => new BarSeries(s.Name, [.. Shares(s.Values, edges).Select(v => new Bar(v))]))];
        return BarDrawing.Draw(new BarChart
        {
            Title = chart.Title,
            Description = chart.Description,
            XLabel = chart.XLabel,
            YLabel = chart.YLabel.Length > 0 ? chart.YLabel : "share",
            YFormat = NumberFormat.Percent,
            YMin = 0,
            YMax = chart.YMax,
            Categories = names,
            Series = series,
        });
    }

    /// <summary>Share of the finite values in each bin; the last bin includes its upper edge.</summary>
    internal static double[] Shares(IReadOnlyList<double> values, double[] edges)
    {
        double[] counts = new double[edges.Length - 1];
        double[] finite = [.. values.Where(double.IsFinite)];
        foreach (double value in finite)
        {
            int bin = Array.BinarySearch(edges, value);
            bin = bin >= 0 ? bin : ~bin - 1;
            counts[Math.Clamp(bin, 0, counts.Length - 1)]++;
        }
        return [.. counts.Select(c => finite.Length == 0 ? 0 : c / finite.Length)];
    }

    private static (double[] Edges, string[] Names) Bins(HistogramChart chart)
    {
        double[] all = [.. chart.Series.SelectMany(s => s.Values).Where(double.IsFinite)];
        if (all.Length == 0) return ([0, 1], ["0"]);
        double low = all.Min(), high = all.Max();
        if (Array.TrueForAll(all, v => v == Math.Round(v)) && high - low < chart.MaxBins)
        {
            int count = (int)(high - low) + 1;
            return ([.. Enumerable.Range(0, count + 1).Select(i => low - 0.5 + i)], [.. Enumerable.Range(0, count).Select(i => NumberDisplay.Tick(low + i, chart.XFormat))]);
        }
        Scale scale = Scale.Of(all, 0, 1);
        double tick = scale.Ticks.Count > 1 ? scale.Ticks[1] - scale.Ticks[0] : scale.High - scale.Low;
        double step = tick;
        foreach (int parts in (ReadOnlySpan<int>)[2, 4, 5])
            if ((scale.High - scale.Low) / (tick / parts) <= chart.MaxBins) step = tick / parts;
        int bins = Math.Max(1, (int)Math.Round((scale.High - scale.Low) / step));
        double[] edges = [.. Enumerable.Range(0, bins + 1).Select(i => scale.Low + i * step)];
        return (edges, [.. edges.Take(bins).Select(e => $"{NumberDisplay.Tick(e, chart.XFormat)}–{NumberDisplay.Tick(e + step, chart.XFormat)}")]);
    }
}
