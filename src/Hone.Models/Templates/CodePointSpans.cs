namespace Hone.Models.Templates;

/// <summary>Changes the unit of spans.</summary>
internal static class CodePointSpans
{
    /// <summary>Spans in UTF-16 units of <paramref name="text"/>, counted in code points.</summary>
    public static TextSpan[] FromUtf16(string text, IReadOnlyList<TextSpan> spans) =>
        [.. spans.Select(span => new TextSpan(PythonText.Length(text.AsSpan(0, span.Start)), PythonText.Length(text.AsSpan(0, span.End))))];
}
