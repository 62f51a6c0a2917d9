namespace Hone.Core;

/// <summary>
/// Marks a method's recipe class, so that <c>hone methods</c>, <c>hone reproduce</c> and docs/papers.md find it by scanning.
/// </summary>
[AttributeUsage(AttributeTargets.Class)]
public sealed class MethodAttribute(string slug) : Attribute
{
    /// <summary>Name on the command line, e.g. <c>guided-self-improvement</c>.</summary>
    public string Slug { get; } = slug;

    /// <summary>Part of a model's life it belongs to: data, training, preference, self-improvement, kv-cache, judging ...</summary>
    public required string Stage { get; init; }

    /// <summary>Title of the paper.</summary>
    public required string Paper { get; init; }

    /// <summary>arXiv identifier, e.g. <c>2411.00750</c>; empty where there is none.</summary>
    public string ArXiv { get; init; } = "";

    /// <summary>The command that runs it on a user's own model, e.g. <c>hone improve</c>.</summary>
    public required string Command { get; init; }
}
