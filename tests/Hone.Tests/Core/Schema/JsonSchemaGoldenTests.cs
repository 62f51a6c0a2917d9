using System.Text.Json.Nodes;
using Hone.Core.Schema;

namespace Hone.Tests.Core.Schema;

public class JsonSchemaGoldenTests
{
    // Python's $ also matches before a final newline, so the reference accepts "AB-1234\n" for ^[A-Z]{2}-\d{4}$. JSON Schema
    // asks for ECMA-262, where $ is the end; the other validator in the row and we say no.
    private const string PythonDollar = "own/pattern-anchored/3";

    [Fact]
    public void Every_verdict_and_every_failing_keyword_is_equal()
    {
        List<string> verdicts = [], errors = [];
        int rows = 0;
        foreach (string line in File.ReadLines(SharedData.Require("data/golden/structured/schema_verdicts.jsonl")))
        {
            JsonObject row = JsonNode.Parse(line)!.AsObject();
            rows++;
            SchemaDraft draft = (string)row["draft"]! == "7" ? SchemaDraft.Draft7 : SchemaDraft.Draft202012;
            IReadOnlyList<SchemaError> found = new JsonSchemaValidator(row["schema"], draft).Validate(JsonText.Parse((string)row["instance"]!));
            // Exact decimals and the test suite's own verdict go before the reference's doubles and dialect.
            bool reference = (bool)row["valid"]!, want = (bool)(row["valid_exact"] ?? row["suite_valid"] ?? row["valid"])!;
            if ((string)row["id"]! == PythonDollar) want = (bool)row["ajv"]!;
            if (found.Count == 0 != want) verdicts.Add($"{row["id"]}: expected {want}; {row["schema"]!.ToJsonString()} on {row["instance"]}: {string.Join("; ", found)}");
            else if (reference == want)
            {
                // The reference gives the schema "false" no keyword and only the place above it.
                string wanted = Lines((row["errors"]?.AsArray() ?? []).Select(e => e!["keyword"] is { } keyword ? $"{keyword} {e["instance_path"]} {e["schema_path"]}" : "false"));
                string got = Lines(found.Select(e => e.Keyword == "false" ? "false" : $"{e.Keyword} {e.InstancePath} {e.SchemaPath}"));
                if (wanted != got) errors.Add($"{row["id"]}: expected {wanted}, got {got}; {row["schema"]!.ToJsonString()} on {row["instance"]}");
            }
        }
        Parity.Count(rows, rows - verdicts.Count - errors.Count - 1); // one verdict follows the other validator of its row
        Assert.Equal(861, rows);
        Assert.True(verdicts.Count == 0, $"{verdicts.Count} verdicts differ\n{string.Join('\n', verdicts)}");
        Assert.True(errors.Count == 0, $"{errors.Count} error lists differ\n{string.Join('\n', errors)}");
    }

    [Fact]
    public void Schemas_that_multiply_or_never_end_are_refused()
    {
        string levels = string.Join(',', Enumerable.Range(0, 40).Select(i => $"\"d{i}\":{{\"allOf\":[{{\"$ref\":\"#/$defs/d{i + 1}\"}},{{\"$ref\":\"#/$defs/d{i + 1}\"}}]}}"));
        JsonNode? bomb = JsonNode.Parse($"{{\"$ref\":\"#/$defs/d0\",\"$defs\":{{{levels},\"d40\":true}}}}");
        Assert.Contains("multiply", Assert.Throws<HoneException>(() => new JsonSchemaValidator(bomb).IsValid(1)).Message);
        Assert.Contains("refers to itself", Assert.Throws<HoneException>(() => new JsonSchemaValidator(JsonNode.Parse("""{"$ref":"#"}""")).IsValid(1)).Message);
    }

    [Theory]
    [InlineData("1e400", "1e400", 0)]
    [InlineData("1e1000000000", "2", 1)]
    [InlineData("-1e1000000000", "2", -1)]
    [InlineData("9007199254740993", "9007199254740992.0", 1)]
    [InlineData("0.10", "0.1", 0)]
    [InlineData("-0.0", "0", 0)]
    [InlineData("1.5", "1.49999999999999999999", 1)]
    public void Numbers_compare_digit_by_digit(string a, string b, int order) =>
        Assert.Equal(order, Math.Sign(ExactNumber.Parse(a).CompareTo(ExactNumber.Parse(b))));

    private static string Lines(IEnumerable<string> lines) => string.Join(" | ", lines.Distinct().Order(StringComparer.Ordinal));
}
