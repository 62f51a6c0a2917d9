using System.Collections;
using System.Diagnostics.CodeAnalysis;
using Hone.Core;

namespace Hone.Models.Formats;

/// <summary>
/// The metadata of a GGUF file in its order, with getters that accept any kind of the same meaning (a count may be stored as
/// UINT32 or UINT64) and name the key when it holds something else.
/// </summary>
public sealed class GgufMetadata : IReadOnlyDictionary<string, GgufValue>
{
    private readonly OrderedDictionary<string, GgufValue> values = new(StringComparer.Ordinal);
    private readonly string source;

    /// <param name="source">What error messages call the place, usually the file's path.</param>
    public GgufMetadata(string source = "metadata") => this.source = source;

    public int Count => values.Count;

    public IEnumerable<string> Keys => values.Keys;

    public IEnumerable<GgufValue> Values => values.Values;

    /// <exception cref="HoneException">No such key.</exception>
    public GgufValue this[string key] => values.TryGetValue(key, out GgufValue? value) ? value
        : throw new HoneException($"{source}: metadata '{key}' is missing.");

    /// <summary>Sets a key; a key already there keeps its place.</summary>
    public void Set(string key, GgufValue value) => values[key] = value;

    /// <summary>Removes a key if it is there.</summary>
    public void Remove(string key) => values.Remove(key);

    /// <summary>A copy that can be changed without changing this one.</summary>
    public GgufMetadata Copy()
    {
        GgufMetadata copy = new(source);
        foreach ((string key, GgufValue value) in values) copy.Set(key, value);
        return copy;
    }

    /// <summary>A string, or null when the key is missing.</summary>
    public string? Text(string key) => Get(key, "a string", v => v.Value as string);

    /// <summary>A whole number of any width, or null when the key is missing.</summary>
    public long? Integer(string key) => Get(key, "a whole number", v => (object?)v.AsInteger()) as long?;

    /// <summary>A number of any kind, or null when the key is missing.</summary>
    public double? Number(string key) => Get(key, "a number", v => (object?)v.AsNumber()) as double?;

    /// <summary>A truth value, or null when the key is missing.</summary>
    public bool? Flag(string key) => Get(key, "true or false", v => v.Value is bool ? v.Value : null) as bool?;

    /// <summary>A list of strings, or null when the key is missing.</summary>
    public string[]? Strings(string key) => Get(key, "a list of strings", v => v.ElementKind == GgufKind.String ? v.Value as string[] : null);

    /// <summary>A list of numbers converted to fp32, or null when the key is missing.</summary>
    public float[]? Floats(string key) => Get(key, "a list of numbers", v => Convert(v, item => System.Convert.ToSingle(item)));

    /// <summary>A list of whole numbers, or null when the key is missing.</summary>
    /// <exception cref="HoneException">Other items, or one beyond 63 bits.</exception>
    public long[]? Integers(string key) => Get(key, "a list of whole numbers", v => v.ElementKind is GgufKind.Float32 or GgufKind.Float64 ? null
        : v.Value is ulong[] large && large.Any(n => n > long.MaxValue) ? null : Convert(v, item => System.Convert.ToInt64(item)));

    public bool ContainsKey(string key) => values.ContainsKey(key);

    public bool TryGetValue(string key, [MaybeNullWhen(false)] out GgufValue value) => values.TryGetValue(key, out value);

    public IEnumerator<KeyValuePair<string, GgufValue>> GetEnumerator() => values.GetEnumerator();

    IEnumerator IEnumerable.GetEnumerator() => GetEnumerator();

    private T? Get<T>(string key, string expected, Func<GgufValue, T?> read) where T : class
    {
        if (!values.TryGetValue(key, out GgufValue? value)) return null;
        return read(value) ?? throw new HoneException($"{source}: metadata '{key}' should be {expected}, found {Describe(value)}.");
    }

    private static T[]? Convert<T>(GgufValue value, Func<object, T> convert)
    {
        if (value.Value is T[] same) return same;
        if (value.ElementKind is null or GgufKind.String or GgufKind.Array or GgufKind.Bool) return null;
        return [.. ((Array)value.Value).Cast<object>().Select(convert)];
    }

    private static string Describe(GgufValue value) => value.ElementKind is { } element ? $"a list of {element}" : $"{value.Kind} {value}";
}
