using System.Diagnostics.CodeAnalysis;

namespace Hone.Models.Templates;

/// <summary>An object: keys in order of first insertion, equal as Python compares them (1, 1.0 and true are one key).</summary>
internal sealed class JinjaDict : JinjaValue
{
    private const int MaxKeyWeight = 1000;

    private readonly Dictionary<JinjaValue, int> index = new(KeyComparer.Instance);
    private readonly List<KeyValuePair<JinjaValue, JinjaValue>> entries = [];

    public override string TypeName => "dict";

    public override bool IsTrue => entries.Count > 0;

    public int Count => entries.Count;

    public IReadOnlyList<KeyValuePair<JinjaValue, JinjaValue>> Entries => entries;

    /// <summary>Adds or replaces; a replaced entry keeps its place and its first key, as in Python.</summary>
    public void Set(JinjaValue key, JinjaValue value)
    {
        if (!IsHashable(key)) throw JinjaException.Type($"unhashable type: '{key.TypeName}'");
        if (index.TryGetValue(key, out int at)) entries[at] = new(entries[at].Key, value);
        else
        {
            index.Add(key, entries.Count);
            entries.Add(new(key, value));
        }
    }

    public void Set(string key, JinjaValue value) => Set(new JinjaString(key), value);

    /// <summary>Looks a hashable key up.</summary>
    /// <exception cref="JinjaException">The key is a list or an object.</exception>
    public bool TryGet(JinjaValue key, [MaybeNullWhen(false)] out JinjaValue value)
    {
        if (!IsHashable(key)) throw JinjaException.Type($"unhashable type: '{key.TypeName}'");
        bool found = index.TryGetValue(key, out int at);
        value = found ? entries[at].Value : null;
        return found;
    }

    public bool TryGet(string key, [MaybeNullWhen(false)] out JinjaValue value) => TryGet(new JinjaString(key), out value);

    public static bool IsHashable(JinjaValue key) => key switch
    {
        JinjaList or JinjaDict or JinjaView => false,
        JinjaTuple { Weight: > MaxKeyWeight } => throw JinjaException.Limit("a tuple is too large to be a key"),
        JinjaTuple tuple => tuple.Items.All(IsHashable),
        _ => true,
    };

    private sealed class KeyComparer : IEqualityComparer<JinjaValue>
    {
        public static readonly KeyComparer Instance = new();

        public bool Equals(JinjaValue? x, JinjaValue? y) => (x, y) switch
        {
            (JinjaString a, JinjaString b) => string.Equals(a.Value, b.Value, StringComparison.Ordinal),
            (JinjaTuple a, JinjaTuple b) => a.Items.SequenceEqual(b.Items, this),
            (JinjaUndefined, JinjaUndefined) => true,
            _ => ReferenceEquals(x, y) || (Numbers.TryNumber(x!, out Number a) && Numbers.TryNumber(y!, out Number b) && a.CompareTo(b) == 0),
        };

        public int GetHashCode(JinjaValue key) => key switch
        {
            JinjaString text => string.GetHashCode(text.Value, StringComparison.Ordinal),
            JinjaTuple tuple => tuple.Items.Aggregate(17, (hash, item) => HashCode.Combine(hash, GetHashCode(item))),
            JinjaUndefined => 1,
            _ => Numbers.TryNumber(key, out Number number) ? number.ToDouble().GetHashCode() : System.Runtime.CompilerServices.RuntimeHelpers.GetHashCode(key),
        };
    }
}
