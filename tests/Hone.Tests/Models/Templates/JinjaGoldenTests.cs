using System.Runtime.CompilerServices;
using System.Text.Json.Nodes;
using Hone.Models.Templates;

namespace Hone.Tests.Models.Templates;

/// <summary>Every snippet of the reference environment: same output, or the same kind of error at the same time.</summary>
public class JinjaGoldenTests
{
    private static readonly TemplateOptions Clock = new() { Now = new DateTime(2026, 3, 9, 14, 5, 7) };

    [Fact]
    public void Every_snippet_of_jinja_jsonl_is_equal() => CheckFile(SharedData.Require("data/golden/tokenizers/jinja.jsonl"));

    [Fact]
    public void Every_snippet_of_our_own_is_equal() => CheckFile(SharedData.Golden("templates/snippets.jsonl"));

    private static void CheckFile(string path, [CallerMemberName] string member = "")
    {
        List<string> failures = [];
        int rows = 0;
        foreach (string line in File.ReadLines(path))
        {
            JsonObject row = JsonNode.Parse(line)!.AsObject();
            rows++;
            string expected = Expected(row), actual = Actual(row);
            if (expected != actual) failures.Add($"{row["id"]}:\n  expected {expected}\n  actual   {actual}");
        }
        Parity.Count(rows, rows - failures.Count, member: member);
        Assert.True(rows > 10);
        Assert.True(failures.Count == 0, $"{failures.Count} of {rows} differ\n{string.Join('\n', failures)}");
    }

    private static string Expected(JsonObject row)
    {
        if (row["error"] is not JsonObject error) return "output " + (string)row["output"]!;
        return $"{error["when"]} {error["type"]} {error["message"]}".TrimEnd();
    }

    private static string Actual(JsonObject row)
    {
        string when = "compile";
        try
        {
            ChatTemplate template = ChatTemplate.Parse((string)row["template"]!);
            when = "render";
            return "output " + template.Render(row["context"]!.AsObject(), Clock);
        }
        catch (HoneException error)
        {
            JinjaException cause = Assert.IsType<JinjaException>(error.InnerException);
            Assert.True(cause.Line > 0 && cause.Column > 0, error.Message);
            string kind = cause.Kind.ToString();
            // Jump statements outside a loop are found by Python's own compiler in the reference.
            if (kind == "TemplateSyntaxError" && row["error"]?["type"]?.ToString() == "SyntaxError") kind = "SyntaxError";
            bool hasMessage = row["error"]?["message"] is not null;
            return $"{when} {kind} {(hasMessage ? cause.Message : "")}".TrimEnd();
        }
    }
}
