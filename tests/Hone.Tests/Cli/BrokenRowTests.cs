using System.Text.Json.Nodes;

namespace Hone.Tests.Cli;

/// <summary>Files with broken rows: with --on-error skip each is named by line and left out, and every trainer goes on with the rest.</summary>
public sealed class BrokenRowTests : IDisposable
{
    private const string Strict = "{% for m in messages %}{% if m.role == 'system' %}{{ raise_exception('no system turns, please') }}{% elif m.role == 'assistant' %}<a>{{ m.content }}<eos>{% else %}<q>{{ m.content }}{% endif %}{% endfor %}{% if add_generation_prompt %}<a>{% endif %}";
    private const string Good = """{"prompt":"Ann has tea","chosen":"Ann has cups","rejected":"tea has Ann"}""";

    private readonly TinyModelFolder model = new(Strict);

    private static readonly string[] Pairs =
    [
        Good,
        """{"prompt":"Ann","chosen":"","rejected":"tea"}""",
        """{"prompt":"Ann","chosen":"tea","rejected":"tea"}""",
        """{"prompt":[{"role":"robot","content":"Ann"}],"chosen":[{"role":"assistant","content":"tea"}],"rejected":[{"role":"assistant","content":"cups"}]}""",
        """{"prompt":"Ann","chosen":{"a":1},"rejected":"tea"}""",
        """{"prompt":"Ann","chosen":"tea"}""",
        """{"prompt":[{"role":"system","content":"Ann"},{"role":"user","content":"has"}],"chosen":[{"role":"assistant","content":"tea"}],"rejected":[{"role":"assistant","content":"cups"}]}""",
        """{"prompt":"Ann","chosen":""",
        Good.Replace("tea", "cups"),
    ];

    [Theory]
    [InlineData("dpo")]
    [InlineData("ipo")]
    [InlineData("rdpo")]
    [InlineData("kto")]
    [InlineData("cpo")]
    [InlineData("simpo")]
    [InlineData("orpo")]
    [InlineData("rm")]
    [InlineData("bmc")]
    [InlineData("inverse-q", "--condition", "tea {question}", "--max-completion-length", "3", "--num-generations", "2")]
    [InlineData("scir", "--max-completion-length", "3", "--num-generations", "2", "--temperature", "2", "--verdict-first", "Ann", "--verdict-second", "tea", "--judge-template", "JUDGE")]
    [InlineData("grpo", "--reward", "script:SCRIPT", "--max-completion-length", "3", "--num-generations", "2")]
    [InlineData("rloo", "--reward", "script:SCRIPT", "--max-completion-length", "3", "--num-generations", "2")]
    [InlineData("reinforce", "--reward", "script:SCRIPT", "--max-completion-length", "3")]
    [InlineData("reinforce++", "--reward", "script:SCRIPT", "--max-completion-length", "3")]
    [InlineData("ppo", "--reward", "script:SCRIPT", "--max-completion-length", "3", "--num-mini-batches", "1")]
    [InlineData("online-dpo", "--reward", "script:SCRIPT", "--max-completion-length", "3", "--num-generations", "2")]
    [InlineData("expert", "--reward", "script:SCRIPT", "--max-completion-length", "3", "--num-generations", "2", "--prompts-per-round", "2")]
    public void Broken_pairs_are_named_and_left_out(string trainer, params string[] settings)
    {
        string script = model.Write("reward.csx", "Output.Length");
        string judge = model.Write("judge.txt", "{{prompt}} {{a}} {{b}}");
        CliRun run = Train(trainer, model.Write("pairs.jsonl", Pairs), ["--on-error", "skip", .. settings.Select(s => s.Replace("SCRIPT", script).Replace("JUDGE", judge))]);
        Assert.True(run.Code == 0, run.Error);
        foreach (int line in (int[])[2, 3, 4, 5, 6, 7, 8]) Assert.Contains($"pairs.jsonl:{line}:", run.Error);
        Assert.Contains("no system turns, please", run.Error);
        Assert.DoesNotContain("pairs.jsonl:1:", run.Error);
        Assert.DoesNotContain("pairs.jsonl:9:", run.Error);
        JsonNode result = JsonNode.Parse(run.Output)!;
        Assert.True(double.IsFinite((double)result["loss"]!), run.Output);
        if (result["rows_left_out"] is { } left) Assert.Equal(7, (int)left);
    }

