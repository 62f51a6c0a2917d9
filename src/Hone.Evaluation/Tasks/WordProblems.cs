using Hone.Core;

namespace Hone.Evaluation.Tasks;

/// <summary>
/// The built-in task: arithmetic word problems of two to four steps with visible solutions, after section 1 of the recipe for
/// very small language models (values 2 to 99, operands as stated, every result a later operand or the answer), with two
/// people, comparisons, irrelevant sentences and unit prices added. Problem n of a seed is a pure function of split, seed,
/// n and options, so a stream needs no state and can be entered anywhere.
/// </summary>
/// <remarks>
/// A hash of the question decides on which side a problem lies: one part in sixteen is for the final figure, one for
/// validation, the rest for training. No question can therefore occur on two sides, whatever the seeds.
/// </remarks>
public static class WordProblems
{
    /// <summary>Source of generated rows.</summary>
    public const string SourceName = "word-problems";

    private const int Sides = 16;

    internal static readonly IReadOnlyDictionary<string, Func<StoryWriter, int, bool>> Families = new SortedDictionary<string, Func<StoryWriter, int, bool>>
    {
        ["chain"] = ChainStory.Write,
        ["comparison"] = ComparisonStory.Write,
        ["pair"] = PairStory.Write,
        ["price"] = PriceStory.Write,
    };

    /// <summary>Every word, digit and mark that can occur in a question or solution, sorted; the line end is not in it.</summary>
    public static IReadOnlyList<string> Vocabulary { get; } = WordProblemVocabulary.Collect();

    /// <summary>Problem <paramref name="n"/> (0 or more) of a split's stream.</summary>
    public static WordProblem At(ProblemSplit split, long seed, long n, WordProblemOptions? options = null)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(n);
        options = (options ?? new()).Validated();
        RandomStream random = new RandomStream(seed, $"word-problems/{split}").Derive(n);
        while (true)
        {
            StoryWriter story = new(random, options, split == ProblemSplit.UnseenNames, split == ProblemSplit.UnseenTemplates);
            string family = random.Choose(options.Families);
            if (!Families[family](story, DrawSteps(split, options, random))) continue;
            story.MaybeDistract();
            if (SideOf(story.Question) == WantedSide(split))
                return new($"{split.ToString().ToLowerInvariant()}/{seed}/{n}", story.Question, story.Steps, family, story.TemplateIds);
        }
    }

    /// <summary>The problems <paramref name="start"/>, start + 1, … of a split's stream, without end.</summary>
    public static IEnumerable<WordProblem> Stream(ProblemSplit split, long seed, long start = 0, WordProblemOptions? options = null)
    {
        for (long n = start; ; n++) yield return At(split, seed, n, options);
    }

    /// <summary>
    /// <paramref name="count"/> different problems from the start of a split's stream, as task rows.
    /// </summary>
    public static IReadOnlyList<Row> Take(ProblemSplit split, long seed, int count, WordProblemOptions? options = null)
    {
        HashSet<string> seen = [];
        return [.. Stream(split, seed, 0, options).Where(p => seen.Add(p.Question)).Take(count).Select(p => p.ToRow())];
    }

    /// <summary>0 held out, 1 validation, 2 training. FNV-1a over UTF-16 units, then SplitMix64's finaliser.</summary>
    internal static int SideOf(string question)
    {
        ulong hash = 14695981039346656037UL;
        foreach (char c in question) hash = (hash ^ c) * 1099511628211UL;
        hash = (hash ^ (hash >> 30)) * 0xBF58476D1CE4E5B9UL;
        hash = (hash ^ (hash >> 27)) * 0x94D049BB133111EBUL;
        return (int)Math.Min((hash ^ (hash >> 31)) % Sides, 2);
    }

    private static int WantedSide(ProblemSplit split) => split switch
    {
        ProblemSplit.Train => 2,
        ProblemSplit.Validation => 1,
        _ => 0,
    };

    private static int DrawSteps(ProblemSplit split, WordProblemOptions options, RandomStream random)
    {
        if (split == ProblemSplit.Longer) return random.Next(5, 7);
        int choices = options.MaxSteps - options.MinSteps + 1;
        if (options.StepWeights is not { } weights) return options.MinSteps + random.Next(choices);
        double at = random.NextDouble() * weights.Sum();
        for (int i = 0; i < choices - 1; i++)
        {
            at -= weights[i];
            if (at < 0) return options.MinSteps + i;
        }
        return options.MaxSteps;
    }
}
