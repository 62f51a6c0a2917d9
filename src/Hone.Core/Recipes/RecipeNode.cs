namespace Hone.Core.Recipes;

/// <summary>Where a value was written: a file with line and column, or a command-line option.</summary>
/// <param name="Source">File path or option, e.g. <c>recipes/improve.yaml</c> or <c>--set train.lr</c>.</param>
/// <param name="Line">1-based; 0 when the source has no lines.</param>
/// <param name="Column">1-based; 0 when the source has no lines.</param>
public readonly record struct Place(string Source, int Line = 0, int Column = 0)
{
    public override string ToString() => Line > 0 ? $"{Source}:{Line}:{Column}" : Source;

    /// <summary>An error at this place.</summary>
    public HoneException Error(string message) => new($"{this}: {message}");
}

/// <summary>One value of a recipe before it is bound to a type. Every node knows its place, so every error can name it.</summary>
public abstract class RecipeNode(Place place)
{
    public Place Place { get; } = place;

    /// <summary>What the value looks like to its writer, for error messages.</summary>
    internal abstract string Kind { get; }
}

/// <summary>Text, a number, true or false, or nothing.</summary>
/// <param name="place">Where it stands.</param>
/// <param name="text">As written, without quotes; null for an empty value, <c>~</c> or <c>null</c>.</param>
/// <param name="isQuoted">Quoted values are text, never null.</param>
public sealed class RecipeScalar(Place place, string? text, bool isQuoted = false) : RecipeNode(place)
{
    public string? Text { get; } = text;

    public bool IsQuoted { get; } = isQuoted;

    internal override string Kind => Text is null ? "nothing" : $"'{Text}'";
}

/// <summary>Values in order.</summary>
public sealed class RecipeList(Place place) : RecipeNode(place)
{
    public List<RecipeNode> Items { get; } = [];

    internal override string Kind => "a list";
}

/// <summary>A key of a map with its own place (for "unknown key") and its value.</summary>
/// <param name="Key">As written.</param>
/// <param name="Place">Where the key stands.</param>
/// <param name="Value">Its value.</param>
/// <param name="IsOverride">Set on the command line: wins over the same option in the file, also under another spelling.</param>
public sealed record RecipeEntry(string Key, Place Place, RecipeNode Value, bool IsOverride = false);

/// <summary>Named values, in the order they were written.</summary>
public sealed class RecipeMap(Place place) : RecipeNode(place)
{
    public List<RecipeEntry> Entries { get; } = [];

    internal override string Kind => "a map of options";

    /// <summary>The entry whose key means <paramref name="key"/>, or null.</summary>
    public RecipeEntry? Find(string key) => Entries.Find(entry => OptionKey.Same(entry.Key, key));

    /// <summary>Replaces the entry that means the same key, or adds one.</summary>
    public void Set(RecipeEntry entry)
    {
        int index = Entries.FindIndex(old => OptionKey.Same(old.Key, entry.Key));
        if (index < 0) Entries.Add(entry);
        else Entries[index] = entry with { Key = Entries[index].Key };
    }
}
