namespace Hone.Models.Templates;

/// <summary>A part of a text: [Start, End) in UTF-16 units.</summary>
public readonly record struct TextSpan(int Start, int End);

/// <summary>What a template wrote.</summary>
/// <param name="Text">The text.</param>
/// <param name="GenerationSpans">Where its <c>{% generation %}</c> blocks came out, in order, in UTF-16 units of <paramref name="Text"/>.</param>
public sealed record RenderedTemplate(string Text, IReadOnlyList<TextSpan> GenerationSpans)
{
    /// <summary>The same spans counted in Unicode code points, as tokenizers count offsets.</summary>
    public IReadOnlyList<TextSpan> GenerationSpansInCodePoints => CodePointSpans.FromUtf16(Text, GenerationSpans);
}
