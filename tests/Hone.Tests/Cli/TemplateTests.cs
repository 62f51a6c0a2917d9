using System.Text.Json.Nodes;

namespace Hone.Tests.Cli;

public sealed class TemplateTests : IDisposable
{
    private readonly string folder = Directory.CreateTempSubdirectory("hone-template").FullName;

    public void Dispose() => Directory.Delete(folder, recursive: true);

    private string File(string name, params string[] lines)
    {
        string path = Path.Combine(folder, name);
        System.IO.File.WriteAllLines(path, lines);
        return path;
    }

    [Fact]
    public void Rows_become_texts_or_errors()
    {
        string template = File("t.jinja", "{% for m in messages %}<{{ m.role }}>{{ m.content }}{% if m.role == 'x' %}{{ raise_exception('no x') }}{% endif %}{% endfor %}{{ '<assistant>' if add_generation_prompt }}{{ extra }}");
        string data = File("rows.jsonl",
            """{"id":1,"messages":[{"role":"user","content":"Hi"}],"add_generation_prompt":true,"context":{"extra":"!"}}""",
            """{"messages":[{"role":"x","content":"Hi"}]}""",
            """{"template":"{{ n + 1 }} {{ strftime_now('%H:%M') }}","context":{"n":2}}""",
            """{"messages":[{"role":"user","content":"Hi"}],"template":"{{ messages[0].content }}","continue_final_message":true}""");
        CliRun run = CliRun.Of("template", "--template", template, "--now", "2026-03-09T14:05:07", "--data", data);
        Assert.Equal(0, run.Code);
        Assert.Equal("""
            {"id":"1","text":"<user>Hi<assistant>!"}
            {"error":"chat template, line 1, column 93: the template refuses this input: no x"}
            {"text":"3 14:05"}
            {"text":"Hi"}

            """.ReplaceLineEndings("\n"), run.Output);
        Assert.Equal("4 rows, 1 of them errors.\n", run.Error);
    }

    [Fact]
    public void A_row_that_says_nothing_is_named_or_skipped()
    {
        string data = File("rows.jsonl", """{"context":{}}""", """{"messages":5,"template":""}""", """{"template":"a"}""");
        CliRun run = CliRun.Of("template", "--data", data);
        Assert.Equal((2, $"{data}:1: expected 'messages', or 'template' and 'context'\n"), (run.Code, run.Error));
        run = CliRun.Of("template", "--data", data, "--on-error", "skip", "--quiet");
        Assert.Equal((0, "{\"text\":\"a\"}\n"), (run.Code, run.Output));
        Assert.Contains("'messages' must be a list", run.Error);
    }

    [Fact]
    public void A_models_own_template_and_special_tokens_are_used()
    {
        string model = SharedData.Require("data/golden/tokenizers/models/smollm2"), data = File("rows.jsonl", """{"messages":[{"role":"user","content":"Hi"}]}""");
        string output = Path.Combine(folder, "out.jsonl");
        Assert.Equal(0, CliRun.Of("template", "--model", model, "--data", data, "--out", output, "--quiet").Code);
        Assert.Contains("<|im_start|>user\nHi<|im_end|>\n", (string)JsonNode.Parse(System.IO.File.ReadAllText(output))!["text"]!);
    }

    [Fact]
    public void A_time_that_is_none_is_refused() =>
        Assert.Contains("--now", CliRun.Of("template", "--now", "noon-ish", "--data", File("rows.jsonl", "{}")).Error);
}
