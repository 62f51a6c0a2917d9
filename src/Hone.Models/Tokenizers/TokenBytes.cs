using Hone.Models.Tokenizers.Decoders;

namespace Hone.Models.Tokenizers;

/// <summary>The bytes of every token, one after the other in one array.</summary>
internal sealed class TokenBytes
{
    private readonly byte[] bytes;
    private readonly int[] starts;

    public TokenBytes(Tokenizer tokenizer)
    {
        Decoders.Decoder[] steps = tokenizer.DecoderOrNull is { } decoder ? [.. decoder.Steps] : [];
        using MemoryStream all = new();
        starts = new int[tokenizer.VocabularySize + 1];
        for (int id = 0; id < tokenizer.VocabularySize; id++)
        {
            if (tokenizer.FindToken(id) is { } token) all.Write(BytesOf(token, steps));
            starts[id + 1] = (int)all.Length;
        }
        bytes = all.ToArray();
    }

    public ReadOnlySpan<byte> Of(int id) =>
        (uint)id < (uint)(starts.Length - 1) ? bytes.AsSpan(starts[id], starts[id + 1] - starts[id]) : default;

    /// <summary>Without a decoder tokens are joined by spaces.</summary>
    private static byte[] BytesOf(string token, Decoders.Decoder[] steps)
    {
        string text = steps.Length == 0 ? " " + token : token;
        foreach (Decoders.Decoder step in steps)
        {
            if (step is ByteLevelDecoder) return ByteLevelDecoder.BytesOf(text);
            if (step is ByteFallbackDecoder && ByteFallbackDecoder.TryParse(text, out byte value)) return [value];
            text = step.PieceOf(text);
        }
        return System.Text.Encoding.UTF8.GetBytes(text);
    }
}
