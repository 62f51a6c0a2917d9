using System.Text;

namespace Hone.Models.Templates;

/// <summary>Breaks lines at spaces, as Python's textwrap does with the settings the wordwrap filter uses.</summary>
internal static class WordWrap
{
    public static string Wrap(string text, int width, bool breaksLongWords, string lineEnd, bool breaksOnHyphens)
    {
        if (width <= 0) throw JinjaException.Value($"invalid width {width} (must be > 0)");
        IEnumerable<string> lines = text.Split('\n').Select(line => string.Join(lineEnd, WrapLine(line, width, breaksLongWords, breaksOnHyphens)));
        return string.Join(lineEnd, lines);
    }

    private static List<string> WrapLine(string line, int width, bool breaksLongWords, bool breaksOnHyphens)
    {
        List<string> lines = [];
        StringBuilder current = new();
        Queue<string> chunks = new(Chunks(line, breaksOnHyphens));
        while (chunks.TryDequeue(out string? chunk))
        {
            if (current.Length == 0 && lines.Count > 0 && string.IsNullOrWhiteSpace(chunk)) continue;
            if (current.Length + chunk.Length > width && current.Length > 0 && !(breaksLongWords && chunk.Length > width)) Flush();
            if (current.Length == 0 && lines.Count > 0 && string.IsNullOrWhiteSpace(chunk)) continue;
            while (breaksLongWords && current.Length + chunk.Length > width)
            {
                int room = Math.Max(width - current.Length, current.Length == 0 ? 1 : 0);
                current.Append(chunk.AsSpan(0, room));
                chunk = chunk[room..];
                Flush();
            }
            current.Append(chunk);
        }
        if (current.Length > 0) Flush();
        return lines;

        void Flush()
        {
            lines.Add(current.ToString().TrimEnd());
            current.Clear();
        }
    }

    private static IEnumerable<string> Chunks(string line, bool breaksOnHyphens)
    {
        int start = 0;
        for (int i = 1; i <= line.Length; i++)
        {
            bool ends = i == line.Length || char.IsWhiteSpace(line[i]) != char.IsWhiteSpace(line[i - 1])
                || (breaksOnHyphens && line[i - 1] == '-' && i > 1 && char.IsLetter(line[i - 2]) && char.IsLetter(line[i]));
            if (!ends) continue;
            yield return line[start..i];
            start = i;
        }
    }
}
