using System.Text.Json;
using System.Text.Json.Nodes;

namespace Hone.Core.Schema;

/// <summary>One run of a value through a schema. Keywords on numbers, texts, lists and objects are in the other parts.</summary>
internal sealed partial class SchemaEvaluation(SchemaDocument document, PatternCache patterns)
{
    // A schema that refers to itself without consuming anything would never end.
    private const int MaxDepth = 400;

    // References that fan out at every level multiply: thirty levels of two are a thousand million checks.
    private const int MaxChecks = 5_000_000;

    private int depth;
    private int checks;

    public List<SchemaError> Errors { get; private set; } = [];

    private bool IsDraft7 => document.Draft == SchemaDraft.Draft7;

    /// <summary>Checks a value, adds what fails to <see cref="Errors"/>, and returns what was looked at.</summary>
    public Evaluated Check(JsonNode? schema, JsonNode? value, string at, string path)
    {
        if (++checks > MaxChecks) throw new HoneException($"validating takes more than {MaxChecks:N0} checks: the JSON schema's alternatives and references multiply.");
        Evaluated seen = new();
        if (schema is JsonValue flag)
        {
            if (flag.GetValueKind() == JsonValueKind.False) Fail("false", at, path, "nothing is allowed here");
            else if (flag.GetValueKind() != JsonValueKind.True) throw Malformed(path, "a schema must be an object, true or false");
            return seen;
        }
        if (schema is not JsonObject fields) throw Malformed(path, "a schema must be an object, true or false");
        if (++depth > MaxDepth) throw new HoneException($"the JSON schema is nested, or refers to itself, more than {MaxDepth} deep at {path}.");
        CheckReferences(fields, value, at, path, seen);
        if (!(IsDraft7 && fields.ContainsKey("$ref")))
        {
            CheckAny(fields, value, at, path);
            CheckCombinations(fields, value, at, path, seen);
            if (ExactNumber.TryRead(value) is { } number) CheckNumber(fields, number, at, path);
            else if (value is JsonValue text && text.GetValueKind() == JsonValueKind.String) CheckText(fields, text.GetValue<string>(), at, path);
            else if (value is JsonArray items) CheckArray(fields, items, at, path, seen);
            else if (value is JsonObject members) CheckObject(fields, members, at, path, seen);
        }
        depth--;
        return seen;
    }

    private static HoneException Malformed(string path, string problem) => new($"the JSON schema is malformed at '{path}': {problem}.");

    private void Fail(string keyword, string at, string path, string message) => Errors.Add(new SchemaError(keyword, at, path, message));

    /// <summary>Whether the value passes, without reporting what fails.</summary>
    private bool Passes(JsonNode? schema, JsonNode? value, string at, string path, out Evaluated seen)
    {
        List<SchemaError> outer = Errors;
        Errors = [];
        seen = Check(schema, value, at, path);
        bool passes = Errors.Count == 0;
        Errors = outer;
        return passes;
    }

    private void CheckReferences(JsonObject schema, JsonNode? value, string at, string path, Evaluated seen)
    {
        foreach (string keyword in (string[])["$ref", "$dynamicRef", "$recursiveRef"])
        {
            if (!schema.TryGetPropertyValue(keyword, out JsonNode? reference)) continue;
            if (keyword != "$ref") throw new HoneException($"the JSON schema uses {keyword} at '{path}', which is not supported.");
            JsonNode target = document.Resolve(schema, TextOf(reference) ?? throw Malformed(path, "$ref must be a text"));
            seen.Add(Check(target, value, at, path));
        }
    }

    private void CheckAny(JsonObject schema, JsonNode? value, string at, string path)
    {
        if (schema.TryGetPropertyValue("type", out JsonNode? type))
        {
            string[] names = type is JsonArray list ? [.. list.Select(t => TextOf(t) ?? "")] : [TextOf(type) ?? ""];
            if (!names.Any(name => IsOfType(value, name, path))) Fail("type", at, $"{path}/type", $"expected {string.Join(" or ", names)}, found {Describe(value)}");
        }
        if (schema.TryGetPropertyValue("enum", out JsonNode? options))
        {
            JsonArray all = options as JsonArray ?? throw Malformed(path, "enum must be a list");
            if (!all.Any(o => JsonEquality.AreEqual(o, value))) Fail("enum", at, $"{path}/enum", $"{Describe(value)} is not one of {all.ToJsonString(Jsonl.Compact)}");
        }
        if (schema.TryGetPropertyValue("const", out JsonNode? constant) && !JsonEquality.AreEqual(constant, value))
            Fail("const", at, $"{path}/const", $"expected {Describe(constant)}, found {Describe(value)}");
    }

