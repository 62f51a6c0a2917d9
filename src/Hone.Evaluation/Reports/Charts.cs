namespace Hone.Evaluation.Reports;

/// <summary>Title, description and axes that every chart has.</summary>
public abstract record Chart
{
    /// <summary>Shown above the chart.</summary>
    public required string Title { get; init; }

    /// <summary>One sentence on what there is to see; read out to those who cannot see the chart.</summary>
    public string Description { get; init; } = "";

    public string XLabel { get; init; } = "";

    public string YLabel { get; init; } = "";

    public NumberFormat XFormat { get; init; }

    public NumberFormat YFormat { get; init; }

    /// <summary>Lower end of the y axis; from the data when null.</summary>
    public double? YMin { get; init; }

    /// <summary>Upper end of the y axis; from the data when null.</summary>
    public double? YMax { get; init; }
}

/// <summary>A point of a curve, with the ends of its interval where there is one.</summary>
public readonly record struct CurvePoint(double X, double Y, double? Low = null, double? High = null);

/// <summary>One curve.</summary>
public sealed record Curve(string Name, IReadOnlyList<CurvePoint> Points);

/// <summary>Curves over a numeric axis, with bands.</summary>
public sealed record LineChart : Chart
{
    public required IReadOnlyList<Curve> Curves { get; init; }

    /// <summary>Whether x takes whole numbers only, such as rounds.</summary>
    public bool WholeX { get; init; }
}

/// <summary>A bar's value and interval; a value of NaN leaves the place empty.</summary>
public readonly record struct Bar(double Value, double? Low = null, double? High = null);

/// <summary>Bars of one colour, one per category.</summary>
public sealed record BarSeries(string Name, IReadOnlyList<Bar> Bars);

/// <summary>Grouped bars over named categories, with intervals. The y axis starts at 0.</summary>
public sealed record BarChart : Chart
{
    public required IReadOnlyList<string> Categories { get; init; }

    public required IReadOnlyList<BarSeries> Series { get; init; }
}

/// <summary>Raw values to be counted.</summary>
public sealed record ValueSeries(string Name, IReadOnlyList<double> Values);

/// <summary>Shares of values per bin, several series over the same bins. Whole numbers over a small range get a bin each.</summary>
public sealed record HistogramChart : Chart
{
    public required IReadOnlyList<ValueSeries> Series { get; init; }

    /// <summary>Most bins to use.</summary>
    public int MaxBins { get; init; } = 20;
}

/// <summary>A labelled point.</summary>
public readonly record struct ScatterPoint(double X, double Y, string Label);

/// <summary>Points of one colour.</summary>
public sealed record ScatterSeries(string Name, IReadOnlyList<ScatterPoint> Points);

/// <summary>Points over two numeric axes, with the Pareto front (smaller x, greater y is better) where asked for.</summary>
public sealed record ScatterChart : Chart
{
    public required IReadOnlyList<ScatterSeries> Series { get; init; }

    /// <summary>Draws a line through the points that no other point beats on both axes.</summary>
    public bool ShowParetoFront { get; init; }
}
