namespace Hone.Models.Tokenizers.Loading;

/// <summary>Reads the truncation and padding of a tokenizer.json.</summary>
internal static class LengthSettings
{
    /// <summary>No model takes more; a file that asks for more would only fill memory.</summary>
    private const int LongestPadding = 1 << 20;

    public static Truncation? ReadTruncation(JsonSpec spec) => spec.IsNull ? null : new(
        spec.Int("max_length"),
        spec.Get("stride").IsNull ? 0 : spec.Int("stride"),
        spec.Choice("strategy", TruncationStrategy.LongestFirst),
        spec.Choice("direction", Side.Right));

    /// <summary>The strategy is <c>"BatchLongest"</c> or <c>{"Fixed": n}</c>.</summary>
    public static Padding? ReadPadding(JsonSpec spec)
    {
        if (spec.IsNull) return null;
        JsonSpec strategy = spec.Get("strategy");
        int? length = strategy.Element.ValueKind == System.Text.Json.JsonValueKind.Object ? strategy.Int("Fixed") : null;
        int multiple = spec.Get("pad_to_multiple_of").IsNull ? 0 : spec.Int("pad_to_multiple_of");
        if (length > LongestPadding || multiple > LongestPadding) throw spec.Error($"padding beyond {LongestPadding} tokens.");
        return new(length, spec.Int("pad_id"), spec.Text("pad_token"), spec.Get("pad_type_id").IsNull ? 0 : spec.Int("pad_type_id"),
            spec.Choice("direction", Side.Right), multiple);
    }
}
