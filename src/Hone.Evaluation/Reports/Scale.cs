namespace Hone.Evaluation.Reports;

/// <summary>Maps a range of values to a range of pixels and chooses round ticks.</summary>
internal sealed record Scale(double Low, double High, double From, double To)
{
    /// <summary>Ticks at multiples of 1, 2 or 5 times a power of ten, five or so.</summary>
    public IReadOnlyList<double> Ticks { get; private init; } = [];

    public double At(double value) => From + (value - Low) / (High - Low) * (To - From);

    /// <summary>A scale that holds all values, widened to round ticks unless an end is given.</summary>
    public static Scale Of(IEnumerable<double> values, double from, double to, double? low = null, double? high = null, bool widen = true)
    {
        double[] finite = [.. values.Where(double.IsFinite)];
        double min = low ?? (finite.Length > 0 ? finite.Min() : 0), max = high ?? (finite.Length > 0 ? finite.Max() : 1);
        if (max <= min) (min, max) = (low ?? min - Math.Max(1e-9, Math.Abs(min) * 0.1), high ?? max + Math.Max(1e-9, Math.Abs(max) * 0.1));
        if (max <= min) max = min + 1;
        double step = Step(max - min);
        if (widen && low is null) min = Math.Floor(min / step + 1e-9) * step;
        if (widen && high is null) max = Math.Ceiling(max / step - 1e-9) * step;
        return new(min, max, from, to) { Ticks = TicksOf(min, max, step) };
    }

    private static double Step(double range)
    {
        double raw = range / 5, power = Math.Pow(10, Math.Floor(Math.Log10(raw)));
        double lead = raw / power;
        return power * (lead < 1.5 ? 1 : lead < 3.5 ? 2 : lead < 7.5 ? 5 : 10);
    }

    private static List<double> TicksOf(double min, double max, double step)
    {
        List<double> ticks = [];
        double first = Math.Ceiling(min / step - 1e-9);
        for (int i = 0; i < 20 && (first + i) * step <= max + step * 1e-6; i++) ticks.Add((first + i) * step);
        return ticks;
    }
}
