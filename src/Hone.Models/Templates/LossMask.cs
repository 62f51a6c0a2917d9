using Hone.Core;

namespace Hone.Models.Templates;

/// <summary>From spans of text to a mask over tokens.</summary>
internal static class LossMask
{
    /// <summary>
    /// A token is in when it touches a span: from the token that holds the span's first character to the one that holds
    /// its last. Both are in the same unit.
    /// </summary>
    public static bool[] Of((int Start, int End)[] offsets, IReadOnlyList<TextSpan> spans)
    {
        bool[] mask = new bool[offsets.Length];
        foreach (TextSpan span in spans)
        {
            if (span.End <= span.Start) continue;
            for (int i = 0; i < offsets.Length; i++)
                if (offsets[i].Start < span.End && offsets[i].End > span.Start) mask[i] = true;
        }
        return mask;
    }

    /// <summary>Refuses a mask that trains on nothing or on everything: both are always a mistake.</summary>
    /// <exception cref="HoneException">All tokens are masked the same way.</exception>
    public static void Check(bool[] mask)
    {
        if (!mask.Contains(true)) throw new HoneException("no token of this conversation would be trained on: it has no assistant message to learn, or the template leaves it out.");
        if (!mask.Contains(false)) throw new HoneException("every token of this conversation would be trained on: the template marks the whole text as generated.");
    }
}
