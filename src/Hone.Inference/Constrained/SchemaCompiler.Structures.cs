using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;
using Hone.Core;
using Hone.Core.Automata;

namespace Hone.Inference.Constrained;

/// <summary>Arrays and objects.</summary>
internal sealed partial class SchemaCompiler
{
    private const int MaxUnrolled = 20_000;
    private const int MaxPatterns = 5;

    private void ConnectArray(SchemaShape shape, int from, int to)
    {
        if (shape.MaxItems < shape.MinItems) return;
        // Written out one by one up to where all further items are alike.
        int tuple = shape.Arrays.Select(a => a.Tuple.Count).DefaultIfEmpty(0).Max();
        // A larger limit is made narrower, which keeps every list valid.
        int? max = shape.MaxItems > MaxUnrolled && shape.MinItems <= MaxUnrolled ? MaxUnrolled : shape.MaxItems;
        int length = max ?? Math.Max(1, Math.Max(tuple, shape.MinItems));
        CheckUnrolled(length, "minItems");
        int[] after = [.. Enumerable.Range(0, length + 1).Select(_ => net.AddState())];
        net.Literal(from, "["u8, after[0]);
        for (int i = 0; i <= length; i++)
        {
            if (i >= shape.MinItems) net.Literal(after[i], "]"u8, to);
            bool isLast = i == length;
            if (isLast && max is not null) break;
            int item = i == 0 ? after[0] : net.AddState();
            if (i > 0) Separator(after[i], item);
            net.Call(item, RuleFor(shape.SchemasOf(i)), isLast ? after[i] : after[i + 1]);
        }
    }

    private void Separator(int from, int to) => net.Literal(from, Encoding.UTF8.GetBytes(options.ItemSeparator), to);

    private static void CheckUnrolled(long states, string keyword)
    {
        if (states > MaxUnrolled) throw new HoneException($"{keyword} of the JSON schema needs more than {MaxUnrolled:N0} states. Use smaller limits.");
    }

    /// <summary>
    /// Declared properties in their order, each required or left out, then additional ones. Rows count the properties
    /// written so far, as far as the schema's limits ask for it; row 0 has written none and needs no comma.
    /// </summary>
    private void ConnectObject(SchemaShape shape, int from, int to)
    {
        string[] names = [.. shape.Objects.SelectMany(o => o.Properties.Select(p => p.Key)).Concat(shape.Required).Distinct(StringComparer.Ordinal)];
        bool isClosed = shape.Objects.Any(o => o.ByPattern.Count == 0 && o.Additional?.GetValueKind() == JsonValueKind.False);
        int? max = isClosed && shape.MaxProperties >= names.Length ? null : shape.MaxProperties;
        if (max < shape.MinProperties || max < shape.Required.Count) return;
        if (!isClosed && shape.MinProperties > names.Length + 1)
            throw new HoneException(
                $"minProperties {shape.MinProperties} of the JSON schema cannot be enforced: keys that are not declared may repeat. "
                + $"Declare at least {shape.MinProperties - 1} properties.");
        int rows = max ?? Math.Max(1, shape.MinProperties);
        CheckUnrolled((long)(rows + 1) * (names.Length + 1), "minProperties or maxProperties");
        int[][] at = [.. Enumerable.Range(0, names.Length + 1).Select(_ => Enumerable.Range(0, rows + 1).Select(_ => net.AddState()).ToArray())];
        net.Literal(from, "{"u8, at[0][0]);
        for (int i = 0; i < names.Length; i++)
        {
            int property = PropertyRule(names[i], shape);
            for (int count = 0; count <= rows; count++)
            {
                if (!shape.Required.Contains(names[i])) net.Silent(at[i][count], at[i + 1][count]);
                if (NextRow(count, rows, max) is { } next) Entry(at[i][count], count, property, at[i + 1][next]);
            }
        }
        ConnectAdditional(shape, names, at[^1], max, to);
    }

