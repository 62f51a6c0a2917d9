namespace Hone.Evaluation.LongContext;

/// <summary>
/// The scores of RULER (Hsieh et al. 2024, arXiv:2404.06654): references found as substrings, whatever their case. Control
/// characters of the prediction become line ends first. In percent.
/// </summary>
public static class StringMatch
{
    /// <summary>Share of the references that occur in the prediction, 0 to 100.</summary>
    public static double All(string prediction, IReadOnlyList<string> references)
    {
        string text = Clean(prediction);
        return references.Count == 0 ? 0 : 100.0 * references.Count(r => Contains(text, r)) / references.Count;
    }

    /// <summary>100 when any of the references occurs in the prediction, else 0.</summary>
    public static double Part(string prediction, IReadOnlyList<string> references)
    {
        string text = Clean(prediction);
        return references.Any(r => Contains(text, r)) ? 100 : 0;
    }

    private static bool Contains(string text, string reference) => text.Contains(reference.ToLowerInvariant(), StringComparison.Ordinal);

    private static string Clean(string prediction) =>
        string.Concat(prediction.Select(c => c < ' ' ? '\n' : c)).Trim().ToLowerInvariant();
}
