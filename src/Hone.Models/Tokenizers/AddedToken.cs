using System.Text.Json;
using Hone.Models.Tokenizers.Loading;

namespace Hone.Models.Tokenizers;

/// <summary>A token found in the text itself, before the model sees it.</summary>
/// <param name="Id">Its id.</param>
/// <param name="Content">Its text.</param>
public sealed record AddedToken(int Id, string Content)
{
    /// <summary>Matches only where no letter, digit or underscore touches it.</summary>
    public bool SingleWord { get; init; }

    /// <summary>Takes the white space before it along.</summary>
    public bool LStrip { get; init; }

    /// <summary>Takes the white space after it along.</summary>
    public bool RStrip { get; init; }

    /// <summary>Is looked for in the normalized text, by its normalized content, instead of in the text as given.</summary>
    public bool Normalized { get; init; }

    /// <summary>Is left out by <c>skipSpecialTokens</c> and is ordinary text under <see cref="EncodeOptions.SpecialTokensAsText"/>.</summary>
    public bool Special { get; init; }

    internal static AddedToken Read(JsonSpec spec)
    {
        bool special = spec.Flag("special", false);
        return new(spec.Int("id"), spec.Text("content"))
        {
            SingleWord = spec.Flag("single_word", false),
            LStrip = spec.Flag("lstrip", false),
            RStrip = spec.Flag("rstrip", false),
            Normalized = spec.Flag("normalized", !special),
            Special = special,
        };
    }

    internal void Write(Utf8JsonWriter writer)
    {
        writer.WriteStartObject();
        writer.WriteNumber("id", Id);
        writer.WriteString("content", Content);
        writer.WriteBoolean("single_word", SingleWord);
        writer.WriteBoolean("lstrip", LStrip);
        writer.WriteBoolean("rstrip", RStrip);
        writer.WriteBoolean("normalized", Normalized);
        writer.WriteBoolean("special", Special);
        writer.WriteEndObject();
    }
}
