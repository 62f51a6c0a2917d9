using Hone.Core;

namespace Hone.Evaluation.LongContext;

/// <summary>A number of five digits, said twice in noise (Mohtashami and Jaggi 2023, arXiv:2305.16300).</summary>
public sealed class PasskeyTask() : LongContextTask("passkey")
{
    private const int Digits = 5;

    /// <inheritdoc/>
    protected override LongContextSample Make(LongContextOptions options, RandomStream random)
    {
        bool compact = options.Wording == TaskWording.Compact;
        string number = Numbers.Next(random, compact ? options.NumberDigits : Digits);
        string needle = compact ? $"pass key {number}. pass key {number}." : $"The pass key is {number}. Remember it. {number} is the pass key.";
        string question = compact ? " ? pass key" : "\nWhat is the pass key?", prefix = compact ? "" : " The pass key is";
        ContextBuilder builder = new(compact ? "text:" : "An important fact is hidden in a lot of irrelevant text. Find it and remember it.\n", " ");
        builder.Add(options.Depth ?? random.NextDouble(), needle, isEvidence: true);
        string Unit(int i) => compact ? FillerText.NoiseSentence(i) : FillerText.Capital(FillerText.NoiseSentence(i));
        int reserve = compact ? number.Length + 1 : 16;
        int units = Fit(options, reserve, 0, n => builder.Build(n, Unit).Text + question + prefix);
        (string context, IReadOnlyList<TextSpan> evidence) = builder.Build(units, Unit);
        return Sample(options, context, question, prefix, [number], reserve, evidence);
    }
}

/// <summary>One JSON object of UUID pairs, of which one value is asked for (∞-Bench's key-value retrieval).</summary>
public sealed class KeyValueTask() : LongContextTask("kv_retrieval")
{
    /// <inheritdoc/>
    protected override LongContextSample Make(LongContextOptions options, RandomStream random)
    {
        LazyList<(string Key, string Value)> pairs = new(_ => (Uuid.Next(random), Uuid.Next(random)));
        double depth = options.Depth ?? random.NextDouble();
        const string Instruction = "Find the value of a key in the JSON object below.\n{";
        string Line(int i) => $"\"{pairs[i].Key}\": \"{pairs[i].Value}\"";
        string Context(int n) => Instruction + string.Join(", ", Enumerable.Range(0, n).Select(Line)) + "}";
        string Question(int at) => $"\nWhich value has the key \"{pairs[at].Key}\"?";
        string Prefix(int at) => $" \"{pairs[at].Key}\": \"";
        int reserve = 64, count = Fit(options, reserve, 1, n => Context(n) + Question(0) + Prefix(0)), asked = Math.Min(count - 1, (int)(depth * count));
        string context = Context(count);
        return Sample(options, context, Question(asked), Prefix(asked), [pairs[asked].Value], reserve, [new(context.IndexOf(Line(asked), StringComparison.Ordinal), Line(asked).Length)]);
    }
}
