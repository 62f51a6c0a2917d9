using Hone.Core;
using Hone.Training.Objectives.Values;

namespace Hone.Methods.Scir;

/// <summary>What rewards are computed from; every column is [pairs].</summary>
/// <param name="FirstRatio">log π/π_ref of the first answer, summed over its tokens.</param>
/// <param name="SecondRatio">Of the second.</param>
/// <param name="FirstLength">Tokens of the first answer.</param>
/// <param name="SecondLength">Tokens of the second.</param>
/// <param name="AsGiven">Logit of the judge's first verdict less that of its second, answers in their order.</param>
/// <param name="Swapped">The same with the answers exchanged.</param>
public sealed record PairColumns(Column FirstRatio, Column SecondRatio, double[] FirstLength, double[] SecondLength, Column AsGiven, Column Swapped);

/// <summary>A reward that the model itself holds: it prefers one of two answers with some probability.</summary>
public interface IInternalReward
{
    /// <summary>Name in options and logs.</summary>
    string Name { get; }

    /// <summary>Probability that the first answer is better, differentiable in the policy.</summary>
    PairPreference Of(PairColumns pairs);
}

/// <summary>The generative reward: the model as a judge, asked in both orders.</summary>
public sealed class JudgeReward : IInternalReward
{
    public string Name => "judge";

    public PairPreference Of(PairColumns pairs) => PairPreference.FromBothOrders(pairs.AsGiven, pairs.Swapped);
}

/// <summary>The implicit reward of DPO, s(y) = β log π/π_ref (Rafailov et al., arXiv:2305.18290, equation 5); p = σ(s₁ − s₂).</summary>
/// <param name="beta">β.</param>
/// <param name="lengthPenalty">Subtracted from s for each token of the answer.</param>
public sealed class ImplicitReward(double beta, double lengthPenalty = 0) : IInternalReward
{
    public string Name => "implicit";

    public PairPreference Of(PairColumns pairs)
    {
        Column lengths = pairs.FirstRatio.Graph.Constant([.. pairs.FirstLength.Zip(pairs.SecondLength, (a, b) => a - b)]);
        return PairPreference.FromLogit(beta * (pairs.FirstRatio - pairs.SecondRatio) - lengthPenalty * lengths);
    }
}

/// <summary>The implicit reward per token, which does not grow with an answer's length.</summary>
/// <param name="beta">Factor on the log-ratio per token.</param>
public sealed class ImplicitPerTokenReward(double beta) : IInternalReward
{
    public string Name => "implicit-per-token";

    public PairPreference Of(PairColumns pairs)
    {
        ColumnGraph graph = pairs.FirstRatio.Graph;
        return PairPreference.FromLogit(beta * (pairs.FirstRatio / graph.Constant(pairs.FirstLength) - pairs.SecondRatio / graph.Constant(pairs.SecondLength)));
    }
}

/// <summary>The rewards that a recipe names.</summary>
public static class InternalRewards
{
    private static readonly string[] Known = ["judge", "implicit", "implicit-per-token"];

    /// <summary>The rewards of those names, in order.</summary>
    /// <exception cref="HoneException">Fewer than two, one named twice, or an unknown name: consistency takes two opinions.</exception>
    public static IReadOnlyList<IInternalReward> Create(IReadOnlyList<string> names, double beta, double lengthPenalty)
    {
        if (names.Distinct().Count() < 2 || names.Distinct().Count() != names.Count)
            throw new HoneException($"rewards: {(names.Count == 0 ? "none" : string.Join(", ", names))}; consistency needs at least two different ones of {string.Join(", ", Known)}.");
        return [.. names.Select<string, IInternalReward>(name => name switch
        {
            "judge" => new JudgeReward(),
            "implicit" => new ImplicitReward(beta, lengthPenalty),
            "implicit-per-token" => new ImplicitPerTokenReward(beta),
            _ => throw HoneException.Unknown("internal reward", name, Known),
        })];
    }
}
