using System.Text.Json.Nodes;
using Hone.Core;

namespace Hone.Data;

/// <summary>
/// Gives columns the names Hone knows: <c>question=Body,Question</c> makes a field <c>question</c> out of two columns.
/// Several sources are joined by a space; a part of several words that ends without punctuation gets a full stop first,
/// since such parts are sentences (SVAMP publishes its problems that way). Source columns stay in the row as they were.
/// </summary>
public sealed class ColumnMap
{
    private readonly List<(string Target, string[] Sources)> entries = [];

    private ColumnMap() { }

    /// <summary>No renaming.</summary>
    public static ColumnMap None { get; } = new();

    /// <summary>Target name and source columns, in the order given.</summary>
    public IReadOnlyList<(string Target, string[] Sources)> Entries => entries;

    /// <summary>Reads entries such as <c>answer=Answer</c>.</summary>
    /// <exception cref="HoneException">An entry is not <c>name=column[,column]</c>, or a name is given twice.</exception>
    public static ColumnMap Parse(IEnumerable<string> texts)
    {
        ColumnMap map = new();
        foreach (string text in texts)
        {
            string[] sides = text.Split('=', 2);
            string target = sides[0].Trim();
            string[] sources = sides.Length < 2 ? [] : [.. sides[1].Split(',').Select(s => s.Trim())];
            if (target.Length == 0 || sources.Length == 0 || sources.Any(s => s.Length == 0))
                throw new HoneException($"--map '{text}': expected name=column or name=column,column, e.g. question=Body,Question.");
            if (map.entries.Any(e => e.Target == target)) throw new HoneException($"--map names '{target}' twice.");
            map.entries.Add((target, sources));
        }
        return map;
    }

    /// <summary>The row with the mapped fields added. A source that is a number fetches it in its JSON spelling.</summary>
    /// <exception cref="HoneException">A source column is missing or holds a list or an object where text is joined.</exception>
    public Row Apply(Row row)
    {
        foreach ((string target, string[] sources) in entries)
        {
            foreach (string source in sources)
                if (!row.Fields.ContainsKey(source)) throw MissingColumn(row, source);
            JsonNode? value = sources.Length == 1
                ? row.Fields[sources[0]]?.DeepClone()
                : JsonValue.Create(Join(sources.Select(s => row.OptionalText(s) ?? "")));
            row = row.With(target, value);
        }
        return row;
    }

    /// <summary>Joins parts of a text as <see cref="ColumnMap"/> says.</summary>
    public static string Join(IEnumerable<string> parts)
    {
        string joined = "";
        foreach (string part in parts.Select(p => p.Trim()).Where(p => p.Length > 0))
        {
            if (joined.Length > 0) joined += EndsSentence(joined) ? " " : ". ";
            joined += part;
        }
        return joined;
    }

    private static bool EndsSentence(string text) => !text.Contains(' ') || char.IsPunctuation(text[^1]);

    private static HoneException MissingColumn(Row row, string source)
    {
        string[] known = [.. row.Fields.Select(f => f.Key)];
        string near = Names.Nearest(source, known) is { } name ? $" Did you mean '{name}'?" : "";
        return row.Error($"column '{source}' of --map is missing. Columns here: {string.Join(", ", known)}.{near}");
    }
}
