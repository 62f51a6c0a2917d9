using Hone.Core;

namespace Hone.Evaluation.Checkers;

/// <summary>Judges what a model wrote for a task row. Checkers hold no state that changes, so threads may share one.</summary>
public interface IChecker
{
    /// <summary>Name on the command line, e.g. <c>number</c>.</summary>
    string Name { get; }

    /// <summary>
    /// 1 where the output is right, 0 where it is wrong or cannot be read (with the reason). A row without what the checker
    /// needs cannot be judged.
    /// </summary>
    Score Check(Row row, string output);

    /// <summary>
    /// The answer the output gives, in a spelling that is the same for equal answers; null when it gives none. Votes and counts
    /// of distinct answers group by it.
    /// </summary>
    string? Extract(Row row, string output);
}
