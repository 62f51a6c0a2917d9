using System.Globalization;
using System.Text;

namespace Hone.Models.Templates;

/// <summary>C's strftime in the C locale, with glibc's <c>-</c> and <c>_</c> flags that drop or blank the padding.</summary>
internal static class StrfTime
{
    public static string Format(string format, DateTime time)
    {
        StringBuilder result = new();
        for (int i = 0; i < format.Length; i++)
        {
            if (format[i] != '%' || i + 1 >= format.Length)
            {
                result.Append(format[i]);
                continue;
            }
            char flag = format[i + 1] is '-' or '_' && i + 2 < format.Length ? format[++i] : '\0';
            result.Append(Directive(format[++i], flag, time));
        }
        return result.ToString();
    }

    private static string Directive(char letter, char flag, DateTime t) => letter switch
    {
        'Y' => t.Year.ToString(CultureInfo.InvariantCulture),
        'C' => Pad(t.Year / 100, 2, flag),
        'y' => Pad(t.Year % 100, 2, flag),
        'm' => Pad(t.Month, 2, flag),
        'd' => Pad(t.Day, 2, flag),
        'e' => Pad(t.Day, 2, flag == '\0' ? '_' : flag),
        'H' => Pad(t.Hour, 2, flag),
        'I' => Pad((t.Hour + 11) % 12 + 1, 2, flag),
        'k' => Pad(t.Hour, 2, flag == '\0' ? '_' : flag),
        'l' => Pad((t.Hour + 11) % 12 + 1, 2, flag == '\0' ? '_' : flag),
        'M' => Pad(t.Minute, 2, flag),
        'S' => Pad(t.Second, 2, flag),
        'f' => Pad(t.Ticks % TimeSpan.TicksPerSecond / 10, 6, '\0'),
        'j' => Pad(t.DayOfYear, 3, flag),
        'a' => t.ToString("ddd", CultureInfo.InvariantCulture),
        'A' => t.ToString("dddd", CultureInfo.InvariantCulture),
        'b' or 'h' => t.ToString("MMM", CultureInfo.InvariantCulture),
        'B' => t.ToString("MMMM", CultureInfo.InvariantCulture),
        'p' => t.Hour < 12 ? "AM" : "PM",
        'P' => t.Hour < 12 ? "am" : "pm",
        'w' => ((int)t.DayOfWeek).ToString(CultureInfo.InvariantCulture),
        'u' => (((int)t.DayOfWeek + 6) % 7 + 1).ToString(CultureInfo.InvariantCulture),
        'U' => Pad((t.DayOfYear + 6 - (int)t.DayOfWeek) / 7, 2, flag),
        'W' => Pad((t.DayOfYear + 6 - ((int)t.DayOfWeek + 6) % 7) / 7, 2, flag),
        'V' => Pad(ISOWeek.GetWeekOfYear(t), 2, flag),
        'G' => ISOWeek.GetYear(t).ToString(CultureInfo.InvariantCulture),
        's' => new DateTimeOffset(DateTime.SpecifyKind(t, DateTimeKind.Utc)).ToUnixTimeSeconds().ToString(CultureInfo.InvariantCulture),
        'n' => "\n",
        't' => "\t",
        '%' => "%",
        'z' or 'Z' => "", // the reference's clock has no zone
        'c' => Format("%a %b %e %H:%M:%S %Y", t),
        'x' or 'D' => Format("%m/%d/%y", t),
        'X' or 'T' => Format("%H:%M:%S", t),
        'R' => Format("%H:%M", t),
        'r' => Format("%I:%M:%S %p", t),
        'F' => Format("%Y-%m-%d", t),
        _ => "%" + letter,
    };

    private static string Pad(long value, int width, char flag)
    {
        string text = value.ToString(CultureInfo.InvariantCulture);
        return flag == '-' ? text : text.PadLeft(width, flag == '_' ? ' ' : '0');
    }
}
