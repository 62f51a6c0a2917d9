using System.Text.Json;
using System.Text.Json.Nodes;
using System.Text.RegularExpressions;
using Hone.Core;
using Hone.Core.Schema;

namespace Hone.Evaluation.Checkers;

/// <summary>Says why a value does not fit a JSON schema, or null when it does.</summary>
public delegate string? SchemaValidation(JsonNode schema, JsonNode? value);

/// <summary>
/// The output must be JSON (alone or in one fenced block). With a schema, from the row's field <c>schema</c> or for all rows, it
/// must be valid; and where the row's <c>answer</c> is itself JSON it must be equal to it, whatever the order of keys.
/// </summary>
public sealed partial class JsonChecker : IChecker
{
    private readonly JsonNode? common;
    private readonly SchemaValidation? validation;

    /// <param name="schema">For rows without their own; null for none.</param>
    /// <param name="validation">Needed as soon as a schema occurs.</param>
    public JsonChecker(JsonNode? schema, SchemaValidation? validation) => (common, this.validation) = (schema, validation);

    public string Name => "json";

    public Score Check(Row row, string output)
    {
        if (!TryParse(Payload(output), out JsonNode? value)) return Score.Wrong("the output is not JSON");
        if ((row.Fields["schema"] ?? common) is { } schema)
        {
            if (validation is null) return Score.CannotJudge("no schema validator is at hand");
            if (validation(schema, value) is { } problem) return Score.Wrong(problem);
        }
        if (!row.Has("answer")) return Score.Right;
        JsonNode? wanted = row.Fields["answer"];
        if (wanted is JsonValue text && text.GetValueKind() == JsonValueKind.String && !TryParse(text.GetValue<string>(), out wanted))
            return Score.CannotJudge("the reference answer is not JSON");
        return JsonNode.DeepEquals(value, wanted) ? Score.Right : Score.Wrong("valid JSON, but another value than the reference");
    }

    public string? Extract(Row row, string output) => TryParse(Payload(output), out JsonNode? value) ? value?.ToJsonString() ?? "null" : null;

    internal static bool TryParse(string text, out JsonNode? value) => JsonText.TryParse(text, out value);

    private static string Payload(string output) => Fence().Match(output) is { Success: true } match ? match.Groups[1].Value : output.Trim();

    [GeneratedRegex(@"```(?:json)?\s*\n(.*?)```", RegexOptions.Singleline)]
    private static partial Regex Fence();
}
