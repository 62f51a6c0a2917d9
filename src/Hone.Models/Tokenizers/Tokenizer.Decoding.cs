namespace Hone.Models.Tokenizers;

public sealed partial class Tokenizer
{
    /// <summary>The text of ids. Ids without a token are passed over.</summary>
    /// <param name="skipSpecialTokens">Leaves special tokens out.</param>
    public string Decode(ReadOnlySpan<int> ids, bool skipSpecialTokens = true)
    {
        List<string> tokens = new(ids.Length);
        foreach (int id in ids)
            if (FindToken(id) is { } token && !(skipSpecialTokens && IsSpecialText(token))) tokens.Add(token);
        return decoder is null ? string.Join(' ', tokens) : string.Concat(decoder.Apply(tokens));
    }

    /// <summary>Starts decoding id by id, for text that is shown while it is generated.</summary>
    public StreamingDecoder CreateDecoder(bool skipSpecialTokens = true) => new(this, skipSpecialTokens);
}
