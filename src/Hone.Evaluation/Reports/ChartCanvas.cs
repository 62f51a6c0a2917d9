using System.Text;

namespace Hone.Evaluation.Reports;

/// <summary>An SVG drawing with axes, 720 units wide, scaled to the page's width. Colours come from the page's style.</summary>
internal sealed class ChartCanvas
{
    public const double Width = 720, Left = 76, Right = 704, Top = 16, Bottom = 264;

    private readonly StringBuilder svg = new();
    private readonly Chart chart;

    public ChartCanvas(Chart chart) => this.chart = chart;

    private double Height => chart.XLabel.Length > 0 ? Bottom + 56 : Bottom + 28;

    /// <summary>Grid lines and labels of the y axis.</summary>
    public void YAxis(Scale y)
    {
        foreach (double tick in y.Ticks)
        {
            Line(Left, y.At(tick), Right, y.At(tick), "grid");
            Text(Left - 8, y.At(tick) + 4, NumberDisplay.Tick(tick, chart.YFormat), "tick end");
        }
        if (chart.YLabel.Length > 0)
            svg.Append($"<text class=\"axis\" text-anchor=\"middle\" transform=\"translate(14 {Html.At((Top + Bottom) / 2)}) rotate(-90)\">{Html.Escape(chart.YLabel)}</text>");
    }

    /// <summary>Base line, ticks and label of a numeric x axis.</summary>
    public void XAxis(Scale x, bool whole = false)
    {
        Line(Left, Bottom, Right, Bottom, "base");
        foreach (double tick in x.Ticks.Where(t => !whole || t == Math.Round(t)))
        {
            Line(x.At(tick), Bottom, x.At(tick), Bottom + 5, "base");
            Text(x.At(tick), Bottom + 20, NumberDisplay.Tick(tick, chart.XFormat), "tick mid");
        }
        XLabel();
    }

    /// <summary>Base line and names of categories, shortened to their room.</summary>
    public void Categories(IReadOnlyList<string> names)
    {
        Line(Left, Bottom, Right, Bottom, "base");
        double room = (Right - Left) / Math.Max(1, names.Count);
        int letters = Math.Max(3, (int)(room / 7));
        int every = (int)Math.Ceiling(26 / room);
        for (int i = 0; i < names.Count; i += every)
            Text(Left + room * (i + 0.5), Bottom + 20, names[i].Length > letters * every ? names[i][..(letters * every - 1)] + "…" : names[i], "tick mid");
        XLabel();
    }

    public void Line(double x1, double y1, double x2, double y2, string kind) =>
        svg.Append($"<line class=\"{kind}\" x1=\"{Html.At(x1)}\" y1=\"{Html.At(y1)}\" x2=\"{Html.At(x2)}\" y2=\"{Html.At(y2)}\"/>");

    public void Text(double x, double y, string text, string kind) =>
        svg.Append($"<text class=\"{kind}\" x=\"{Html.At(x)}\" y=\"{Html.At(y)}\">{Html.Escape(text)}</text>");

    public void Polyline(IEnumerable<(double X, double Y)> points, string kind) => svg.Append($"<polyline class=\"{kind}\" points=\"{Points(points)}\"/>");

    public void Polygon(IEnumerable<(double X, double Y)> points, string kind) => svg.Append($"<polygon class=\"{kind}\" points=\"{Points(points)}\"/>");

    public void Dot(double x, double y, double radius, string kind, string tip) =>
        svg.Append($"<circle class=\"{kind}\" cx=\"{Html.At(x)}\" cy=\"{Html.At(y)}\" r=\"{Html.At(radius)}\"><title>{Html.Escape(tip)}</title></circle>");

    public void Rectangle(double x, double y, double width, double height, string kind, string tip) =>
        svg.Append($"<rect class=\"{kind}\" x=\"{Html.At(x)}\" y=\"{Html.At(y)}\" width=\"{Html.At(Math.Max(0.5, width))}\" height=\"{Html.At(Math.Max(0, height))}\" rx=\"2\"><title>{Html.Escape(tip)}</title></rect>");

    /// <summary>A vertical interval with caps.</summary>
    public void Whisker(double x, double low, double high)
    {
        Line(x, low, x, high, "whisker");
        Line(x - 4, low, x + 4, low, "whisker");
        Line(x - 4, high, x + 4, high, "whisker");
    }

    /// <summary>The whole figure: title, legend, drawing.</summary>
    public string Figure(IReadOnlyList<string> legend)
    {
        StringBuilder html = new("<figure>");
        html.Append($"<figcaption>{Html.Escape(chart.Title)}</figcaption>");
        if (chart.Description.Length > 0) html.Append($"<p class=\"about\">{Html.Escape(chart.Description)}</p>");
        if (legend.Count > 1)
        {
            html.Append("<ul class=\"legend\">");
            for (int i = 0; i < legend.Count; i++) html.Append($"<li><span class=\"key c{i % 8}\"></span>{Html.Escape(legend[i])}</li>");
            html.Append("</ul>");
        }
        string label = Html.Escape($"{chart.Title}. {chart.Description}".Trim());
        html.Append($"<svg viewBox=\"0 0 {Html.At(Width)} {Html.At(Height)}\" role=\"img\" aria-label=\"{label}\">").Append(svg).Append("</svg>");
        return html.ToString();
    }

    private void XLabel()
    {
        if (chart.XLabel.Length > 0) Text((Left + Right) / 2, Bottom + 44, chart.XLabel, "axis mid");
    }

    private static string Points(IEnumerable<(double X, double Y)> points) => string.Join(' ', points.Select(p => $"{Html.At(p.X)},{Html.At(p.Y)}"));
}
