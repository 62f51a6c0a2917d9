using Hone.Core;

namespace Hone.Evaluation.LongContext;

/// <summary>What needles are hidden in.</summary>
public enum Haystack
{
    /// <summary>One line again and again.</summary>
    Noise,

    /// <summary>Generated prose.</summary>
    Prose,

    /// <summary>Nothing but other needles.</summary>
    Needles,
}

/// <summary>A task of the needle-in-a-haystack family.</summary>
/// <param name="Name">Name.</param>
/// <param name="Haystack">What the needles are hidden in.</param>
/// <param name="Keys">Keys in the text (besides those of a haystack of needles).</param>
/// <param name="Values">Values per key.</param>
/// <param name="Asked">How many of the keys are asked for.</param>
/// <param name="UuidKeys">Keys are UUIDs instead of words.</param>
/// <param name="UuidValues">Values are UUIDs instead of numbers.</param>
public sealed record NeedleSpec(
    string Name, Haystack Haystack, int Keys = 1, int Values = 1, int Asked = 1, bool UuidKeys = false, bool UuidValues = false);

/// <summary>Values that belong to keys, hidden in a long text: the eight needle tasks of RULER.</summary>
public sealed class NeedleTask(NeedleSpec spec) : LongContextTask(spec.Name)
{
    private const int Depths = 40;

    /// <inheritdoc/>
    protected override LongContextSample Make(LongContextOptions options, RandomStream random)
    {
        NeedleWording wording = NeedleWording.For(options.Wording, spec.UuidValues);
        Draw draw = new(random, options, spec);
        string[] keys = [.. Enumerable.Range(0, spec.Keys).Select(_ => draw.Key())];
        string[][] values = [.. keys.Select(_ => Enumerable.Range(0, spec.Values).Select(_ => draw.Value()).ToArray())];
        int[] order = [.. Enumerable.Range(0, spec.Keys)];
        random.Shuffle<int>(order);
        int[] asked = [.. order.Take(spec.Asked)];
        ContextBuilder builder = new(wording.Instruction(spec.Keys * spec.Values > 1), wording.Separator);
        Queue<double> depths = new(DrawDepths(random, spec.Keys * spec.Values, options.Depth));
        // The needles asked for come first, so that a wanted depth is theirs.
        foreach (int k in order)
            foreach (string value in values[k]) builder.Add(depths.Dequeue(), wording.Needle(keys[k], value), asked.Contains(k));
        LazyList<string> units = new(i => Unit(i, draw, wording, random));
        string[] askedKeys = [.. asked.Select(k => keys[k])];
        bool several = spec.Values > 1 || spec.Asked > 1;
        string question = wording.Question(askedKeys, several), prefix = wording.Prefix(askedKeys, several);
        string[] answers = [.. asked.SelectMany(k => values[k])];
        int reserve = wording.AnswerTokens(answers.Length, options.NumberDigits);
        int count = Fit(options, reserve, 0, n => builder.Build(n, i => units[i]).Text + question + prefix);
        (string context, IReadOnlyList<TextSpan> evidence) = builder.Build(count, i => units[i]);
        return Sample(options, context, question, prefix, answers, reserve, evidence);
    }

    private string Unit(int index, Draw draw, NeedleWording wording, RandomStream random) => spec.Haystack switch
    {
        Haystack.Noise => wording.Prose(FillerText.NoiseSentence(index)),
        Haystack.Prose => wording.Prose(FillerText.Sentence(random.Derive(index))),
        _ => wording.Needle(draw.Key(), draw.Value()),
    };

    /// <summary>Different depths out of evenly spaced ones, the first being the wanted one where there is one.</summary>
    private static double[] DrawDepths(RandomStream random, int count, double? wanted)
    {
        int places = Math.Max(Depths, count);
        int[] order = [.. Enumerable.Range(0, places)];
        random.Shuffle<int>(order);
        double[] depths = [.. order.Take(count).Select(d => (double)d / (places - 1))];
        if (wanted is { } depth && count > 0) depths[0] = depth;
        return depths;
    }

    /// <summary>Keys and values that do not occur yet.</summary>
    private sealed class Draw(RandomStream random, LongContextOptions options, NeedleSpec spec)
    {
        private readonly HashSet<string> used = new(StringComparer.Ordinal);

        public string Key() => Fresh(() => spec.UuidKeys ? Uuid.Next(random)
            : options.Wording == TaskWording.Compact ? KeyWords.Draw(random, options.UnseenKeys) : KeyWords.Draw(random, options.UnseenKeys).Replace(' ', '-'));

        public string Value() => Fresh(() => spec.UuidValues ? Uuid.Next(random) : Numbers.Next(random, options.NumberDigits));

        private string Fresh(Func<string> draw)
        {
            for (int attempt = 0; attempt < 100_000; attempt++)
            {
                string text = draw();
                if (used.Add(text)) return text;
            }
            throw new HoneException($"task {spec.Name}: a text of {options.Length} tokens needs more different keys and values than there are. Give more digits or a shorter length.");
        }
    }
}

/// <summary>Numbers of a fixed count of digits.</summary>
internal static class Numbers
{
    public static string Next(RandomStream random, int digits)
    {
        int low = (int)Math.Pow(10, digits - 1);
        return (digits == 1 ? random.Next(1, 10) : random.Next(low, 10 * low > 0 ? 10 * low : int.MaxValue)).ToString();
    }
}

/// <summary>Random UUIDs of version 4.</summary>
internal static class Uuid
{
    public static string Next(RandomStream random)
    {
        char[] text = new char[36];
        for (int i = 0; i < text.Length; i++)
            text[i] = i is 8 or 13 or 18 or 23 ? '-' : i == 14 ? '4' : i == 19 ? "89ab"[random.Next(4)] : "0123456789abcdef"[random.Next(16)];
        return new(text);
    }
}
