using System.Text.Json.Nodes;
using Hone.Core;
using Hone.Core.Schema;

namespace Hone.Evaluation.Checkers;

/// <summary>Settings that some checkers take.</summary>
public sealed record CheckerOptions
{
    /// <summary>number: relative difference still equal. 0 means exact.</summary>
    public double Tolerance { get; init; }

    /// <summary>exact: whether case matters.</summary>
    public bool CaseSensitive { get; init; }

    /// <summary>choice: look for the label inside longer output instead of demanding a bare label.</summary>
    public bool FindInText { get; init; }

    /// <summary>choice: the labels; those of the rows when null.</summary>
    public IReadOnlyList<string>? Labels { get; init; }

    /// <summary>regex: pattern for rows without a field <c>pattern</c>.</summary>
    public string? Pattern { get; init; }

    /// <summary>json: schema for rows without a field <c>schema</c>.</summary>
    public JsonNode? Schema { get; init; }

    /// <summary>json: validates a value against a schema.</summary>
    public SchemaValidation? Validation { get; init; }
}

/// <summary>A checker and the sentence that says why it was taken.</summary>
public sealed record CheckerChoice(IChecker Checker, string Reason);

/// <summary>Checkers by name, and the choice of one from the rows.</summary>
public static class CheckerRegistry
{
    private const int MaxLabels = 50, MaxLabelLength = 40, MinRowsPerLabel = 4;

    private static readonly SortedDictionary<string, Func<IReadOnlyList<Row>, CheckerOptions, IChecker>> Factories = new(StringComparer.Ordinal)
    {
        ["choice"] = (rows, o) => new ChoiceChecker(o.Labels ?? LabelsOf(rows), o.FindInText),
        ["equation-steps"] = (_, _) => new EquationStepsChecker(),
        ["exact"] = (_, o) => new ExactChecker(o.CaseSensitive),
        ["json"] = (_, o) => new JsonChecker(o.Schema, o.Validation ?? Validate),
        ["maths"] = (_, _) => new MathsChecker(),
        ["number"] = (_, o) => new NumberChecker(o.Tolerance),
        ["regex"] = (_, o) => new RegexChecker(o.Pattern),
        ["tool-call"] = (_, _) => new Tools.ToolCallChecker(),
    };

    /// <summary>Names that <see cref="Create"/> knows, sorted.</summary>
    public static IReadOnlyCollection<string> Names => Factories.Keys;

    /// <summary>The checker of that name for these rows.</summary>
    /// <exception cref="HoneException">Unknown name, or an option it needs is missing or malformed.</exception>
    public static IChecker Create(string name, IReadOnlyList<Row> rows, CheckerOptions? options = null) =>
        Factories.TryGetValue(name, out var factory) ? factory(rows, options ?? new()) : throw HoneException.Unknown("checker", name, Names);

    /// <summary>Chooses from the rows' fields and answers; the reason is a sentence to print.</summary>
    /// <param name="rows">Task rows with <c>question</c> and <c>answer</c>.</param>
    public static CheckerChoice Choose(IReadOnlyList<Row> rows, CheckerOptions? options = null)
    {
        (string name, string reason) = Decide(rows);
        return new(Create(name, rows, options), $"checker '{name}': {reason}");
    }

    private static (string Name, string Reason) Decide(IReadOnlyList<Row> rows)
    {
        if (rows.Count == 0) return ("exact", "there are no rows to look at");
        if (All(rows, r => r.Has("schema"))) return ("json", "every row has a schema");
        if (All(rows, r => r.Has("pattern"))) return ("regex", "every row has a pattern");
        if (All(rows, r => (r.Fields["choices"] ?? r.Fields["options"]) is JsonArray)) return ("choice", "every row lists its choices");
        string[] answers = [.. rows.Select(r => r.OptionalText("answer") ?? "")];
        if (All(rows, r => r.Has("templates") && Tasks.StepVerifier.ReferenceOf(r) is not null)) return ("equation-steps", "rationales are one equation per line, so every step can be recomputed");
        if (All(rows, r => r.Has("label")) && AreLabels(answers)) return ("choice", LabelReason(answers));
        if (Array.TrueForAll(answers, IsNumber)) return ("number", "every answer is a number");
        if (AreLabels(answers)) return ("choice", LabelReason(answers));
        if (Array.TrueForAll(answers, IsJson)) return ("json", "every answer is a JSON object or list");
        if (Array.TrueForAll(answers, a => IsNumber(a) || LooksLikeMaths(a))) return ("maths", "answers are numbers and formulas");
        return ("exact", "answers are free text");
    }

    private static string? Validate(JsonNode schema, JsonNode? value) =>
        new JsonSchemaValidator(schema).Validate(value) is [SchemaError first, ..] ? $"{first.InstancePath}: {first.Message}" : null;

    private static bool All(IReadOnlyList<Row> rows, Func<Row, bool> test) => rows.All(test);

    private static bool IsNumber(string answer) => Rational.Parse(answer.Trim().Trim('$', '€', '£').TrimEnd('%', '.').AsSpan()) is not null;

    private static bool IsJson(string answer) => answer.AsSpan().TrimStart() is ['{' or '[', ..] && JsonChecker.TryParse(answer, out _);


    private static bool LooksLikeMaths(string answer) => answer.AsSpan().ContainsAny('\\', '^', '$') || Arithmetic.Evaluate(answer) is not null;

    private static bool AreLabels(string[] answers)
    {
        string[] labels = [.. answers.Distinct()];
        return labels.Length is >= 2 and <= MaxLabels && labels.Length * MinRowsPerLabel <= answers.Length
            && Array.TrueForAll(labels, l => l.Length is > 0 and <= MaxLabelLength);
    }

    private static string LabelReason(string[] answers)
    {
        string[] labels = [.. answers.Distinct().Order(StringComparer.Ordinal)];
        string shown = labels.Length <= 6 ? string.Join(", ", labels) : string.Join(", ", labels.Take(6)) + " …";
        return $"{answers.Length} answers share {labels.Length} labels ({shown}); only a bare label counts as right";
    }

    private static IReadOnlyList<string> LabelsOf(IReadOnlyList<Row> rows) => [.. rows.Select(r => r.OptionalText("answer") ?? "").Where(a => a.Length > 0).Distinct()];
}
