using System.Text.Json.Nodes;

namespace Hone.Tests.Cli;

public sealed class TemplateTests : IDisposable
{
    private readonly TinyModelFolder model = new(TinyModelFolder.Template);

    public void Dispose() => model.Dispose();

    [Fact]
    public void The_models_own_template_one_from_a_file_and_one_of_the_row()
    {
        string data = model.Write("chats.jsonl",
            """{"messages":[{"role":"user","content":"Ann"}]}""",
            """{"id":7,"template":"{{ a }}-{{ eos_token }}","context":{"a":1}}""",
            """{"messages":[{"role":"user","content":"tea"}],"template":"{{ messages[0].content }}{{ x }}{{ eos_token }}","context":{"x":"!"}}""");
        CliRun run = CliRun.Of("template", "--model", model.Path, "--data", data);
        Assert.Equal("""{"text":"<q>Ann<a>"}""" + "\n" + """{"id":7,"error":"chat template, line 1, column 12: 'eos_token' is undefined"}""" + "\n" + """{"text":"tea!<eos>"}""" + "\n", run.Output);
        Assert.Equal("3 rows, 1 with errors.\n", run.Error);
        string file = model.Write("own.jinja", "{{ strftime_now('%d %b %Y %H:%M:%S') }}|{{ add_generation_prompt }}");
        run = CliRun.Of("template", "--model", model.Path, "--template", file, "--now", "2026-03-09T14:05:07", "--quiet",
            "--data", model.Write("one.jsonl", """{"messages":[],"add_generation_prompt":true}"""));
        Assert.Equal("""{"text":"09 Mar 2026 14:05:07|True"}""" + "\n", run.Output);
    }

    [Fact]
    public void What_a_template_refuses_is_a_result()
    {
        string file = model.Write("own.jinja", "{{ raise_exception('no ' + messages[0].role) }}"), output = model["texts.jsonl"];
        CliRun run = CliRun.Of("template", "--template", file, "--json", "--out", output, "--data", model.Write("one.jsonl", """{"messages":[{"role":"user","content":"Ann"}]}"""));
        Assert.Equal((1, 1), ((int)JsonNode.Parse(run.Output)!["rows"]!, (int)JsonNode.Parse(run.Output)!["errors"]!));
        Assert.Equal("""{"error":"chat template, line 1, column 4: the template refuses this input: no user"}""" + "\n", File.ReadAllText(output));
        Assert.Contains("\"error\":\"chat template, line 1, column ", CliRun.Of("template", "--data", model.Write("bad.jsonl", """{"template":"{% if %}","context":{}}""")).Output);
    }

    [Theory]
    [InlineData("""{"text":"Ann"}""", "expected messages, or template and context. Fields here: text.")]
    [InlineData("""{"messages":[]}""", "the row has no template. Give one with --template, or a model with --model.")]
    [InlineData("""{"messages":"Ann","template":"x"}""", "field 'messages' must be a list.")]
    [InlineData("""{"messages":[],"tools":{},"template":"x"}""", "field 'tools' must be a list.")]
    [InlineData("""{"messages":[],"add_generation_prompt":1,"template":"x"}""", "field 'add_generation_prompt' must be true or false.")]
    public void A_malformed_row_is_named(string line, string message)
    {
        string data = model.Write("chats.jsonl", line);
        CliRun run = CliRun.Of("template", "--data", data);
        Assert.Equal((2, "", $"{data}:1: {message}\n"), (run.Code, run.Output, run.Error));
    }

    [Fact]
    public void A_time_that_is_none()
    {
        CliRun run = CliRun.Of("template", "--data", "x", "--now", "today");
        Assert.Equal((2, "hone template: --now: 'today' is not a time. Expected it as in 2026-03-09T14:05:07. See 'hone template --help'.\n"), (run.Code, run.Error));
    }

    [Fact]
    public void Golden_templates()
    {
        string folder = SharedData.Require("data/golden/tokenizers/chat");
        JsonNode inputs = JsonNode.Parse(File.ReadAllText(Path.Combine(folder, "inputs.json")))!;
        JsonObject special = JsonNode.Parse(File.ReadAllText(Path.Combine(folder, "templates.json")))!.AsArray()
            .ToDictionary(t => (string)t!["name"]!, t => (JsonNode?)t!["special_tokens"]!.DeepClone()).Aggregate(new JsonObject(), (all, t) => { all[t.Key] = t.Value; return all; });
        List<string?> expected = [];
        JsonNode[] rows = [.. File.ReadLines(Path.Combine(folder, "rendered.jsonl")).Select(line => JsonNode.Parse(line)!)];
        string data = model["golden.jsonl"], output = model["golden-out.jsonl"];
        using (StreamWriter writer = new(data))
            foreach (JsonNode row in rows)
            {
                JsonObject context = (JsonObject)special[(string)row["template"]!]!.DeepClone(), line = new()
                {
                    ["template"] = File.ReadAllText(Path.Combine(folder, "templates", row["template"] + ".jinja")),
                    ["messages"] = inputs["conversations"]![(string)row["conversation"]!]!.DeepClone(),
                };
                foreach ((string name, JsonNode? value) in row["kwargs"]!.AsObject())
                {
                    if (name is "tools" or "documents") line[name] = (bool)value! ? inputs[name]!.DeepClone() : null;
                    else if (name is "add_generation_prompt" or "continue_final_message") line[name] = value!.DeepClone();
                    else context[name] = value!.DeepClone();
                }
                line["context"] = context;
                writer.WriteLine(line.ToJsonString());
                expected.Add((string?)(row["same_as_row"] is { } same ? rows[(int)same] : row)["output"]); // null where it is an error
            }
        Assert.Equal(0, CliRun.Of("template", "--data", data, "--now", (string)inputs["now"]!, "--out", output).Code);
        string?[] found = [.. File.ReadLines(output).Select(line => (string?)JsonNode.Parse(line)!["text"])];
        Assert.Equal(1210, found.Length);
        Assert.Equal(expected, found);
    }
}
