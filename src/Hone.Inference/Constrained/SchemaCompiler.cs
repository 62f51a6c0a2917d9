using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;
using Hone.Core;
using Hone.Core.Automata;
using Hone.Core.Schema;

namespace Hone.Inference.Constrained;

/// <summary>
/// From a JSON schema to a net. Every set of schemas that must hold at one place becomes a rule, made once, so recursive
/// schemas become recursive rules. Objects and arrays are in the other parts.
/// </summary>
internal sealed partial class SchemaCompiler
{
    private readonly ByteNet net = new();
    private readonly SchemaDocument document;
    private readonly JsonSchemaValidator validator;
    private readonly TextLanguages texts = new();
    private readonly TextEncoding encoding;
    private readonly SchemaDisjointness disjointness;
    private readonly JsonGrammarOptions options;
    private readonly Dictionary<string, int> rules = new(StringComparer.Ordinal);
    private readonly Dictionary<JsonNode, int> schemaNumbers = new(ReferenceEqualityComparer.Instance);
    private readonly Queue<(int Rule, List<JsonNode> Schemas)> waiting = new();

    public SchemaCompiler(JsonNode? schema, JsonGrammarOptions options)
    {
        document = new SchemaDocument(schema);
        validator = new JsonSchemaValidator(document);
        encoding = new TextEncoding(net);
        disjointness = new SchemaDisjointness(document, texts, validator);
        this.options = options;
    }

    /// <summary>Places that nothing can satisfy, for the message when that makes the whole unsatisfiable.</summary>
    public List<string> Contradictions { get; } = [];

    public ByteNet Compile()
    {
        RuleFor([document.Root]);
        while (waiting.TryDequeue(out (int Rule, List<JsonNode> Schemas) next))
            CompileValue(next.Schemas, net.Rules[next.Rule].Start, net.Rules[next.Rule].End);
        return net;
    }

    /// <summary>The rule for a value that meets all of the schemas.</summary>
    private int RuleFor(List<JsonNode> schemas)
    {
        string key = string.Join(',', schemas.Where(s => s.GetValueKind() != JsonValueKind.True).Select(NumberOf).Distinct().Order());
        if (rules.TryGetValue(key, out int rule)) return rule;
        rules[key] = rule = net.AddRule($"value {rules.Count}");
        waiting.Enqueue((rule, schemas));
        return rule;
    }

    private int NumberOf(JsonNode schema)
    {
        if (!schemaNumbers.TryGetValue(schema, out int number)) schemaNumbers[schema] = number = schemaNumbers.Count;
        return number;
    }

    private void CompileValue(List<JsonNode> schemas, int from, int to)
    {
        foreach (SchemaShape shape in new SchemaExpansion(document, disjointness.AreDisjoint).Expand(schemas))
        {
            if (shape.Values is not null)
            {
                ConnectValues(shape.Values, schemas, from, to);
                continue;
            }
            RefuseUnsupported(shape);
            if (shape.Types.HasFlag(JsonTypes.Null)) net.Literal(from, "null"u8, to);
            if (shape.Types.HasFlag(JsonTypes.Boolean)) ConnectBooleans(from, to);
            if ((shape.Types & JsonTypes.Number) != 0) ConnectNumber(shape, from, to);
            if (shape.Types.HasFlag(JsonTypes.Text)) ConnectText(texts.Of(shape), IsFree(shape) ? LetterForm.JsonGeneral : LetterForm.JsonMinimal, from, to);
            if (shape.Types.HasFlag(JsonTypes.Array)) ConnectArray(shape, from, to);
            if (shape.Types.HasFlag(JsonTypes.Object)) ConnectObject(shape, from, to);
        }
    }

    // Few enough to try each against everything the schema says, supported keyword or not.
    private void ConnectValues(IReadOnlyList<JsonNode?> values, List<JsonNode> schemas, int from, int to)
    {
        JsonNode?[] valid = [.. values.Where(value => schemas.TrueForAll(s => validator.IsValidAgainst(s, value)))];
        foreach (JsonNode? value in valid) net.Literal(from, Literal(value), to);
        if (valid.Length > 0 || values.Count == 0) return;
        string some = string.Join(", ", values.Take(5).Select(v => v?.ToJsonString(Jsonl.Compact) ?? "null"));
        Contradictions.Add($"none of the values {some} meets the rest of its schema");
    }

