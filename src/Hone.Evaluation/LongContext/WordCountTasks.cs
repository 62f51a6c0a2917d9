using Hone.Core;

namespace Hone.Evaluation.LongContext;

/// <summary>A numbered list in which few words are frequent: which? RULER's cwe.</summary>
public sealed class CommonWordsTask() : LongContextTask("cwe")
{
    private const int CommonWords = 10, ShortLength = 4096;

    private static readonly string[] Words = [.. KeyWords.Nouns.Concat(KeyWords.Adjectives).Distinct()];

    /// <inheritdoc/>
    protected override LongContextSample Make(LongContextOptions options, RandomStream random)
    {
        bool compact = options.Wording == TaskWording.Compact, isShort = options.Length < ShortLength;
        int common = compact ? 3 : CommonWords, often = isShort ? 6 : 30, seldom = isShort ? 1 : 3;
        string[] pool = [.. Words];
        random.Shuffle<string>(pool);
        string[] answers = pool[..common];
        string example = compact ? "" : Example(random, isShort) + "\n\n";
        string question = Question(common), prefix = Prefix;
        RandomStream order = random.Derive("order");
        string Context(int others) => example + Instruction + List(answers, often, others, i => Rare(pool, common, i), seldom, order);
        int reserve = compact ? 16 : 120;
        int count = Fit(options, reserve, 1, n => Context(n) + question + prefix);
        return Sample(options, Context(count), question, prefix, answers, reserve);
    }

    private const string Instruction = "Below is a numbered list of words. Some of them occur more often than the others. Keep the most frequent ones in mind.\n";

    private const string Prefix = " The most frequent words of the list are:";

    private static string Question(int count) => $"\nWhich {count} words are the most frequent in the list above?";

    /// <summary>Rare words; beyond the word list they are made of two words.</summary>
    private static string Rare(string[] pool, int common, int index)
    {
        int rest = pool.Length - common, round = index / rest;
        return round == 0 ? pool[common + index] : pool[common + index % rest] + pool[common + (index + round) % rest];
    }

    private static string List(string[] frequent, int often, int others, Func<int, string> rare, int seldom, RandomStream order)
    {
        string[] all = [.. frequent.SelectMany(w => Enumerable.Repeat(w, often)), .. Enumerable.Range(0, others).SelectMany(i => Enumerable.Repeat(rare(i), seldom))];
        order.Derive(others).Shuffle<string>(all);
        return string.Join(' ', all.Select((word, i) => $"{i + 1}. {word}"));
    }

    private static string Example(RandomStream random, bool isShort)
    {
        (int words, int often, int seldom) = isShort ? (20, 3, 1) : (40, 10, 3);
        string[] pool = [.. Words];
        random.Derive("example").Shuffle<string>(pool);
        int frequent = CommonWords, others = Math.Max(1, words - frequent);
        string list = List(pool[..frequent], often, others, i => pool[frequent + i], seldom, random.Derive("example/order"));
        return Instruction + list + Question(frequent) + Prefix + " " + string.Join(' ', pool[..frequent].Select((w, i) => $"{i + 1}. {w}"));
    }
}

/// <summary>Coded words whose frequencies follow a power law: which three are the most frequent? RULER's fwe.</summary>
public sealed class FrequentWordsTask() : LongContextTask("fwe")
{
    private const double Exponent = 2, Zeta2 = Math.PI * Math.PI / 6;

    /// <inheritdoc/>
    protected override LongContextSample Make(LongContextOptions options, RandomStream random)
    {
        int vocabulary = Math.Max(4, options.Length / 50);
        HashSet<string> words = [];
        while (words.Count < vocabulary) words.Add(string.Concat(Enumerable.Range(0, 6).Select(_ => (char)('a' + random.Next(26)))));
        string[] ranked = [.. words];
        ranked[0] = "..."; // the most frequent one is dots, which are to be ignored
        RandomStream order = random.Derive("order");
        const string Question = "\nLeave the dots out. Which three words occur most often in the text above?";
        const string Prefix = " The three words that occur most often are:";
        string Context(int total) => "Read the coded text below and keep track of how often each word occurs.\n" + Text(ranked, total, order);
        int reserve = 50, total = Fit(options, reserve, 20, n => Context(n) + Question + Prefix);
        return Sample(options, Context(total), Question, Prefix, ranked[1..4], reserve);
    }

    /// <summary>Rank k (from 1) occurs ⌊M k^(−2) / ζ(2)⌋ times.</summary>
    internal static int Frequency(int total, int rank) => (int)(total * Math.Pow(rank, -Exponent) / Zeta2);

    private static string Text(string[] ranked, int total, RandomStream order)
    {
        string[] all = [.. ranked.SelectMany((word, i) => Enumerable.Repeat(word, Frequency(total, i + 1)))];
        order.Derive(total).Shuffle<string>(all);
        return string.Join(' ', all);
    }
}
