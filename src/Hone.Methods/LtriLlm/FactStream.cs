using Hone.Core;
using Hone.Evaluation.LongContext;
using Hone.Inference;
using Hone.Inference.Caches.Streaming;

namespace Hone.Methods.LtriLlm;

/// <summary>What one way of streaming reached.</summary>
/// <param name="Right">[questions] 1 where the answer was right.</param>
/// <param name="Recall">[questions] share of the evidence within reach when the answer began, mean over the layers that look things up.</param>
/// <param name="Place">[questions] where the fact stood, as a share of the stream.</param>
/// <param name="Attended">Most keys that a question attended to.</param>
/// <param name="AttendedEarly">The same after the first quarter of the stream.</param>
/// <param name="IndexShare">Bytes of index vectors over those of all keys.</param>
internal sealed record StreamArm(double[] Right, double[] Recall, double[] Place, double Attended, double AttendedEarly, double IndexShare);

/// <summary>A long text of facts in prose, and questions about facts that are long gone when they are asked.</summary>
internal sealed class FactStream
{
    private readonly List<int> tokens = [];
    private readonly List<(string Key, string Value, int Start, int Length)> facts = [];
    private int[][] questions = [];
    private int[] asked = [];

    /// <summary>A text of about so many tokens in the compact wording.</summary>
    public static FactStream Make(TextModel model, int length, int questions, RandomStream random)
    {
        FactStream stream = new();
        int[] Encode(string text) => model.Tokenizer.Encode(text, addSpecialTokens: false);
        stream.tokens.AddRange(model.Tokenizer.Encode("text:"));
        HashSet<string> used = [];
        while (stream.tokens.Count < length - 8)
        {
            if (random.Next(4) != 0)
            {
                stream.tokens.AddRange(Encode(" " + FillerText.Sentence(random)));
                continue;
            }
            string key = KeyWords.Draw(random, unseen: true), value = random.Next(100, 1000).ToString();
            if (!used.Add(key)) continue;
            int[] fact = Encode($" {key} {value}.");
            stream.facts.Add((key, value, stream.tokens.Count, fact.Length));
            stream.tokens.AddRange(fact);
        }
        // Only what lies before the last 512 tokens is asked for: no window of these experiments reaches there.
        int old = Math.Max(1, stream.facts.Count(f => f.Start < stream.tokens.Count - 512));
        stream.asked = [.. Enumerable.Range(0, questions).Select(_ => random.Next(old))];
        stream.questions = [.. stream.asked.Select(i => Encode($" ? {stream.facts[i].Key}"))];
        return stream;
    }

    /// <summary>Streams the text once and asks every question on a copy.</summary>
    /// <param name="model">The model.</param>
    /// <param name="options">The way of streaming.</param>
    /// <param name="looking">Layers in which evidence counts.</param>
    /// <param name="run">Cancellation.</param>
    public StreamArm Ask(TextModel model, LtriOptions options, int[] looking, RunContext run)
    {
        using StreamSession session = new(model, options);
        int[] all = [.. tokens];
        int quarter = all.Length / 4;
        session.Read(all.AsSpan(0, quarter), run.Cancellation);
        double early = session.Ask(questions[0], 1, []).Attended;
        session.Read(all.AsSpan(quarter), run.Cancellation);
        double[] right = new double[asked.Length], recall = new double[asked.Length];
        double attended = 0;
        for (int q = 0; q < asked.Length; q++)
        {
            (_, string value, int start, int length) = facts[asked[q]];
            StreamAnswer answer = session.Ask(questions[q], 2, [.. Enumerable.Range(start, length)]);
            (right[q], recall[q]) = (answer.Text.Contains(value) ? 1 : 0, looking.Average(layer => answer.LayerRecall[layer]));
            attended = Math.Max(attended, answer.Attended);
        }
        double keys = (double)sizeof(float) * model.Model.Config.KvWidth * model.Model.Config.Layers * all.Length;
        return new(right, recall, [.. asked.Select(i => (double)facts[i].Start / all.Length)], attended, early, session.IndexBytes / keys);
    }
}
