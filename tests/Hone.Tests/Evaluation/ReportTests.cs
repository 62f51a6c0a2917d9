using System.Text.RegularExpressions;
using Hone.Evaluation.Reports;

namespace Hone.Tests.Evaluation;

public class ReportTests
{
    private const string Hostile = "</title><script>alert('x')</script> & \"quoted\" \u0000\uD800 <b onload=x>";

    private static ReportBuilder Everything(string text) => new ReportBuilder(text, text)
        .Facts([new(text, text, text, Tone.Good)])
        .Heading(text).Subheading(text).Paragraph(text).Preformatted(text).Note(text, text, Tone.Bad)
        .Table([text, "n"], [[text, "3"], [text, "−4.5 %"]], text)
        .Chart(new LineChart { Title = text, Description = text, XLabel = text, YLabel = text, Curves = [new(text, [new(0, 1, 0.5, 1.5), new(1, 2, 1.5, 2.5)]), new("b", [])] })
        .Chart(new BarChart { Title = text, Categories = [text, "b"], Series = [new(text, [new(0.5, 0.4, 0.6), new(double.NaN)])] })
        .Chart(new HistogramChart { Title = text, Series = [new(text, [1, 2, 2, 7.5])] })
        .Chart(new ScatterChart { Title = text, ShowParetoFront = true, Series = [new(text, [new(1, 2, text), new(double.NaN, 1, text)])] })
        .Examples([new(text, [(text, text)], text, Tone.Warn)]);

    [Fact]
    public void HostileTextStaysText()
    {
        string html = Everything(Hostile).ToHtml(Hostile);
        Assert.DoesNotContain("<script", html);
        Assert.DoesNotContain("<b ", html);
        Assert.DoesNotContain('\u0000', html);
        Assert.DoesNotContain(html, char.IsSurrogate);
        AssertBalanced(html);
    }

    [Fact]
    public void PageNeedsNothingFromOutside()
    {
        string html = Everything("plain").ToHtml();
        Assert.DoesNotMatch("(https?:)?//[a-z]|url\\(|@import|<link|<img|<iframe", html);
        Assert.Contains("default-src 'none'", html);
        Assert.Contains("prefers-color-scheme:dark", html);
        Assert.Contains("<html lang=\"en\">", html);
        Assert.Equal(4, Regex.Count(html, "role=\"img\" aria-label=\"plain"));
        Assert.Equal(Everything("plain").ToHtml(), html);
    }

    [Fact]
    public void EmptyAndBrokenDataDrawWithoutNaN()
    {
        string html = new ReportBuilder("t")
            .Chart(new LineChart { Title = "none", Curves = [] })
            .Chart(new LineChart { Title = "flat", Curves = [new("a", [new(1, 5), new(1, 5)]), new("bad", [new(double.NaN, double.PositiveInfinity)])] })
            .Chart(new BarChart { Title = "none", Categories = [], Series = [] })
            .Chart(new HistogramChart { Title = "none", Series = [new("a", [])] })
            .Chart(new HistogramChart { Title = "one", Series = [new("a", [3, 3, 3])] })
            .Chart(new ScatterChart { Title = "none", Series = [new("a", [])] })
            .Table(["a"], []).ToHtml();
        Assert.DoesNotContain("NaN", html);
        Assert.DoesNotContain("∞\"", html);
        AssertBalanced(html);
    }

    [Fact]
    public void FileIsWrittenWhole()
    {
        string folder = Directory.CreateTempSubdirectory("hone-report-").FullName;
        try
        {
            Everything("x").Write(Path.Combine(folder, "report.html"), "foot");
            Assert.EndsWith("</body></html>\n", File.ReadAllText(Path.Combine(folder, "report.html")));
            Assert.Single(Directory.GetFiles(folder));
        }
        finally
        {
            Directory.Delete(folder, recursive: true);
        }
    }

    [Theory]
    [InlineData(0, 1, 0, 1, 0.2)]
    [InlineData(3, 97, 0, 100, 20)]
    [InlineData(-0.013, 0.021, -0.015, 0.025, 0.005)]
    public void TicksAreRound(double min, double max, double low, double high, double step)
    {
        Scale scale = Scale.Of([min, max], 0, 100);
        Assert.Equal(low, scale.Low, 1e-9);
        Assert.Equal(high, scale.High, 1e-9);
        Assert.Equal(step, scale.Ticks[1] - scale.Ticks[0], 1e-9);
        Assert.Equal(100, scale.At(high), 1e-9);
    }

    [Fact]
    public void HistogramSharesAndParetoFront()
    {
        Assert.Equal([0.25, 0.25, 0.5], HistogramDrawing.Shares([0, 1.5, 2, 3, double.NaN], [0, 1, 2, 3]));
        ScatterPoint[] points = [new(3, 5, "a"), new(1, 1, "b"), new(2, 4, "c"), new(2.5, 3, "d"), new(2, 2, "e")];
        Assert.Equal(["b", "c", "a"], ScatterDrawing.Front(points).Select(p => p.Label));
    }

    [Theory]
    [InlineData(0.6666, NumberFormat.Percent, "66.7 %")]
    [InlineData(12345.6, NumberFormat.Plain, "12\u2009346")]
    [InlineData(-0.012347, NumberFormat.Plain, "−0.01235")]
    [InlineData(0, NumberFormat.Plain, "0")]
    [InlineData(1.5e-7, NumberFormat.Plain, "1.5e−7")]
    [InlineData(double.NaN, NumberFormat.Plain, "–")]
    public void NumbersAreShownShort(double value, NumberFormat format, string shown) => Assert.Equal(shown, NumberDisplay.Show(value, format));

    private static void AssertBalanced(string html)
    {
        Stack<string> open = new();
        string[] empty = ["meta", "line", "polyline", "polygon", "!doctype"];
        foreach (Match tag in Regex.Matches(Regex.Replace(html, "(?s)<style>.*?</style>", ""), "<(/?)([a-z!0-9]+)[^>]*?(/?)>"))
        {
            if (empty.Contains(tag.Groups[2].Value) || tag.Groups[3].Length > 0) continue;
            if (tag.Groups[1].Length == 0) open.Push(tag.Groups[2].Value);
            else Assert.Equal(open.Pop(), tag.Groups[2].Value);
        }
        Assert.Empty(open);
    }
}
