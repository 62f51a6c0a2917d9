using Hone.Training.Objectives.Values;

namespace Hone.Training.Objectives.Preference;

/// <summary>What a loss over pairs is computed from; every column is [pairs].</summary>
/// <param name="Chosen">Policy log-probability of the better completion, summed over its tokens.</param>
/// <param name="Rejected">Of the worse one.</param>
/// <param name="ReferenceChosen">The reference's.</param>
/// <param name="ReferenceRejected">The reference's.</param>
/// <param name="ChosenLength">Tokens of the better completion.</param>
/// <param name="RejectedLength">Tokens of the worse one.</param>
/// <param name="ChosenNll">One number: mean negative log-likelihood of all tokens of better completions.</param>
public sealed record PairScores(
    Column Chosen, Column Rejected, Column ReferenceChosen, Column ReferenceRejected, Column ChosenLength, Column RejectedLength, Column ChosenNll)
{
    /// <summary>log π/π_ref of the better completion.</summary>
    public Column ChosenRatio => Chosen - ReferenceChosen;

    /// <summary>log π/π_ref of the worse one.</summary>
    public Column RejectedRatio => Rejected - ReferenceRejected;

    /// <summary>f′(π/π_ref), which takes the log-ratio's place under another divergence.</summary>
    public static Column Score(Column ratio, PreferenceOptions options) => options.FDivergenceType switch
    {
        FDivergence.ForwardKl => 1 - (-ratio).Exp(),
        FDivergence.JsDivergence => ratio.LogSigmoid() + Math.Log(2),
        FDivergence.AlphaDivergence => (((options.FAlphaDivergenceCoef - 1) * ratio).Exp() - 1) / (options.FAlphaDivergenceCoef - 1),
        _ => ratio,
    };

    /// <summary>Scores of both sides.</summary>
    public (Column Chosen, Column Rejected) Scores(PreferenceOptions options) => (Score(ChosenRatio, options), Score(RejectedRatio, options));

    /// <summary>Difference of the scores.</summary>
    public Column Delta(PreferenceOptions options)
    {
        (Column chosen, Column rejected) = Scores(options);
        return chosen - rejected;
    }

    /// <summary>Difference of the scores per token.</summary>
    public Column DeltaPerToken(PreferenceOptions options)
    {
        (Column chosen, Column rejected) = Scores(options);
        return chosen / ChosenLength - rejected / RejectedLength;
    }
}
