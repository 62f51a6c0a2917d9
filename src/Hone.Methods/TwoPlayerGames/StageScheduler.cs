namespace Hone.Methods.TwoPlayerGames;

/// <summary>Whose turn it is to learn.</summary>
public enum Stage
{
    Defend,
    Attack,
}

/// <summary>Who learns at which step: the defender for some steps, then the adversary for some, again and again.</summary>
/// <param name="defendSteps">Steps of the defender in a round; 0 for a game in which only the adversary learns.</param>
/// <param name="attackSteps">Steps of the adversary; 0 for one in which only the defender learns.</param>
public sealed class StageScheduler(int defendSteps, int attackSteps)
{
    /// <summary>The stage of a step.</summary>
    /// <param name="step">From 0.</param>
    public Stage At(long step) => step % (defendSteps + attackSteps) < defendSteps ? Stage.Defend : Stage.Attack;
}
