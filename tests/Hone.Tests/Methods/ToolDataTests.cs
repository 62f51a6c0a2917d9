using System.Text.Json.Nodes;
using Hone.Data;
using Hone.Methods.TlTraining;

namespace Hone.Tests.Methods;

/// <summary>Tool conversations as data: without failed calls, and divided by tools.</summary>
public sealed class ToolDataTests : IDisposable
{
    private readonly string folder = Directory.CreateTempSubdirectory().FullName;

    [Fact]
    public void Failed_calls_stay_in_the_context_and_are_not_learnt()
    {
        Dataset data = Load("""
            {"tools":[{"name":"get","parameters":{"type":"object","properties":{"id":{"type":"integer"}}}}],"messages":[{"role":"user","content":"a"},{"role":"assistant","content":null,"tool_calls":[{"type":"function","function":{"name":"get","arguments":"{\"id\":1}"}}]},{"role":"tool","content":"HTTP 400: Client-Error"},{"role":"assistant","content":null,"tool_calls":[{"type":"function","function":{"name":"get","arguments":"{\"id\":2}"}}]},{"role":"tool","content":"fine"},{"role":"assistant","content":"It is fine."}]}
            """);
        JsonObject result = ToolData.WithoutFailedCalls(data, new ToolMaeOptions(), PathOf("kept.jsonl"));
        Assert.Equal((3, 2), ((int)result["turns"]!, (int)result["rows"]!));
        Assert.Single(result["blocked"]!.AsObject());
        Row[] rows = [.. Jsonl.Read(PathOf("kept.jsonl"))];
        Assert.Equal([3, 5], rows.Select(r => r.Fields["prompt"]!.AsArray().Count));
        Assert.Contains("400", rows[0].Fields["prompt"]!.ToJsonString()); // the failure is read
        Assert.Contains("\\u00222", rows[0].Fields["completion"]!.ToJsonString().Replace(":", "\\u0022", StringComparison.Ordinal));
        Assert.Equal("It is fine.", (string)rows[1].Fields["completion"]![0]!["content"]!);
        Assert.Equal(RowKind.PromptCompletion, Dataset.Load(PathOf("kept.jsonl")).Kind);

        ToolData.WithoutFailedCalls(data, new ToolMaeOptions { Form = ToolRowForm.Tasks }, PathOf("calls.jsonl"));
        Row task = Assert.Single(Jsonl.Read(PathOf("calls.jsonl")));
        Assert.Equal("get(id=2)", task.Text("answer"));
        Assert.Equal(RowKind.Task, Dataset.Load(PathOf("calls.jsonl")).Kind);
    }

    [Fact]
    public void No_tool_is_on_both_sides()
    {
        string[] lines = [.. Enumerable.Range(0, 20).Select(i => $$$"""{"tools":[{"name":"a{{{i / 2}}}"},{"name":"b{{{i / 4}}}"}],"messages":[{"role":"user","content":"{{{i}}}"},{"role":"assistant","content":"x"}]}""")];
        JsonObject result = ToolData.ByTools(Load(string.Join('\n', lines)), 0.4, 3, PathOf("split"));
        HashSet<string> seen = Names("seen.jsonl"), unseen = Names("unseen.jsonl");
        Assert.Empty(seen.Intersect(unseen));
        Assert.Equal(20, (int)result["seen"]! + (int)result["unseen"]!);
        Assert.InRange((int)result["unseen"]!, 4, 9);
        Assert.Equal((seen.Count, unseen.Count), ((int)result["tools_seen"]!, (int)result["tools_unseen"]!));
        HoneException tied = Assert.Throws<HoneException>(() => ToolData.ByTools(Load(lines[0] + "\n" + lines[1]), 0.5, 1, PathOf("no")));
        Assert.Contains("tied together", tied.Message);

        HashSet<string> Names(string file) => [.. Jsonl.Read(Path.Combine(PathOf("split"), file)).SelectMany(r => r.Fields["tools"]!.AsArray()).Select(t => (string)t!["name"]!)];
    }

    public void Dispose() => Directory.Delete(folder, recursive: true);

    private string PathOf(string name) => Path.Combine(folder, name);

    private Dataset Load(string lines)
    {
        File.WriteAllText(PathOf("rows.jsonl"), lines + "\n");
        return Dataset.Load(PathOf("rows.jsonl"));
    }
}
