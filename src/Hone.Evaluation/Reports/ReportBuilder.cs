using System.Text;
using Hone.Core;

namespace Hone.Evaluation.Reports;

/// <summary>How a figure, note or badge is meant.</summary>
public enum Tone
{
    Neutral,
    Good,
    Bad,
    Warn,
}

/// <summary>A headline figure.</summary>
/// <param name="Label">What it is.</param>
/// <param name="Value">The figure as shown.</param>
/// <param name="Detail">Small print below it, such as an interval.</param>
public sealed record Fact(string Label, string Value, string Detail = "", Tone Tone = Tone.Neutral);

/// <summary>One folded example: a line to see, and texts that open below it.</summary>
/// <param name="Summary">The line.</param>
/// <param name="Parts">Headings and texts, shown side by side where there is room.</param>
/// <param name="Badge">A short word at the end of the line; empty for none.</param>
public sealed record Example(string Summary, IReadOnlyList<(string Heading, string Text)> Parts, string Badge = "", Tone Tone = Tone.Neutral);

/// <summary>
/// Builds one self-contained HTML page: no script, no network, style inside, charts drawn as SVG. Everything passed in is plain
/// text and is escaped.
/// </summary>
/// <param name="title">Title of the page.</param>
/// <param name="subtitle">A sentence below it.</param>
public sealed class ReportBuilder(string title, string subtitle = "")
{
    private readonly StringBuilder body = new();
    private readonly List<(string Id, string Text)> sections = [];

    /// <summary>A section heading, listed at the top of the page.</summary>
    public ReportBuilder Heading(string text)
    {
        string id = Html.Slug(text);
        if (sections.Exists(s => s.Id == id)) id = $"{id}-{sections.Count}";
        sections.Add((id, text));
        body.Append($"<h2 id=\"{id}\">{Html.Escape(text)}</h2>\n");
        return this;
    }

    /// <summary>A heading inside a section.</summary>
    public ReportBuilder Subheading(string text) => Add($"<h3>{Html.Escape(text)}</h3>");

    public ReportBuilder Paragraph(string text) => Add($"<p>{Html.Escape(text)}</p>");

    /// <summary>Text kept as it is, in a fixed-width font.</summary>
    public ReportBuilder Preformatted(string text) => Add($"<pre>{Html.Escape(text)}</pre>");

    /// <summary>A coloured box with a bold first line.</summary>
    public ReportBuilder Note(string heading, string text, Tone tone = Tone.Neutral) =>
        Add($"<div class=\"note {ClassOf(tone)}\" role=\"note\"><strong>{Html.Escape(heading)}</strong>{Html.Escape(text)}</div>");

    /// <summary>Headline figures in a row.</summary>
    public ReportBuilder Facts(IEnumerable<Fact> facts)
    {
        body.Append("<dl class=\"facts\">");
        foreach (Fact fact in facts)
        {
            string detail = fact.Detail.Length > 0 ? $"<small>{Html.Escape(fact.Detail)}</small>" : "";
            body.Append($"<div class=\"fact {ClassOf(fact.Tone)}\"><dt>{Html.Escape(fact.Label)}</dt><dd>{Html.Escape(fact.Value)}{detail}</dd></div>");
        }
        return Add("</dl>");
    }

    /// <summary>A table. Columns whose cells all look like numbers are set right.</summary>
    public ReportBuilder Table(IReadOnlyList<string> columns, IReadOnlyList<IReadOnlyList<string>> rows, string caption = "")
    {
        bool[] numeric = [.. columns.Select((_, i) => rows.Count > 0 && rows.All(r => i < r.Count && LooksNumeric(r[i])))];
        string ClassAt(int i) => i < numeric.Length && numeric[i] ? " class=\"number\"" : "";
        body.Append("<div class=\"table\"><div class=\"wide\"><table>");
        if (caption.Length > 0) body.Append($"<caption>{Html.Escape(caption)}</caption>");
        body.Append("<thead><tr>").Append(string.Concat(columns.Select((c, i) => $"<th scope=\"col\"{ClassAt(i)}>{Html.Escape(c)}</th>"))).Append("</tr></thead><tbody>");
        foreach (IReadOnlyList<string> row in rows)
            body.Append("<tr>").Append(string.Concat(row.Select((c, i) => $"<td{ClassAt(i)}>{Html.Escape(c)}</td>"))).Append("</tr>");
        return Add("</tbody></table></div></div>");
    }

    /// <summary>A chart with its numbers folded below it.</summary>
    public ReportBuilder Chart(Chart chart) => Add(chart switch
    {
        LineChart line => LineDrawing.Draw(line),
        BarChart bars => BarDrawing.Draw(bars),
        HistogramChart histogram => HistogramDrawing.Draw(histogram),
        ScatterChart scatter => ScatterDrawing.Draw(scatter),
        _ => throw new ArgumentException($"no drawing for {chart.GetType().Name}."),
    });

    /// <summary>Examples that open on a click.</summary>
    public ReportBuilder Examples(IEnumerable<Example> examples)
    {
        foreach (Example example in examples)
        {
            string badge = example.Badge.Length > 0 ? $"<span class=\"badge {ClassOf(example.Tone)}\">{Html.Escape(example.Badge)}</span>" : "";
            body.Append($"<details class=\"example\"><summary><span class=\"text\">{Html.Escape(example.Summary)}</span>{badge}</summary><div class=\"parts\">");
            foreach ((string heading, string text) in example.Parts) body.Append($"<div><h4>{Html.Escape(heading)}</h4><pre>{Html.Escape(text)}</pre></div>");
            body.Append("</div></details>\n");
        }
        return this;
    }

    /// <summary>The whole page.</summary>
    public string ToHtml(string footer = "")
    {
        StringBuilder page = new("<!doctype html>\n<html lang=\"en\"><head><meta charset=\"utf-8\">");
        page.Append("<meta http-equiv=\"Content-Security-Policy\" content=\"default-src 'none'; style-src 'unsafe-inline'; img-src data:\">");
        page.Append("<meta name=\"viewport\" content=\"width=device-width,initial-scale=1\">");
        page.Append($"<title>{Html.Escape(title)}</title>\n<style>{ReportStyle.Css}</style></head>\n<body><header><h1>{Html.Escape(title)}</h1>");
        if (subtitle.Length > 0) page.Append($"<p class=\"sub\">{Html.Escape(subtitle)}</p>");
        if (sections.Count > 1)
        {
            page.Append("<nav aria-label=\"Sections\"><ul>");
            foreach ((string id, string text) in sections) page.Append($"<li><a href=\"#{id}\">{Html.Escape(text)}</a></li>");
            page.Append("</ul></nav>");
        }
        page.Append("</header>\n<main>\n").Append(body).Append("</main>\n");
        if (footer.Length > 0) page.Append($"<footer>{Html.Escape(footer)}</footer>");
        return page.Append("</body></html>\n").ToString();
    }

    /// <summary>Writes the page to a file, whole or not at all.</summary>
    public void Write(string path, string footer = "") => AtomicFile.WriteText(path, ToHtml(footer));

    private static string ClassOf(Tone tone) => tone == Tone.Neutral ? "" : tone.ToString().ToLowerInvariant();

    private static bool LooksNumeric(string cell) => cell.Length == 0 || (char.IsAsciiDigit(cell.TrimStart('−', '-', '+', '<', '≥', '≤', ' ', '±')[..].FirstOrDefault()) && cell.Length < 24) || cell is "–" or "∞";

    private ReportBuilder Add(string html)
    {
        body.Append(html).Append('\n');
        return this;
    }
}