    private static void RefuseUnsupported(SchemaShape shape)
    {
        string[] names = [.. shape.Unsupported.Where(u => (shape.Types & u.Types) != 0).Select(u => $"'{u.Keyword}'").Distinct()];
        if (names.Length > 0)
            throw new HoneException(
                $"the JSON schema uses {string.Join(", ", names)}, which cannot be enforced while generating. "
                + "Leave it out and check the result, or say it in another way.");
    }

    private void ConnectBooleans(int from, int to)
    {
        net.Literal(from, "true"u8, to);
        net.Literal(from, "false"u8, to);
    }

    private void ConnectNumber(SchemaShape shape, int from, int to)
    {
        bool isBounded = shape.Minimum is not null || shape.Maximum is not null || shape.MultipleOf.Count > 0;
        string key = isBounded
            ? $"number {shape.Types & JsonTypes.Number} {shape.Minimum} {shape.ExcludesMinimum} {shape.Maximum} {shape.ExcludesMaximum} {string.Join(' ', shape.MultipleOf)}"
            : $"number {shape.Types & JsonTypes.Number}";
        const string whole = "-?(?:0|[1-9][0-9]*)";
        string free = shape.Types.HasFlag(JsonTypes.Fraction) ? whole + @"(?:\.[0-9]+)?(?:[eE][+-]?[0-9]+)?" : whole;
        net.Call(from, TextRule(key, LetterForm.Plain, () => isBounded ? DecimalLanguages.Of(shape) : RegularPattern.Whole(free).ToAutomaton()), to);
    }

    private static bool IsFree(SchemaShape shape) => shape.Patterns.Count == 0 && shape.Formats.Count == 0;

    private void ConnectText(CodePointAutomaton content, LetterForm form, int from, int to)
    {
        int open = net.AddState(), closed = net.AddState();
        net.Literal(from, "\""u8, open);
        if (ReferenceEquals(content, TextLanguages.Any)) net.Call(open, TextRule("any text", form, () => content), closed);
        else encoding.Connect(content, form, open, closed);
        net.Literal(closed, "\""u8, to);
    }

    /// <summary>A rule for texts, made once for each name.</summary>
    private int TextRule(string name, LetterForm form, Func<CodePointAutomaton> content)
    {
        if (rules.TryGetValue(name, out int rule)) return rule;
        rules[name] = rule = net.AddRule(name);
        encoding.Connect(content(), form, net.Rules[rule].Start, net.Rules[rule].End);
        return rule;
    }

    private byte[] Key(string name) => [.. TextEncoding.JsonString(name), .. Encoding.UTF8.GetBytes(options.KeySeparator)];

    /// <summary>A value as it is written: the one compact spelling, numbers as in the schema.</summary>
    private byte[] Literal(JsonNode? value)
    {
        byte[] Join(string open, IEnumerable<byte[]> parts, string close)
        {
            List<byte> bytes = [.. Encoding.UTF8.GetBytes(open)];
            byte[] comma = Encoding.UTF8.GetBytes(options.ItemSeparator);
            foreach ((int i, byte[] part) in parts.Index()) bytes.AddRange(i > 0 ? [.. comma, .. part] : part);
            return [.. bytes, .. Encoding.UTF8.GetBytes(close)];
        }
        return value switch
        {
            JsonArray items => Join("[", items.Select(Literal), "]"),
            JsonObject fields => Join("{", fields.Select(f => (byte[])[.. Key(f.Key), .. Literal(f.Value)]), "}"),
            JsonValue text when text.GetValueKind() == JsonValueKind.String => TextEncoding.JsonString(text.GetValue<string>()),
            _ => Encoding.UTF8.GetBytes(value?.ToJsonString() ?? "null"),
        };
    }
}
