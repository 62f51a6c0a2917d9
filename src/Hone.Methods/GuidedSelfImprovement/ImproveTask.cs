using Hone.Core;
using Hone.Data;
using Hone.Evaluation.Checkers;
using Hone.Evaluation.Tasks;

namespace Hone.Methods.GuidedSelfImprovement;

/// <summary>What is to be improved: three disjoint sets of questions and a judge.</summary>
/// <param name="Name">For the report.</param>
/// <param name="Pool">Questions to sample from and train on.</param>
/// <param name="Validation">Choose between rounds.</param>
/// <param name="Test">The final figure.</param>
/// <param name="Checker">Judge.</param>
/// <param name="CheckerReason">Why this one.</param>
/// <param name="IsBuiltIn">Generated problems rather than a user's rows.</param>
/// <param name="InputHash">SHA-256 of the data file, or empty.</param>
public sealed record ImproveTask(
    string Name, IReadOnlyList<Row> Pool, IReadOnlyList<Row> Validation, IReadOnlyList<Row> Test,
    IChecker Checker, string CheckerReason, bool IsBuiltIn, string InputHash)
{
    /// <summary>Whether every question comes with a reference solution.</summary>
    public bool HasRationales => Pool.All(r => r.Has("rationale"));

    /// <summary>Whether the whole output is the answer, so that a right answer can only be the reference itself.</summary>
    public bool IsAnswerOnly => !HasRationales && Checker.Name is "choice" or "exact";

    /// <summary>The built-in word problems.</summary>
    public static ImproveTask BuiltIn(ImproveOptions options, long seed)
    {
        IReadOnlyList<Row> pool = WordProblems.Take(ProblemSplit.Train, unchecked(seed + 1000), options.Pool);
        CheckerChoice choice = Choose(options, pool);
        return new(
            "built-in word problems", pool, WordProblems.Take(ProblemSplit.Validation, 0, options.Validation),
            WordProblems.Take(ProblemSplit.HeldOut, 0, options.Test), choice.Checker, choice.Reason, true, "");
    }

    /// <summary>A user's rows, divided by a seeded hash of the question; equal questions never fall on two sides.</summary>
    /// <exception cref="HoneException">The rows are not tasks, or a side would be empty.</exception>
    public static ImproveTask Of(Dataset data, ImproveOptions options, long seed)
    {
        if (data.Kind != RowKind.Task)
            throw new HoneException($"{data.Path}: rows of kind {data.Kind} have no reference answer to check against. Expected question and answer; --map names the columns.");
        double wanted = Math.Min(0.5, (options.Validation + options.Test) / (double)data.Rows.Count);
        double test = wanted * options.Test / Math.Max(1, options.Validation + options.Test);
        SplitRows split = DataSplit.Divide(data.Rows, seed, new(1 - wanted, wanted - test, test));
        if (split.Train.Count == 0 || split.Validation.Count == 0 || split.Test.Count == 0)
            throw new HoneException($"{data.Path}: {data.Rows.Count} rows are too few to train on some, choose by others and test on the rest. Give at least 20.");
        CheckerChoice choice = Choose(options, data.Rows);
        IReadOnlyList<Row> pool = options.Pool > 0 ? [.. split.Train.Take(options.Pool)] : split.Train;
        return new(
            Path.GetFileName(data.Path), pool, [.. split.Validation.Take(options.Validation)], [.. split.Test.Take(options.Test)],
            choice.Checker, choice.Reason, false, data.Sha256);
    }

    private static CheckerChoice Choose(ImproveOptions options, IReadOnlyList<Row> rows)
    {
        return options.Check is { } name ? new(CheckerRegistry.Create(name, rows), $"checker '{name}': asked for") : CheckerRegistry.Choose(rows);
    }
}
