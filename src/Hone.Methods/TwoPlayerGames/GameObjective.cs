using Hone.Tensors;
using Hone.Training.Batching;
using Hone.Training.Objectives;

namespace Hone.Methods.TwoPlayerGames;

/// <summary>PPO of whoever's turn it is. The other player takes no gradient, so the optimiser leaves it alone.</summary>
internal sealed class GameObjective(Player defender, Player? adversary) : IObjective
{
    /// <summary>Column that says whose turn it is: 0 the defender's, 1 the adversary's.</summary>
    public const string Turn = "turn";

    public string Name => "game";

    public WeightedLoss Compute(Tape tape, TrainingBatch batch, MetricSums metrics) =>
        (batch.Column(Turn)[0] == 0 ? defender : adversary!).Objective.Compute(tape, batch, metrics);
}
