using Hone.Core;

namespace Hone.Evaluation.LongContext;

/// <summary>
/// A question about one paragraph (qa_1) or two linked ones (qa_2) among distractors. RULER takes SQuAD and HotpotQA; here paragraphs are
/// generated, so that nothing has to be downloaded.
/// </summary>
public sealed class QuestionTask(string name, bool twoHops) : LongContextTask(name)
{
    private static readonly string[] First = KeyWords.Split("Alba Bruno Celia Dario Edith Fabian Greta Harun Ilona Jonas Karin Lucas Marta Nadir Olive Pavel Quirin Rhea Silas Thora");

    private static readonly string[] Last = KeyWords.Split("Abend Brook Carver Dorn Elms Falk Grove Hale Ivory Jarvis Kern Lowell Marsh Noble Orchard Pike Quill Rowan Stark Thorne");

    private static readonly string[] Syllables = KeyWords.Split("bar cal dor el fen gar hol ith jor kel lor mar nor or per quil ras sel tor ul ver wen yar zel");

    /// <inheritdoc/>
    protected override LongContextSample Make(LongContextOptions options, RandomStream random)
    {
        HashSet<string> used = [];
        LazyList<string[]> facts = new(_ => [Fresh(used, () => random.Choose(First) + " " + random.Choose(Last) + Initial(random)), Fresh(used, () => Place(random)),
            Fresh(used, () => Place(random) + " Works"), Fresh(used, () => Place(random))]);
        string question = twoHops ? $"\nIn which town lies the company that {facts[0][0]} works for?" : $"\nIn which town was {facts[0][0]} born?";
        string prefix = twoHops ? $" The company that {facts[0][0]} works for lies in" : $" {facts[0][0]} was born in";
        RandomStream order = random.Derive("order");
        string Context(int n) => Text(facts, n, order.Derive(n), options.Depth);
        int reserve = 32, count = Fit(options, reserve, 1, n => Context(n) + question + prefix);
        string context = Context(count), answer = twoHops ? facts[0][3] : facts[0][1];
        return Sample(options, context, question, prefix, [answer], reserve, [.. Gold(facts).Select(p => new TextSpan(context.IndexOf(p, StringComparison.Ordinal), p.Length))]) with { AnyAnswer = true };
    }

    private static string Person(string[] fact) => $"{fact[0]} was born in {fact[1]} and works for {fact[2]}.";

    private static string Company(string[] fact) => $"{fact[2]} is a company that lies in {fact[3]}.";

    private IEnumerable<string> Gold(LazyList<string[]> facts) => twoHops ? [Person(facts[0]), Company(facts[0])] : [Person(facts[0])];

    private static string Text(LazyList<string[]> facts, int count, RandomStream order, double? depth)
    {
        string[] paragraphs = [.. Enumerable.Range(0, count).SelectMany(i => new[] { Person(facts[i]), Company(facts[i]) })];
        order.Shuffle<string>(paragraphs);
        if (depth is { } wanted)
        {
            int from = Array.IndexOf(paragraphs, Person(facts[0])), to = Math.Min(paragraphs.Length - 1, (int)(wanted * paragraphs.Length));
            (paragraphs[from], paragraphs[to]) = (paragraphs[to], paragraphs[from]);
        }
        return "Answer the question at the end from the documents below.\n" + string.Join('\n', paragraphs.Select((p, i) => $"Document {i + 1}: {p}"));
    }

    private static string Initial(RandomStream random) => $" {(char)('A' + random.Next(26))}{(char)('a' + random.Next(26))}";

    private static string Place(RandomStream random) => FillerText.Capital(random.Choose(Syllables) + random.Choose(Syllables) + random.Choose(Syllables));

    private static string Fresh(HashSet<string> used, Func<string> draw)
    {
        while (true)
        {
            string text = draw();
            if (used.Add(text)) return text;
        }
    }
}
