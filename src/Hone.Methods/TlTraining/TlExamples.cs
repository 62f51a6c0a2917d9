using System.Text.Json.Nodes;
using Hone.Core;
using Hone.Core.ToolCalls;
using Hone.Models.Text;
using Hone.Training.Batching;

namespace Hone.Methods.TlTraining;

/// <summary>One turn that is learnt.</summary>
/// <param name="Prompt">Everything before it.</param>
/// <param name="Turn">The turn.</param>
/// <param name="Trajectory">Where it comes from.</param>
/// <param name="Index">Its index there.</param>
public sealed record TlSample(string Prompt, Turn Turn, Trajectory Trajectory, int Index);

/// <summary>Trajectories as what the two stages learn from.</summary>
/// <param name="text">The model's tokens.</param>
/// <param name="options">Settings.</param>
public sealed class TlExamples(ModelText text, TlOptions options)
{
    private readonly SortedDictionary<int, int> ratios = [];
    private int keys, keysAtBound;

    /// <summary>Samples whose answer would have been cut, and which were left out.</summary>
    public int TooLong { get; private set; }

    /// <summary>Calls that name a tool that was not offered, and from which no reward is computed.</summary>
    public int NotOffered { get; private set; }

    /// <summary>Calls by ⌊other tokens / key tokens⌋.</summary>
    public IReadOnlyDictionary<int, int> Ratios => ratios;

    /// <summary>Share of key tokens whose weight is at its upper bound.</summary>
    public double ShareAtBound => keys == 0 ? 0 : (double)keysAtBound / keys;

    /// <summary>Turns that are learnt, of all trajectories, in order.</summary>
    public static List<TlSample> Samples(IEnumerable<Trajectory> trajectories, ErrorTurnFilter? filter) =>
        [.. from t in trajectories
            from i in filter?.Accepted(t) ?? [.. Enumerable.Range(0, t.Turns.Count).Where(i => t.Turns[i].Speaker == Speaker.Assistant)]
            select new TlSample(TlPrompt.Before(t, i), t.Turns[i], t, i)];

    /// <summary>
    /// Samples for supervised training. The weights of one sample add up to 1, so that the loss is the mean over samples of weighted means
    /// over tokens.
    /// </summary>
    public List<TrainingExample> Supervised(IEnumerable<TlSample> samples)
    {
        List<TrainingExample> examples = [];
        foreach (TlSample sample in samples)
        {
            TokenizedCompletion tokens = text.QuestionAndAnswer(sample.Prompt, sample.Turn.Text);
            if (options.MaxLength > 0 && tokens.Ids.Length > options.MaxLength)
            {
                TooLong++;
                continue;
            }
            double[] weights = Weights(sample, tokens);
            double sum = weights.Sum();
            float[] all = new float[tokens.Ids.Length];
            for (int i = 0; i < weights.Length; i++) all[tokens.PromptTokens + i] = (float)(weights[i] / sum);
            examples.Add(new(new TrainingSequence(tokens.Ids, all)));
        }
        return examples;
    }

    /// <summary>Calls as task rows for learning from rewards: the prompt is the question, the right call the answer.</summary>
    public List<Row> Tasks(IEnumerable<TlSample> samples)
    {
        List<Row> rows = [];
        foreach (TlSample sample in samples.Where(s => s.Turn.Call is not null))
        {
            if (sample.Trajectory.Tools.All(t => t.Name != sample.Turn.Call!.Name)) NotOffered++;
            else if (options.MaxLength > 0 && text.QuestionAndAnswer(sample.Prompt, sample.Turn.Text).Ids.Length > options.MaxLength) TooLong++;
            else rows.Add(Task(sample));
        }
        return rows;
    }

    /// <summary>A call as a task row.</summary>
    public static Row Task(TlSample sample) => new($"{sample.Trajectory.Id}/{sample.Index + 1}", new JsonObject
    {
        ["question"] = sample.Prompt,
        ["answer"] = sample.Turn.Text,
        ["tools"] = new JsonArray([.. sample.Trajectory.Tools.Select(t => (JsonNode)t.ToJson())]),
    });

    private double[] Weights(TlSample sample, TokenizedCompletion tokens)
    {
        int count = tokens.Ids.Length - tokens.PromptTokens;
        double[] equal = [.. Enumerable.Repeat(1.0, count)];
        if (!options.Pkt || sample.Turn.Call is not { } call) return equal;
        CallTokens found = CallTokens.Of(text.Tokenizer, call, sample.Trajectory.Tools);
        // A template that changes how the call is cut leaves nothing to point at.
        if (!tokens.Ids.AsSpan(tokens.PromptTokens).StartsWith(found.Ids)) return equal;
        double[] weights = KeyTokens.Weights(count, found.Keys, found.EndsOfValues, options.MaxWeight);
        int ratio = (count - found.Keys.Length - found.EndsOfValues.Length) / found.Keys.Length;
        ratios[ratio] = ratios.GetValueOrDefault(ratio) + 1;
        keys += found.Keys.Length;
        if (weights[0] >= options.MaxWeight) keysAtBound += found.Keys.Length;
        return weights;
    }
}
