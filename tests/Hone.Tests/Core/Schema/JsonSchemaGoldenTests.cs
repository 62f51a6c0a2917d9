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
        Assert.Equal(861, rows);
        Assert.True(verdicts.Count == 0, $"{verdicts.Count} verdicts differ\n{string.Join('\n', verdicts)}");
        Assert.True(errors.Count == 0, $"{errors.Count} error lists differ\n{string.Join('\n', errors)}");
    }

    private static string Lines(IEnumerable<string> lines) => string.Join(" | ", lines.Distinct().Order(StringComparer.Ordinal));
}
