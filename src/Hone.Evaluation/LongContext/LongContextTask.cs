using Hone.Core;

namespace Hone.Evaluation.LongContext;

/// <summary>
/// A generator of long texts with a question, after RULER (Hsieh et al. 2024, arXiv:2404.06654) and ∞-Bench (Zhang et al. 2024,
/// arXiv:2402.13718), in our own words. Sample n is a function of task, length, seed and n alone.
/// </summary>
public abstract class LongContextTask(string name)
{
    /// <summary>Name on the command line, e.g. <c>niah_multikey_1</c>.</summary>
    public string Name { get; } = name;

    /// <summary>Sample <paramref name="index"/> (0 or more) of a seed.</summary>
    /// <exception cref="HoneException">The length cannot hold what the task needs.</exception>
    public LongContextSample At(LongContextOptions options, long seed, long index)
    {
        options.Validated();
        RandomStream random = new RandomStream(seed, $"long-context/{Name}/{options.Length}").Derive(index);
        return Make(options, random) with { Id = $"{Name}/{options.Length}/{seed}/{index}" };
    }

    /// <summary>The samples 0, 1, … <paramref name="count"/> - 1 of a seed.</summary>
    public IReadOnlyList<LongContextSample> Take(LongContextOptions options, long seed, int count) =>
        [.. Enumerable.Range(0, count).Select(i => At(options, seed, i))];

    /// <summary>Makes a sample; its id is filled in by the caller.</summary>
    protected abstract LongContextSample Make(LongContextOptions options, RandomStream random);

    /// <summary>What all samples have in common.</summary>
    protected LongContextSample Sample(
        LongContextOptions options, string context, string question, string prefix, IReadOnlyList<string> answers, int maxNewTokens, IReadOnlyList<TextSpan>? evidence = null) => new()
        {
            Id = "",
            Task = Name,
            Length = options.Length,
            Context = context,
            Question = question,
            AnswerPrefix = prefix,
            Answers = answers,
            MaxNewTokens = maxNewTokens,
            Evidence = evidence ?? [],
        };

    /// <summary>
    /// The largest number of units whose prompt leaves <paramref name="reserve"/> tokens for the answer, by doubling and halving. Prompts
    /// must grow with the number of units.
    /// </summary>
    /// <exception cref="HoneException">Not even <paramref name="least"/> units fit.</exception>
    protected int Fit(LongContextOptions options, int reserve, int least, Func<int, string> prompt)
    {
        bool Fits(int units) => options.CountTokens(prompt(units)) + reserve <= options.Length;
        if (!Fits(least))
            throw new HoneException($"task {Name}: {options.Length} tokens cannot hold its {options.CountTokens(prompt(least)) + reserve} tokens without any filler. Give a longer length.");
        int low = least, step = Math.Max(8, options.Length / 32);
        while (Fits(low + step)) low += step;
        for (; step > 0; step /= 2)
            while (Fits(low + step)) low += step;
        return low;
    }
}
