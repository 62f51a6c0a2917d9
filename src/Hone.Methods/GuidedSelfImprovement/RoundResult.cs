using System.Text.Json;
using System.Text.Json.Nodes;
using Hone.Core;
using Hone.Evaluation.TailMetrics;

namespace Hone.Methods.GuidedSelfImprovement;

/// <summary>What one round came to; written to <c>rounds/round-1/result.json</c> when it is finished.</summary>
public sealed record RoundResult
{
    /// <summary>0 for the training on the seed set, then 1, 2, …</summary>
    public required int Round { get; init; }

    /// <summary>Validation questions answered rightly, and how many there are.</summary>
    public required int ValidationRight { get; init; }

    public required int ValidationCount { get; init; }

    /// <summary>Rows trained on.</summary>
    public required int TrainingRows { get; init; }

    /// <summary>Loss of every training step.</summary>
    public required IReadOnlyList<double> Losses { get; init; }

    public required double SampleSeconds { get; init; }

    public required double TrainSeconds { get; init; }

    public required long TrainedTokens { get; init; }

    /// <summary>Sampling figures; null for the seed set.</summary>
    public SamplingFigures? Sampling { get; init; }

    public double ValidationAccuracy => ValidationCount == 0 ? 0 : (double)ValidationRight / ValidationCount;

    /// <summary>Reads a finished round's file, or gives null.</summary>
    public static RoundResult? Read(string path) => File.Exists(path) ? JsonSerializer.Deserialize<RoundResult>(File.ReadAllText(path), Json) : null;

    /// <summary>Writes it.</summary>
    public void Write(string path) => AtomicFile.WriteText(path, ToJson().ToJsonString(Jsonl.Indented) + "\n");

    /// <summary>The form in files and in run.json.</summary>
    public JsonNode ToJson() => JsonSerializer.SerializeToNode(this, Json)!;

    internal static JsonSerializerOptions Json { get; } = new() { PropertyNamingPolicy = JsonNamingPolicy.SnakeCaseLower };
}

/// <summary>Figures of one sampling: its cost, and how much of the hard questions is in what was kept.</summary>
/// <param name="Draws">Draws made.</param>
/// <param name="Tokens">Tokens generated.</param>
/// <param name="UnguidedHits">Right draws per question of the unguided pass.</param>
/// <param name="Hits">Right draws per question at the end.</param>
/// <param name="RedrawSizes">Questions redrawn in each redraw round.</param>
/// <param name="Unguided">Tail measures of what vanilla self-improvement would keep.</param>
/// <param name="Guided">Tail measures of what is kept.</param>
/// <param name="ReferenceCopies">Kept rows that equal the reference solution.</param>
public sealed record SamplingFigures(
    int Draws, long Tokens, int[] UnguidedHits, int[] Hits, IReadOnlyList<int> RedrawSizes, TailReport Unguided, TailReport Guided, int ReferenceCopies);
