using System.Text;
using Hone.Models.Tokenizers;

namespace Hone.Inference;

/// <summary>
/// The text of one continuation as it grows: gives out whole characters only, and holds back what may turn out to be the
/// beginning of a stop string.
/// </summary>
/// <param name="tokenizer">For text; may be absent.</param>
/// <param name="stops">Stop strings.</param>
/// <param name="shownTokens">Special tokens that are written all the same.</param>
internal sealed class StopText(Tokenizer? tokenizer, IReadOnlyList<string> stops, IReadOnlyCollection<int>? shownTokens = null)
{
    private readonly StreamingDecoder? decoder = tokenizer?.CreateDecoder();
    private readonly StringBuilder shown = new();
    private string held = "";

    /// <summary>Text given out so far.</summary>
    public string Text => shown.ToString();

    /// <summary>Whether a stop string came.</summary>
    public bool Stopped { get; private set; }

    /// <summary>Takes the next token and returns the text that became certain.</summary>
    public string Push(int token) => decoder is null ? ""
        : shownTokens?.Contains(token) == true ? Release(decoder.Flush() + tokenizer!.TokenOf(token), last: false)
        : Release(decoder.Push(token), last: false);

    /// <summary>Ends the text and returns what was held back.</summary>
    public string Finish() => decoder is null || Stopped ? "" : Release(decoder.Flush(), last: true);

    private string Release(string added, bool last)
    {
        held += added;
        int cut = stops.Select(stop => held.IndexOf(stop, StringComparison.Ordinal)).Where(at => at >= 0).DefaultIfEmpty(-1).Min();
        if (cut >= 0) Stopped = true;
        int end = cut >= 0 ? cut : last ? held.Length : held.Length - PossibleBeginning();
        string text = held[..end];
        held = held[end..];
        shown.Append(text);
        return text;
    }

    /// <summary>Length of the longest end of the held text that begins a stop string.</summary>
    private int PossibleBeginning()
    {
        int longest = 0;
        foreach (string stop in stops)
            for (int length = Math.Min(stop.Length - 1, held.Length); length > longest; length--)
                if (held.AsSpan(held.Length - length).SequenceEqual(stop.AsSpan(0, length))) longest = length;
        return longest;
    }
}
