using System.Globalization;

namespace Hone.Evaluation.Reports;

/// <summary>How numbers are shown.</summary>
public enum NumberFormat
{
    /// <summary>Up to four significant digits, thousands with a thin space.</summary>
    Plain,

    /// <summary>A share 0..1 as percent with one decimal place.</summary>
    Percent,
}

internal static class NumberDisplay
{
    public static string Show(double value, NumberFormat format)
    {
        if (double.IsNaN(value)) return "–";
        if (double.IsInfinity(value)) return value > 0 ? "∞" : "−∞";
        string text = format == NumberFormat.Percent ? (value * 100).ToString("0.#", CultureInfo.InvariantCulture) + " %" : Plain(value);
        return text.Replace('-', '−');
    }

    /// <summary>Short form for axis ticks.</summary>
    public static string Tick(double value, NumberFormat format) =>
        format == NumberFormat.Percent ? Show(Math.Round(value, 6), format) : Plain(value).Replace('-', '−');

    private static string Plain(double value)
    {
        double size = Math.Abs(value);
        if (size != 0 && (size < 1e-3 || size >= 1e9)) return value.ToString("0.##e0", CultureInfo.InvariantCulture);
        if (size >= 1000) return Math.Round(value).ToString("#,0", CultureInfo.InvariantCulture).Replace(',', '\u2009');
        int places = size == 0 ? 0 : Math.Clamp(3 - (int)Math.Floor(Math.Log10(size)), 0, 6);
        return Math.Round(value, places).ToString("0.######", CultureInfo.InvariantCulture);
    }
}
