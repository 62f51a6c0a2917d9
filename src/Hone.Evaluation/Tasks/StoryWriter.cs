using System.Globalization;
using System.Text;
using Hone.Core;

namespace Hone.Evaluation.Tasks;

/// <summary>
/// Collects the sentences and steps of one problem. Numbers are drawn here, so that the bounds hold everywhere: every value
/// and operand lies in 2..MaxValue, factors and divisors in 2..9.
/// </summary>
internal sealed class StoryWriter
{
    private const int MinValue = 2, MaxFactor = 9;

    private readonly List<string> sentences = [];
    private readonly List<Equation> steps = [];
    private readonly List<string> templates = [];
    private readonly WordProblemOptions options;
    private readonly bool unseenTemplates;
    private readonly string[] items;

    public StoryWriter(RandomStream random, WordProblemOptions options, bool unseenPeople, bool unseenTemplates)
    {
        (Random, this.options, this.unseenTemplates) = (random, options, unseenTemplates);
        Person[] people = unseenPeople ? Lexicon.UnseenPeople : Lexicon.People;
        Main = random.Choose(people);
        do Other = random.Choose(people);
        while (Other == Main);
        items = [.. Lexicon.Items];
        random.Shuffle(items.AsSpan());
    }

    public RandomStream Random { get; }

    public Person Main { get; }

    public Person Other { get; }

    /// <summary>The things the story is about; index 0 is the main kind.</summary>
    public IReadOnlyList<string> Items => items;

    public IReadOnlyList<Equation> Steps => steps;

    public IReadOnlyList<string> TemplateIds => templates;

    public string Question => string.Join(' ', sentences);

    public int MaxValue => options.MaxValue;

    /// <summary>Adds a sentence from the set.</summary>
    public void Say(TemplateSet set, Slots slots)
    {
        string[] choices = unseenTemplates ? set.Unseen : set.Seen;
        int choice = Random.Next(choices.Length);
        templates.Add($"{set.Name}.{(unseenTemplates ? "unseen" : "seen")}.{choice + 1}");
        sentences.Add(Fill(choices[choice], slots));
    }

    /// <summary>Puts an irrelevant sentence somewhere after the first sentence and before the last.</summary>
    public void MaybeDistract()
    {
        if (Random.NextDouble() >= options.DistractorShare) return;
        Say(Templates.Distractor, new() { B = Value() });
        (string sentence, string template) = (sentences[^1], templates[^1]);
        int at = 1 + Random.Next(Math.Max(1, sentences.Count - 2));
        sentences.RemoveAt(sentences.Count - 1);
        templates.RemoveAt(templates.Count - 1);
        sentences.Insert(at, sentence);
        templates.Insert(at, template);
    }

    /// <summary>Records a step and gives its result.</summary>
    public int Step(int left, char op, int right, Person? owner = null, Person? leftOwner = null, Person? rightOwner = null)
    {
        Equation step = Equation.Of(left, op, right, owner?.Name ?? "", leftOwner?.Name ?? "", rightOwner?.Name ?? "");
        if (!Fits(left) || !Fits(right) || !Fits(step.Result))
            throw new InvalidOperationException($"step '{step}' leaves 2..{MaxValue}");
        steps.Add(step);
        return step.Result;
    }

    public bool Fits(int value) => value >= MinValue && value <= MaxValue;

    /// <summary>A start value: 2..60 % of the greatest one, so that there is room to grow.</summary>
    public int Value() => Random.Next(MinValue, Math.Max(MinValue + 1, MaxValue * 3 / 5));

    /// <summary>An addend that keeps the sum in bounds.</summary>
    public int Addend(int x) => Random.Next(MinValue, MaxValue - x + 1);

    /// <summary>A subtrahend that leaves at least 2.</summary>
    public int Subtrahend(int x) => Random.Next(MinValue, x - MinValue + 1);

    /// <summary>A factor 2..9 that keeps the product in bounds.</summary>
    public int Factor(int x) => Random.Next(MinValue, Math.Min(MaxFactor, MaxValue / x) + 1);

    /// <summary>Divisors 2..9 that come out even and leave at least 2.</summary>
    public static int[] Divisors(int x) => [.. Enumerable.Range(2, MaxFactor - 1).Where(d => x % d == 0 && x / d >= MinValue)];

    public bool CanAdd(int x) => x + MinValue <= MaxValue;

    public static bool CanSubtract(int x) => x - MinValue >= MinValue;

    public bool CanMultiply(int x) => x * MinValue <= MaxValue;

    private string Fill(string template, Slots slots)
    {
        StringBuilder text = new(template);
        Person main = slots.Swap ? Other : Main, other = slots.Swap ? Main : Other;
        string Number(int value) => value.ToString(CultureInfo.InvariantCulture);
        text.Replace("{N}", main.Name).Replace("{F}", other.Name).Replace("{P}", main.Subject).Replace("{o}", main.Object);
        text.Replace("{p}", main.Subject.ToLowerInvariant()).Replace("{I}", slots.Item ?? items[0]).Replace("{J}", items[^1]);
        text.Replace("{x}", Number(slots.X)).Replace("{b}", Number(slots.B)).Replace("{c}", Number(slots.C)).Replace("{T}", slots.Thing);
        return text.ToString();
    }
}

/// <summary>What fills a template's placeholders.</summary>
internal readonly record struct Slots(int X = 0, int B = 0, int C = 0, string? Item = null, string Thing = "", bool Swap = false);
