using System.Text.Json.Nodes;
using Hone.Core;
using Hone.Training.Batching;

namespace Hone.Methods.Scir;

/// <summary>Two answers to one prompt, of which nobody has said yet which is better.</summary>
/// <param name="Question">The prompt as the judge reads it.</param>
/// <param name="Prompt">[tokens].</param>
/// <param name="First">[tokens] of one answer, end token included.</param>
/// <param name="Second">[tokens] of the other.</param>
/// <param name="FirstText">Text of the first.</param>
/// <param name="SecondText">Text of the second.</param>
public sealed record ScirPair(string Question, int[] Prompt, int[] First, int[] Second, string FirstText, string SecondText)
{
    /// <summary>Reference log-probability of the first answer, summed over its tokens.</summary>
    public double FirstReference { get; init; }

    /// <summary>Of the second.</summary>
    public double SecondReference { get; init; }

    /// <summary>1 where the first answer is known to be better, −1 for the second, 0 where nobody knows. Never learnt from, only logged.</summary>
    public int Gold { get; init; }

    /// <summary>What another judge says: log-odds of the answer shown first, in this order and in the other; null where the model itself judges.</summary>
    public (double AsGiven, double Swapped)? Judged { get; init; }

    /// <summary>The four sequences of the pair.</summary>
    /// <param name="judge">The judge's question.</param>
    /// <param name="columns">Numbers besides the references and the gold preference.</param>
    public TrainingExample ToExample(JudgePrompt judge, params ReadOnlySpan<(string Name, double Value)> columns)
    {
        Dictionary<string, double> all = new()
        {
            [ScirBatch.FirstReference] = FirstReference,
            [ScirBatch.SecondReference] = SecondReference,
            [ScirBatch.Gold] = Gold,
        };
        foreach ((string name, double value) in columns) all[name] = value;
        if (Judged is { } said)
        {
            (all[ScirBatch.JudgedAsGiven], all[ScirBatch.JudgedSwapped]) = said;
            TrainingSequence nothing = Unlearnt([judge.FirstId]); // the model is not asked
            return new([.. Answers(), nothing, nothing], all);
        }
        return new([.. Answers(), Unlearnt(judge.Tokens(Question, FirstText, SecondText)), Unlearnt(judge.Tokens(Question, SecondText, FirstText))], all);
    }

    /// <summary>Both answers behind the prompt.</summary>
    public TrainingSequence[] Answers() =>
        [TrainingSequence.FromPrompt([.. Prompt, .. First], Prompt.Length), TrainingSequence.FromPrompt([.. Prompt, .. Second], Prompt.Length)];

    /// <summary>As a line of pairs.jsonl.</summary>
    public JsonObject ToJson()
    {
        JsonObject json = Known();
        if (Judged is { } said) (json["judged_as_given"], json["judged_swapped"]) = (said.AsGiven, said.Swapped);
        return json;
    }

    private JsonObject Known() => new()
    {
        ["question"] = Question,
        ["first_text"] = FirstText,
        ["second_text"] = SecondText,
        ["reference_first"] = FirstReference,
        ["reference_second"] = SecondReference,
        ["gold"] = Gold,
        ["prompt"] = Numbers(Prompt),
        ["first"] = Numbers(First),
        ["second"] = Numbers(Second),
    };

    /// <summary>A line of pairs.jsonl.</summary>
    public static ScirPair FromJson(Row row)
    {
        int[] Ids(string field) => [.. row.Fields[field]!.AsArray().Select(n => (int)n!)];
        return new(row.Text("question"), Ids("prompt"), Ids("first"), Ids("second"), row.Text("first_text"), row.Text("second_text"))
        {
            FirstReference = (double)row.Fields["reference_first"]!,
            SecondReference = (double)row.Fields["reference_second"]!,
            Gold = (int)row.Fields["gold"]!,
            Judged = row.Fields["judged_as_given"] is { } said ? ((double)said, (double)row.Fields["judged_swapped"]!) : null,
        };
    }

    private static TrainingSequence Unlearnt(int[] ids) => new(ids, new float[ids.Length]);

    private static JsonArray Numbers(int[] ids) => [.. ids.Select(i => (JsonNode)i)];
}