    private static bool IsOfType(JsonNode? value, string name, string path) => name switch
    {
        "null" => value is null || value.GetValueKind() == JsonValueKind.Null,
        "boolean" => value?.GetValueKind() is JsonValueKind.True or JsonValueKind.False,
        "string" => value?.GetValueKind() == JsonValueKind.String,
        "array" => value is JsonArray,
        "object" => value is JsonObject,
        "number" => ExactNumber.TryRead(value) is not null,
        "integer" => ExactNumber.TryRead(value) is { IsInteger: true },
        _ => throw Malformed(path, $"'{name}' is not a type"),
    };

    private void CheckCombinations(JsonObject schema, JsonNode? value, string at, string path, Evaluated seen)
    {
        foreach ((JsonNode? part, int i) in Parts(schema, "allOf", path)) seen.Add(Check(part, value, at, $"{path}/allOf/{i}"));
        int passed = 0;
        foreach ((JsonNode? part, int i) in Parts(schema, "anyOf", path))
        {
            if (!Passes(part, value, at, $"{path}/anyOf/{i}", out Evaluated looked)) continue;
            passed++;
            seen.Add(looked);
        }
        if (schema.ContainsKey("anyOf") && passed == 0) Fail("anyOf", at, $"{path}/anyOf", $"{Describe(value)} fits none of the alternatives");
        CheckOneOf(schema, value, at, path, seen);
        if (schema.TryGetPropertyValue("not", out JsonNode? not) && Passes(not, value, at, $"{path}/not", out _)) Fail("not", at, $"{path}/not", $"{Describe(value)} is excluded");
        CheckConditional(schema, value, at, path, seen);
    }

    private void CheckOneOf(JsonObject schema, JsonNode? value, string at, string path, Evaluated seen)
    {
        if (!schema.ContainsKey("oneOf")) return;
        List<Evaluated> matches = [];
        foreach ((JsonNode? part, int i) in Parts(schema, "oneOf", path))
            if (Passes(part, value, at, $"{path}/oneOf/{i}", out Evaluated looked)) matches.Add(looked);
        if (matches.Count == 1) seen.Add(matches[0]);
        else Fail("oneOf", at, $"{path}/oneOf", $"{Describe(value)} fits {matches.Count} of the alternatives, not one");
    }

    private void CheckConditional(JsonObject schema, JsonNode? value, string at, string path, Evaluated seen)
    {
        if (!schema.TryGetPropertyValue("if", out JsonNode? condition)) return;
        bool holds = Passes(condition, value, at, $"{path}/if", out Evaluated looked);
        if (holds) seen.Add(looked);
        string branch = holds ? "then" : "else";
        if (schema.TryGetPropertyValue(branch, out JsonNode? then)) seen.Add(Check(then, value, at, $"{path}/{branch}"));
    }

    private static IEnumerable<(JsonNode?, int)> Parts(JsonObject schema, string keyword, string path)
    {
        if (!schema.TryGetPropertyValue(keyword, out JsonNode? node)) return [];
        return node is JsonArray parts ? parts.Select((p, i) => (p, i)) : throw Malformed(path, $"{keyword} must be a list");
    }

    private static string? TextOf(JsonNode? node) => node is JsonValue value && value.GetValueKind() == JsonValueKind.String ? value.GetValue<string>() : null;

    private static string Describe(JsonNode? value)
    {
        string text = value?.ToJsonString(Jsonl.Compact) ?? "null";
        return text.Length <= 80 ? text : text[..77] + "...";
    }

    private static string Escaped(string key) => key.Replace("~", "~0", StringComparison.Ordinal).Replace("/", "~1", StringComparison.Ordinal);
}
