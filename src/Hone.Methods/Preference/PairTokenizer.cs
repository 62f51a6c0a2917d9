using System.Text.Json.Nodes;
using Hone.Core;
using Hone.Data.Preferences;
using Hone.Models.Templates;
using Hone.Models.Text;
using Hone.Training.Batching;

namespace Hone.Methods.Preference;

/// <summary>A prompt and two answers as tokens.</summary>
/// <param name="Prompt">[tokens].</param>
/// <param name="Chosen">[tokens] the better answer.</param>
/// <param name="Rejected">[tokens] the worse one.</param>
public sealed record PairTokens(int[] Prompt, int[] Chosen, int[] Rejected);

/// <summary>
/// Preference rows as tokens. Prompt and prompt with answer are tokenised as wholes, and the answer starts where the token lists
/// part, so a token that reaches over the border belongs to the answer. Equal to TRL's DPOTrainer.
/// </summary>
/// <param name="text">The model's tokens.</param>
public sealed class PairTokenizer(ModelText text)
{
    /// <summary>One row, uncut. A row without a prompt has what both answers start with in common as its prompt.</summary>
    /// <exception cref="HoneException">The row cannot be rendered.</exception>
    public PairTokens Tokenize(Row row)
    {
        row = ImplicitPrompt.Extract(row);
        int[] prompt = Prompt(row), chosen = Whole(row, "chosen"), rejected = Whole(row, "rejected");
        int common = Common(prompt, Common(prompt, prompt.Length, chosen), rejected);
        return new(chosen[..common], chosen[common..], rejected[common..]);
    }

    /// <summary>A prompt and one answer.</summary>
    /// <param name="row">With <c>prompt</c> and <paramref name="side"/>.</param>
    /// <param name="side">Field of the answer.</param>
    public (int[] Prompt, int[] Answer) TokenizeOne(Row row, string side)
    {
        int[] prompt = Prompt(row), whole = Whole(row, side);
        int common = Common(prompt, prompt.Length, whole);
        return (whole[..common], whole[common..]);
    }

    /// <summary>Prompt and answer as one sequence: a conversation as the template writes it, a plain text with the end token behind.</summary>
    public int[] Whole(Row row, string side) => row.Fields[side] is JsonArray reply
        ? text.Rendered(new Conversation([.. (row.Fields["prompt"] as JsonArray ?? []).Concat(reply).Select(m => m?.DeepClone())]) { Tools = row.Fields["tools"] as JsonArray })
        : text.Tokenizer.Encode((row.OptionalText("prompt") ?? "") + text.Ended(row.Text(side)));

    private int[] Prompt(Row row) => row.Fields["prompt"] is JsonArray messages
        ? text.OpenPrompt(messages, row.Fields["tools"] as JsonArray)
        : text.Tokenizer.Encode(row.Text("prompt"));

    private static int Common(int[] first, int limit, int[] second)
    {
        int common = 0;
        while (common < limit && common < second.Length && first[common] == second[common]) common++;
        return common;
    }
}

/// <summary>Bounds the length of pairs.</summary>
public static class PairTruncation
{
    /// <summary>
    /// Chosen and rejected sequence, each at most <paramref name="maxLength"/> tokens (0: no limit). keep_start cuts the end and gives
    /// null where the prompt alone fills the limit; keep_end cuts the start.
    /// </summary>
    public static (TrainingSequence Chosen, TrainingSequence Rejected)? Cut(PairTokens pair, int maxLength, Truncation truncation) =>
        maxLength > 0 && truncation == Truncation.KeepStart && pair.Prompt.Length >= maxLength
            ? null
            : (Cut(pair.Prompt, pair.Chosen, maxLength, truncation), Cut(pair.Prompt, pair.Rejected, maxLength, truncation));

    /// <summary>Prompt and answer, cut; the answer is learnt.</summary>
    public static TrainingSequence Cut(int[] prompt, int[] answer, int maxLength, Truncation truncation)
    {
        int[] ids = truncation.Cut<int>([.. prompt, .. answer], maxLength);
        int lost = truncation == Truncation.KeepEnd ? prompt.Length + answer.Length - ids.Length : 0;
        return TrainingSequence.FromPrompt(ids, Math.Max(0, prompt.Length - lost));
    }
}
