using System.Text.Json.Nodes;

namespace Hone.Core;

/// <summary>
/// The small-scale experiment of a method's card: what <c>hone reproduce</c> runs. Found by scanning for
/// <see cref="ReproducesAttribute"/>; the class needs a public constructor without parameters.
/// </summary>
public interface IReproduction
{
    /// <summary>Runs the experiment in <c>run.Folder</c> and judges the paper's claims.</summary>
    /// <exception cref="HoneException">Something the user can mend, such as a missing model.</exception>
    Task<ReproductionResult> RunAsync(ReproductionOptions options, RunContext run);
}

/// <summary>Names the method (see <see cref="MethodAttribute"/>) whose claims a class reproduces.</summary>
[AttributeUsage(AttributeTargets.Class)]
public sealed class ReproducesAttribute(string slug) : Attribute
{
    public string Slug { get; } = slug;
}

/// <summary>How much to run.</summary>
/// <param name="Seeds">Number of seeds; results are judged over all of them. At least 1.</param>
/// <param name="IsQuick">A shortened run that shows everything works; its verdicts may be inconclusive.</param>
public sealed record ReproductionOptions(int Seeds = 3, bool IsQuick = false);

/// <summary>Whether a claim was seen to hold.</summary>
public enum Verdict
{
    Holds,
    DoesNotHold,

    /// <summary>The interval spans the boundary: more seeds or data would be needed.</summary>
    Inconclusive,
}

/// <summary>A measured value with its interval.</summary>
/// <param name="Value">The estimate.</param>
/// <param name="Low">Lower end of the interval, at most <paramref name="Value"/>.</param>
/// <param name="High">Upper end of the interval, at least <paramref name="Value"/>.</param>
public readonly record struct Measured(double Value, double Low, double High)
{
    /// <summary>A value that is exact, such as a count.</summary>
    public static Measured Exact(double value) => new(value, value, value);

    public override string ToString() =>
        Low == High ? Number(Value) : $"{Number(Value)} [{Number(Low)}, {Number(High)}]";

    private static string Number(double value) => value.ToString("0.####");
}

/// <summary>One claim of a paper against what was measured here.</summary>
/// <param name="Text">The claim in one sentence.</param>
/// <param name="Measure">What was measured, with its unit.</param>
/// <param name="Measured">The value.</param>
/// <param name="Boundary">The condition in words, e.g. <c>at least 0.25</c>.</param>
/// <param name="Verdict">Computed from the two.</param>
/// <param name="Note">What a reader should know, such as a deviation from the paper.</param>
public sealed record Claim(string Text, string Measure, Measured Measured, string Boundary, Verdict Verdict, string Note = "")
{
    /// <summary>Holds when the whole interval is at or above <paramref name="bound"/>, fails when all of it is below.</summary>
    public static Claim AtLeast(string text, string measure, Measured measured, double bound, string note = "") =>
        new(text, measure, measured, $"at least {bound:0.####}", Judge(measured.Low >= bound, measured.High < bound), note);

    /// <summary>Holds when the whole interval is at or below <paramref name="bound"/>, fails when all of it is above.</summary>
    public static Claim AtMost(string text, string measure, Measured measured, double bound, string note = "") =>
        new(text, measure, measured, $"at most {bound:0.####}", Judge(measured.High <= bound, measured.Low > bound), note);

    private static Verdict Judge(bool holds, bool fails) => holds ? Verdict.Holds : fails ? Verdict.DoesNotHold : Verdict.Inconclusive;

    /// <summary>The verdict in words: <c>holds</c>, <c>does not hold</c> or <c>inconclusive</c>.</summary>
    public string VerdictText => Verdict switch { Verdict.Holds => "holds", Verdict.DoesNotHold => "does not hold", _ => "inconclusive" };

    internal JsonObject ToJson() => new()
    {
        ["claim"] = Text,
        ["measure"] = Measure,
        ["value"] = Finite(Measured.Value),
        ["low"] = Finite(Measured.Low),
        ["high"] = Finite(Measured.High),
        ["boundary"] = Boundary,
        ["verdict"] = VerdictText,
        ["note"] = Note,
    };

    private static JsonValue? Finite(double value) => double.IsFinite(value) ? JsonValue.Create(value) : null;
}

/// <summary>What a reproduction found.</summary>
/// <param name="Claims">Every claim the card says must hold, with its verdict.</param>
/// <param name="Tables">The numbers behind them.</param>
public sealed record ReproductionResult(IReadOnlyList<Claim> Claims, IReadOnlyList<ResultTable> Tables)
{
    /// <summary>Claims and tables as JSON; numbers that are not finite become null.</summary>
    public JsonObject ToJson() => new()
    {
        ["claims"] = new JsonArray([.. Claims.Select(claim => claim.ToJson())]),
        ["tables"] = new JsonArray([.. Tables.Select(table => table.ToJson())]),
    };
}