    [Theory]
    [InlineData("dpo")]
    [InlineData("orpo")]
    [InlineData("kto")]
    [InlineData("rm")]
    public void Without_skip_the_first_one_stops_the_run_and_is_named(string trainer)
    {
        CliRun run = Train(trainer, model.Write("pairs.jsonl", Pairs[0], Pairs[6]), []);
        Assert.Equal(2, run.Code);
        Assert.Contains("pairs.jsonl:2: ", run.Error);
        Assert.Contains("no system turns, please", run.Error);
    }

    [Theory]
    [InlineData("sft")]
    [InlineData("flat-lora")]
    [InlineData("distill")]
    public void Conversations_that_the_template_refuses_are_left_out(string trainer)
    {
        string rows = model.Write(
            "rows.jsonl",
            """{"messages":[{"role":"user","content":"Ann"},{"role":"assistant","content":"has tea"}]}""",
            """{"messages":[{"role":"system","content":"Ann"},{"role":"assistant","content":"has tea"}]}""",
            """{"messages":[{"role":"user","content":5},{"role":"assistant","content":"has tea"}]}""",
            """{"messages":[{"role":"user","content":"Ann"},{"role":"assistant","content":"cups"}]}""");
        string[] teacher = trainer == "distill" ? ["--teacher-model", model.Path] : [];
        CliRun run = Train(trainer, rows, ["--on-error", "skip", .. teacher]);
        Assert.True(run.Code == 0, run.Error);
        Assert.Contains("rows.jsonl:2: ", run.Error);
        Assert.Contains("rows.jsonl:3: ", run.Error);
    }

    [Fact]
    public void Tool_conversations_that_cannot_be_read_are_left_out()
    {
        const string good = """{"tools":[{"name":"tea"}],"messages":[{"role":"user","content":"Ann"},{"role":"assistant","content":"has tea"}]}""";
        string rows = model.Write("rows.jsonl", good, good.Replace("user", "robot"), """{"tools":[{"name":"tea"}],"conversations":[{"from":"human","value":"Ann"},{"from":"function_call","value":"no call"}]}""", good);
        CliRun run = Train("tl", rows, ["--on-error", "skip", "--irm", "false", "--max-length", "1000"]);
        Assert.Contains("rows.jsonl:2: ", run.Error);
        Assert.Contains("rows.jsonl:3: ", run.Error);
        Assert.DoesNotContain("rows.jsonl:1:", run.Error);
    }

    [Fact]
    public void A_reward_that_says_nothing_is_told_of()
    {
        string rows = model.Write("pairs.jsonl", Good, Good), script = model.Write("reward.csx", "(double?)null");
        CliRun run = Train("grpo", rows, ["--reward", "script:" + script, "--max-completion-length", "3", "--num-generations", "2"]);
        Assert.True(run.Code == 0, run.Error);
        Assert.Single(run.Error.Split('\n'), line => line.Contains("the reward 'reward' could not judge any of 2 completions"));
    }

    [Fact]
    public void What_is_cut_is_named_too()
    {
        string rows = model.Write("pairs.jsonl", Good, Good.Replace("Ann has cups", string.Concat(Enumerable.Repeat("Ann has cups and tea ", 20))));
        CliRun run = Train("dpo", rows, ["--max-length", "40"]);
        Assert.True(run.Code == 0, run.Error);
        Assert.Contains("cut: ", run.Error);
        Assert.Contains("pairs.jsonl:2:", run.Error);
        Assert.Equal(1, (int)JsonNode.Parse(run.Output)!["rows_cut"]!);
    }

    public void Dispose() => model.Dispose();

    private CliRun Train(string trainer, string rows, string[] settings) =>
        CliRun.Of(["train", trainer, "--model", model.Path, "--data", rows, "--out", model["out"], "--batch", "2", "--dry-run", "--json", "--quiet", .. settings]);
}