    private static int? NextRow(int count, int rows, int? max) => count < rows ? count + 1 : max is null ? rows : null;

    private void Entry(int from, int count, int rule, int to)
    {
        int start = count == 0 ? from : net.AddState();
        if (count > 0) Separator(from, start);
        net.Call(start, rule, to);
    }

    private int PropertyRule(string name, SchemaShape shape)
    {
        int rule = net.AddRule($"property {name}");
        if (!shape.Names.TrueForAll(n => validator.IsValidAgainst(n, JsonValue.Create(name)))) return rule; // without a way through
        int value = net.AddState();
        net.Literal(net.Rules[rule].Start, Key(name), value);
        net.Call(value, RuleFor(shape.SchemasOf(name, validator.Matches)), net.Rules[rule].End);
        return rule;
    }

    // The same additional key may come twice and then counts once, so below the least number only one is counted.
    private void ConnectAdditional(SchemaShape shape, string[] names, int[] at, int? max, int to)
    {
        int[] once = [.. at.Select(_ => net.AddState())];
        int rule = AdditionalRule(shape, names);
        int rows = at.Length - 1;
        for (int count = 0; count < at.Length; count++)
        {
            bool isEnough = count >= shape.MinProperties;
            if (isEnough)
            {
                net.Literal(at[count], "}"u8, to);
                net.Literal(once[count], "}"u8, to);
            }
            if (NextRow(count, rows, max) is not { } next) continue;
            Entry(at[count], count, rule, once[next]);
            if (isEnough) Entry(once[count], count, rule, once[next]);
        }
    }

    /// <summary>Key and value of a property that is not declared: one way for each combination of patterns a key can match.</summary>
    private int AdditionalRule(SchemaShape shape, string[] names)
    {
        int rule = net.AddRule("additional property");
        string[] patterns = [.. shape.Objects.SelectMany(o => o.ByPattern.Select(p => p.Key)).Distinct(StringComparer.Ordinal)];
        if (patterns.Length > MaxPatterns) throw new HoneException($"patternProperties of the JSON schema has more than {MaxPatterns} patterns at one place.");
        CodePointAutomaton others = NamesAllowed(shape).Intersect(CodePointAutomaton.OfTexts(names).Complement());
        for (int combination = 0; combination < 1 << patterns.Length; combination++)
        {
            CodePointAutomaton keys = others;
            for (int p = 0; p < patterns.Length; p++)
            {
                CodePointAutomaton matching = texts.Matching(patterns[p]);
                keys = keys.Intersect((combination >> p & 1) == 1 ? matching : matching.Complement());
            }
            if (keys.IsEmpty) continue;
            int matched = combination;
            List<JsonNode> schemas = [.. shape.Objects.SelectMany(o => o.SchemasOfOther(pattern => (matched >> Array.IndexOf(patterns, pattern) & 1) == 1))];
            int closed = net.AddState(), value = net.AddState();
            ConnectText(names.Length == 0 && patterns.Length == 0 && shape.Names.Count == 0 ? TextLanguages.Any : keys, LetterForm.JsonGeneral, net.Rules[rule].Start, closed);
            net.Literal(closed, Encoding.UTF8.GetBytes(options.KeySeparator), value);
            net.Call(value, RuleFor(schemas), net.Rules[rule].End);
        }
        return rule;
    }

    private CodePointAutomaton NamesAllowed(SchemaShape shape)
    {
        CodePointAutomaton allowed = TextLanguages.Any;
        if (shape.Names.Count == 0) return allowed;
        List<SchemaShape> alternatives = new SchemaExpansion(document, disjointness.AreDisjoint).Expand(shape.Names);
        CodePointAutomaton[] languages = [.. alternatives.Where(a => a.Types.HasFlag(JsonTypes.Text)).Select(a =>
        {
            RefuseUnsupported(a);
            return texts.Of(a);
        })];
        // The union, by the rules of De Morgan.
        return languages.Aggregate(allowed, (rest, language) => rest.Intersect(language.Complement())).Complement();
    }
}
