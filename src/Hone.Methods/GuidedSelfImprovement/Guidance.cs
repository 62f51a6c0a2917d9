using Hone.Core;

namespace Hone.Methods.GuidedSelfImprovement;

/// <summary>What the model is told when a hard question is drawn again (the card's four types, and the two baselines).</summary>
public enum Guidance
{
    /// <summary>No redraw at all: vanilla rejection sampling, the baseline.</summary>
    None,

    /// <summary>Redraws without any hint ("uniform" in the released code): the expensive baseline.</summary>
    BruteForce,

    /// <summary>The question with the reference answer beside it.</summary>
    Answer,

    /// <summary>The question with the reference rationale, to be rewritten in the model's own words.</summary>
    Rationale,

    /// <summary>The model's last wrong solution with a teacher's correction, to be revised.</summary>
    Interactive,

    /// <summary>The reference rationale's first lines, to be continued.</summary>
    StateReset,
}

/// <summary>Names of the guidance types in options, recipes and reports.</summary>
public static class GuidanceNames
{
    private static readonly (string Name, Guidance Value)[] All =
    [
        ("none", Guidance.None), ("brute-force", Guidance.BruteForce), ("answer", Guidance.Answer),
        ("rationale", Guidance.Rationale), ("interactive", Guidance.Interactive), ("state-reset", Guidance.StateReset),
    ];

    /// <summary>The type of that name.</summary>
    /// <exception cref="HoneException">The name is not known.</exception>
    public static Guidance Parse(string name)
    {
        foreach ((string known, Guidance value) in All)
            if (known == name) return value;
        throw HoneException.Unknown("guidance", name, All.Select(a => a.Name));
    }

    /// <summary>The name of a type.</summary>
    public static string Name(this Guidance guidance) => All.First(a => a.Value == guidance).Name;
}
