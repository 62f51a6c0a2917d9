using Hone.Core;
using Hone.Data;
using Hone.Data.Preferences;
using Hone.Methods.Tasks;
using Hone.Models.Text;
using Hone.Training.Batching;

namespace Hone.Methods.Preference;

/// <summary>Preference rows as training examples of one model.</summary>
/// <param name="text">The model's tokens.</param>
/// <param name="maxLength">Longest sequence in tokens; 0 for no limit.</param>
/// <param name="truncation">Which end of a longer one is kept.</param>
public sealed class PreferenceExamples(ModelText text, int maxLength, Truncation truncation)
{
    private readonly PairTokenizer tokenizer = new(text);

    private readonly List<string> leftOut = [], cut = [];

    /// <summary>Rows left out because of their length: where they are.</summary>
    public IReadOnlyList<string> LeftOutRows => leftOut;

    /// <summary>How many.</summary>
    public int LeftOut => leftOut.Count;

    /// <summary>Rows of which something was cut off because of their length: where they are.</summary>
    public IReadOnlyList<string> CutRows => cut;

    /// <summary>Pairs for DPO and its relatives: better answer first.</summary>
    public List<TrainingExample> Pairs(IEnumerable<Row> rows) => Collect(rows, row =>
    {
        PairTokens tokens = tokenizer.Tokenize(row);
        if (PairTruncation.Cut(tokens, maxLength, truncation) is not { } pair) return null;
        NoteCut(row, tokens.Prompt.Length + Math.Max(tokens.Chosen.Length, tokens.Rejected.Length));
        return new TrainingExample([pair.Chosen, pair.Rejected]);
    });

    /// <summary>
    /// Pairs as TRL's CPO and ORPO trainers tokenise them: the begin token in front and the end token behind unless they are there
    /// already, and only the answers are cut. Rows whose answers would be empty are left out, where TRL's loss is not a number.
    /// </summary>
    public List<TrainingExample> CpoPairs(IEnumerable<Row> rows) => Collect(rows, row =>
    {
        (TrainingSequence chosen, TrainingSequence rejected) = CpoPair(row);
        return chosen.Targets > 0 && rejected.Targets > 0 ? new TrainingExample([chosen, rejected]) : null;
    });

    /// <summary>One row of <see cref="CpoPairs"/>, answers possibly empty.</summary>
    public (TrainingSequence Chosen, TrainingSequence Rejected) CpoPair(Row row)
    {
        row = ImplicitPrompt.Extract(row);
        (int[] prompt, int[] chosen) = Cpo(row, "chosen");
        (_, int[] rejected) = Cpo(row, "rejected");
        if (maxLength > 0 && prompt.Length + Math.Max(chosen.Length, rejected.Length) > maxLength)
        {
            if (prompt.Length < maxLength) cut.Add(PlaceOf(row));
            int rest = Math.Max(0, maxLength - prompt.Length);
            (chosen, rejected) = (chosen[..Math.Min(rest, chosen.Length)], rejected[..Math.Min(rest, rejected.Length)]);
        }
        return (TrainingSequence.FromPrompt([.. prompt, .. chosen], prompt.Length), TrainingSequence.FromPrompt([.. prompt, .. rejected], prompt.Length));
    }

    /// <summary>
    /// Judged answers for KTO. The second sequence of an example is its prompt with the answer of the row before it, in a ring over
    /// each stretch of <paramref name="batch"/> rows.
    /// </summary>
    /// <param name="rows">Judged rows, or pairs, which are taken apart.</param>
    /// <param name="batch">Rows per ring.</param>
    public List<TrainingExample> Judged(IReadOnlyList<Row> rows, int batch)
    {
        if (rows.Any(r => r.Has("chosen"))) rows = Unpairing.Unpair([.. rows.Select(ImplicitPrompt.Extract)]);
        List<(int[] Prompt, int[] Answer, bool Good)> kept = [];
        foreach (Row row in rows)
        {
            (int[] prompt, int[] answer) = Placed(row, r => tokenizer.TokenizeOne(r, "completion"));
            if (maxLength > 0 && truncation == Truncation.KeepStart && prompt.Length >= maxLength) leftOut.Add(PlaceOf(row));
            else
            {
                NoteCut(row, prompt.Length + answer.Length);
                kept.Add((prompt, answer, (bool)row.Fields["label"]!));
            }
        }
        List<TrainingExample> examples = [];
        foreach ((int[] Prompt, int[] Answer, bool Good)[] ring in kept.Chunk(Math.Max(1, batch)))
            for (int i = 0; i < ring.Length; i++)
            {
                int[] other = ring[(i + ring.Length - 1) % ring.Length].Answer;
                TrainingSequence[] sequences =
                    [PairTruncation.Cut(ring[i].Prompt, ring[i].Answer, maxLength, truncation), PairTruncation.Cut(ring[i].Prompt, other, maxLength, truncation)];
                examples.Add(new(sequences, new Dictionary<string, double> { ["label"] = ring[i].Good ? 1 : 0 }));
            }
        return examples;
    }

    /// <summary>Pairs for a reward model: whole sequences; rows longer than the limit are left out, never cut.</summary>
    public List<TrainingExample> RewardPairs(IEnumerable<Row> rows) => Collect(rows, row =>
    {
        row = ImplicitPrompt.Extract(row);
        int[] chosen = tokenizer.Whole(row, "chosen"), rejected = tokenizer.Whole(row, "rejected");
        if (maxLength > 0 && Math.Max(chosen.Length, rejected.Length) > maxLength) return null;
        Dictionary<string, double>? margin = row.Has("margin") ? new() { ["margin"] = ReadableRows.Margin(row) } : null;
        return new TrainingExample([TrainingSequence.Whole(chosen), TrainingSequence.Whole(rejected)], margin);
    });

    private (int[] Prompt, int[] Answer) Cpo(Row row, string side)
    {
        (int[] prompt, int[] answer) = tokenizer.TokenizeOne(row, side);
        if (text.Tokenizer.BosId is { } bos && (prompt.Length == 0 || prompt[0] != bos)) prompt = [bos, .. prompt];
        int end = text.EndIds.FirstOrDefault(-1);
        return (prompt, end >= 0 && (answer.Length == 0 || answer[^1] != end) ? [.. answer, end] : answer);
    }

    private List<TrainingExample> Collect(IEnumerable<Row> rows, Func<Row, TrainingExample?> make)
    {
        List<TrainingExample> examples = [];
        foreach (Row row in rows)
        {
            if (Placed(row, make) is { } example) examples.Add(example);
            else leftOut.Add(PlaceOf(row));
        }
        return examples;
    }

    private void NoteCut(Row row, int length)
    {
        if (maxLength > 0 && length > maxLength) cut.Add(PlaceOf(row));
    }

    private static string PlaceOf(Row row) => row.Line > 0 ? $"{row.Source}:{row.Line}" : row.Id;

    /// <summary>Errors get the place of the row.</summary>
    private static T Placed<T>(Row row, Func<Row, T> make)
    {
        try
        {
            return make(row);
        }
        catch (HoneException error)
        {
            throw row.Placed(error);
        }
    }
}
