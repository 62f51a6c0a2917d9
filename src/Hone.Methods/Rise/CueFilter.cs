namespace Hone.Methods.Rise;

/// <summary>Finds solutions and edits that talk about having erred, which would teach the talk instead of the step.</summary>
public static class CueFilter
{
    private static readonly string[] Cues =
    [
        "mistake", "misread", "misunderst", "let's correct", "let me correct", "let's reconsider", "let me reconsider", "let's re-evaluate", "the correct", "correction", "incorrect",
        "wrong", "an error", "apologize", "apologise", "```",
    ];

    /// <summary>The cue that a text gives, or null. Questions that speak of right and wrong themselves excuse their solutions.</summary>
    public static string? Find(string text, string question)
    {
        foreach (string word in (string[])["wrong", "correct"])
            if (question.Contains(word, StringComparison.OrdinalIgnoreCase)) return null;
        return Cues.FirstOrDefault(cue => text.Contains(cue, StringComparison.OrdinalIgnoreCase));
    }
}
