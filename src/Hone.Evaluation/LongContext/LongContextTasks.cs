using Hone.Core;

namespace Hone.Evaluation.LongContext;

/// <summary>The built-in long-context tasks by name.</summary>
public static class LongContextTasks
{
    private static readonly LongContextTask[] All =
    [
        new NeedleTask(new("niah_single_1", Haystack.Noise)),
        new NeedleTask(new("niah_single_2", Haystack.Prose)),
        new NeedleTask(new("niah_single_3", Haystack.Prose, UuidValues: true)),
        new NeedleTask(new("niah_multikey_1", Haystack.Prose, Keys: 4)),
        new NeedleTask(new("niah_multikey_2", Haystack.Needles)),
        new NeedleTask(new("niah_multikey_3", Haystack.Needles, UuidKeys: true, UuidValues: true)),
        new NeedleTask(new("niah_multivalue", Haystack.Prose, Values: 4)),
        new NeedleTask(new("niah_multiquery", Haystack.Prose, Keys: 4, Asked: 4)),
        new VariableTrackingTask(),
        new CommonWordsTask(),
        new FrequentWordsTask(),
        new QuestionTask("qa_1", twoHops: false),
        new QuestionTask("qa_2", twoHops: true),
        new PasskeyTask(),
        new KeyValueTask(),
    ];

    /// <summary>All names; the first thirteen are RULER's.</summary>
    public static IReadOnlyList<string> Names { get; } = [.. All.Select(t => t.Name)];

    /// <summary>RULER's thirteen.</summary>
    public static IReadOnlyList<string> Ruler { get; } = [.. Names.Take(13)];

    /// <summary>The tasks that the built-in recall model is trained for.</summary>
    public static IReadOnlyList<string> Recall { get; } = ["niah_single_1", "niah_single_2", "niah_multikey_1", "niah_multikey_2", "niah_multiquery", "passkey"];

    /// <summary>A task by name.</summary>
    /// <exception cref="HoneException">The name is not known.</exception>
    public static LongContextTask Named(string name) =>
        All.FirstOrDefault(t => t.Name == name) ?? throw HoneException.Unknown("long-context task", name, Names);

    /// <summary>Tasks from a list of names; <c>ruler</c> stands for the thirteen, <c>recall</c> for those of the built-in model.</summary>
    /// <exception cref="HoneException">A name is not known.</exception>
    public static IReadOnlyList<LongContextTask> Parse(IEnumerable<string> names) =>
        [.. names.SelectMany(n => n switch { "ruler" => Ruler, "recall" => Recall, _ => [n] }).Distinct().Select(Named)];
}
