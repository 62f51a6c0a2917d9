using System.Reflection;

namespace Hone.Models.Tokenizers.Unicode;

/// <summary>
/// The text files of this folder, compiled into the assembly. They exist because the tables of .NET are of one Unicode
/// version (16), while the components of tokenizer.json mix versions 8 to 17, and because string.Normalize does nothing
/// under InvariantGlobalization.
/// </summary>
internal static class UnicodeTables
{
    private static readonly Lazy<Dictionary<string, CodePointSet>> ClassesByName = new(() => ReadSets("classes.txt"));
    private static readonly Lazy<Dictionary<string, CodePointSet>> ScriptsByName = new(() => ReadSets("scripts.txt"));

    /// <summary>A set of classes.txt.</summary>
    public static CodePointSet Class(string name) => ClassesByName.Value[name];

    /// <summary>Script name, e.g. <c>Greek</c>, to its code points. Names ignore case.</summary>
    public static IReadOnlyDictionary<string, CodePointSet> Scripts => ScriptsByName.Value;

    /// <summary>The lines of a file of this folder without its comments.</summary>
    public static IEnumerable<string> Lines(string file)
    {
        string name = $"{typeof(UnicodeTables).Namespace}.{file}";
        using Stream stream = Assembly.GetExecutingAssembly().GetManifestResourceStream(name)
            ?? throw new InvalidOperationException($"The resource {name} is missing from the assembly.");
        using StreamReader reader = new(stream);
        while (reader.ReadLine() is { } line)
            if (line.Length > 0 && line[0] != '#') yield return line;
    }

    private static Dictionary<string, CodePointSet> ReadSets(string file)
    {
        Dictionary<string, CodePointSet> sets = new(StringComparer.OrdinalIgnoreCase);
        foreach (string line in Lines(file))
        {
            int colon = line.IndexOf(':', StringComparison.Ordinal);
            sets.Add(line[..colon], CodePointSet.Parse(line[(colon + 1)..]));
        }
        return sets;
    }
}
