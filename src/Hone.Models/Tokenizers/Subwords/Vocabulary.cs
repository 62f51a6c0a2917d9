using Hone.Core;
using Hone.Models.Tokenizers.Loading;

namespace Hone.Models.Tokenizers.Subwords;

/// <summary>Tokens and their ids, both ways. Ids may have gaps; a token's spelling is unique.</summary>
internal sealed class Vocabulary
{
    private const int LargestGap = 1 << 20;
    private readonly Dictionary<string, int> ids;
    private readonly Dictionary<string, int>.AlternateLookup<ReadOnlySpan<char>> lookup;
    private readonly string?[] tokens;

    public Vocabulary(Dictionary<string, int> ids)
    {
        this.ids = ids;
        lookup = ids.GetAlternateLookup<ReadOnlySpan<char>>();
        tokens = new string?[ids.Count == 0 ? 0 : ids.Values.Max() + 1];
        foreach ((string token, int id) in ids) tokens[id] = token;
    }

    /// <summary>Tokens in order of their ids; where a spelling occurs more than once its last id counts.</summary>
    public Vocabulary(IReadOnlyList<string> ordered)
    {
        ids = new(ordered.Count, StringComparer.Ordinal);
        for (int i = 0; i < ordered.Count; i++) ids[ordered[i]] = i;
        lookup = ids.GetAlternateLookup<ReadOnlySpan<char>>();
        tokens = [.. ordered];
    }

    /// <summary>Reads <c>{"token": id}</c>.</summary>
    /// <exception cref="HoneException">An id is not a whole number, or far beyond the number of tokens.</exception>
    public static Vocabulary Read(JsonSpec spec)
    {
        Dictionary<string, int> ids = new(StringComparer.Ordinal);
        int largest = -1;
        foreach ((string token, JsonSpec value) in spec.Members())
        {
            if (value.Element.ValueKind != System.Text.Json.JsonValueKind.Number || !value.Element.TryGetInt32(out int id) || id < 0)
                throw spec.Error($"the id of '{token}' should be a whole number, found {value.Element.GetRawText()}.");
            ids[token] = id;
            largest = Math.Max(largest, id);
        }
        if (largest > ids.Count + LargestGap) throw spec.Error($"an id of {largest} among {ids.Count} tokens.");
        return new(ids);
    }

    /// <summary>One more than the largest id.</summary>
    public int Size => tokens.Length;

    public int Count => ids.Count;

    public bool TryGetId(ReadOnlySpan<char> token, out int id) => lookup.TryGetValue(token, out id);

    public int? IdOf(string token) => ids.TryGetValue(token, out int id) ? id : null;

    public string? TokenOf(int id) => (uint)id < (uint)tokens.Length ? tokens[id] : null;

    /// <summary>All (token, id), by ascending id.</summary>
    public IEnumerable<(string Token, int Id)> Ordered()
    {
        for (int i = 0; i < tokens.Length; i++)
            if (tokens[i] is { } token) yield return (token, i);
    }
}
