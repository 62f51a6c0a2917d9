namespace Hone.Models.Tokenizers.Training;

/// <summary>The vocabulary that grows while training: spellings by id and ids by spelling.</summary>
internal sealed class TrainedVocabulary
{
    private readonly Dictionary<string, int> ids = new(StringComparer.Ordinal);
    private readonly List<string> tokens = [];

    public int Count => tokens.Count;

    public IReadOnlyList<string> Tokens => tokens;

    /// <summary>The id of a spelling, a new one if it has none.</summary>
    public int GetOrAdd(string token)
    {
        if (ids.TryGetValue(token, out int id)) return id;
        ids.Add(token, tokens.Count);
        tokens.Add(token);
        return tokens.Count - 1;
    }

    public bool Contains(string token) => ids.ContainsKey(token);
}
