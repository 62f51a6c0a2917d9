using Hone.Core.Recipes;

namespace Hone.Inference.Caches;

/// <summary>Every head of every layer keeps the same number of slots.</summary>
[Component("uniform")]
public sealed class UniformAllocator : IKvAllocator
{
    public static UniformAllocator Instance { get; } = new();

    public KvSelection Select(KvScores scores, KvTarget target) => KvSelection.Best(scores, (_, _) => target.Kept);
}
