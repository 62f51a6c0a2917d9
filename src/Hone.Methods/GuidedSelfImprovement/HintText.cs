namespace Hone.Methods.GuidedSelfImprovement;

/// <summary>
/// How hints are worded. The same words go to any model; the built-in seed model meets them in its pre-training, so that a
/// model of a million weights can follow them too.
/// </summary>
public static class HintText
{
    /// <summary>The question with the reference answer beside it (answer-driven guidance).</summary>
    public static string WithAnswer(string question, string answer) => $"{question} (answer: {answer})";

    /// <summary>The question with the reference solution below it (rationale-driven guidance).</summary>
    public static string WithRationale(string question, string rationale) => $"{question}\nreference answer:\n{rationale}";

    /// <summary>The question, the model's own wrong solution and a teacher's correction (interactive sampling).</summary>
    public static string WithCorrection(string question, string wrongSolution, string correction) =>
        $"{question}\nsolution:\n{wrongSolution}\ncorrection: {correction}";

    /// <summary>Words of the hints that a closed vocabulary has to contain.</summary>
    public static IReadOnlyList<string> Words { get; } =
        ["reference", "solution", "correction", "answer", "line", "is", "wrong", "write", "(", ")", ":", ";"];
}
