using Hone.Core;
using Hone.Core.Recipes;
using Hone.Evaluation.LongContext;

namespace Hone.Methods.KvCache;

/// <summary>What a compressed cache is measured on.</summary>
public sealed record KvEvaluationOptions : ICheckedOptions
{
    /// <summary>The text a model writes on with the cache: perplexity and divergence from the full cache.</summary>
    public const string Stream = "stream";

    /// <summary>Long-context tasks by name (ruler and recall stand for several), and stream for perplexity over running text.</summary>
    public IReadOnlyList<string> Tasks { get; init; } = ["niah_single_1", "niah_multikey_1", "passkey", Stream];

    /// <summary>File of questions about long texts, asked besides the tasks; see <see cref="KvRows"/>.</summary>
    public string? Rows { get; init; }

    /// <summary>Tokens of a prompt with its answer.</summary>
    [Limits(AtLeast = 64), Unit("tokens")]
    public int Length { get; init; } = 512;

    /// <summary>Prompts of each task.</summary>
    [Limits(AtLeast = 1)]
    public int Samples { get; init; } = 10;

    /// <summary>Compress context and question together; otherwise the cache is compressed before the question is known.</summary>
    public bool QueryAware { get; init; }

    /// <summary>How tasks are worded; left out, in full sentences, or as briefly as the built-in recall model was taught where the vocabulary is small.</summary>
    public TaskWording? Wording { get; init; }

    /// <summary>Tokens after the compressed context that are compared with the full cache.</summary>
    [Limits(AtLeast = 1), Unit("tokens")]
    public int StreamTokens { get; init; } = 64;

    /// <summary>Tokens generated for each measurement of speed; 0 for none.</summary>
    [Limits(AtLeast = 0), Unit("tokens")]
    public int SpeedTokens { get; init; } = 16;

    /// <summary>Which samples.</summary>
    public long Seed { get; init; }

    public void Check()
    {
        if (Tasks.Count == 0 && Rows is null) throw new HoneException($"no tasks. Known: {string.Join(", ", LongContextTasks.Names)}, {Stream}.");
        LongContextTasks.Parse(Tasks.Where(task => task != Stream));
        if (Tasks.Contains(Stream) && StreamTokens >= Length / 2) throw new HoneException($"the task stream compares the last {StreamTokens} tokens of {Length}; expected fewer than half. Give a greater length or fewer stream-tokens.");
    }
}
