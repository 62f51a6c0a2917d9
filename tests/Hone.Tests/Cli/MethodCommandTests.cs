using System.Text.Json.Nodes;
using Hone.Tests.Training;

namespace Hone.Tests.Cli;

/// <summary>SCIR, TL-Training and the two-player game from the command line, on a model made for the test.</summary>
public sealed class MethodCommandTests : IDisposable
{
    private readonly string folder = Directory.CreateTempSubdirectory().FullName;

    public MethodCommandTests()
    {
        TinyTextModel.Write(PathOf("model"), 1);
        Write("prompts.jsonl", Enumerable.Range(0, 6).Select(i => $$"""{"prompt":"{{i}} + {{i}} ="}"""));
        Write("anchor.jsonl", Enumerable.Range(0, 10).Select(i => $$"""{"prompt":"{{i}} + 1 =","chosen":" {{i + 1}}","rejected":" {{i + 3}}"}"""));
        Write("tools.jsonl", Enumerable.Range(0, 6).Select(i => """
            {"tools":[{"name":"add","parameters":{"properties":{"a":{}},"required":["a"]}},{"name":"addAll"}],"conversations":[{"from":"human","value":"#"},{"from":"function_call","value":"{\"name\": \"add\", \"arguments\": {\"x\": #}}"},{"from":"observation","value":"unexpected keyword argument"},{"from":"function_call","value":"{\"name\": \"add\", \"arguments\": {\"a\": #}}"},{"from":"observation","value":"ok"}]}
            """.Trim().Replace("#", $"{i}")));
        File.WriteAllText(PathOf("judge.txt"), "{{prompt}}|{{a}}|{{b}}");
        File.WriteAllText(PathOf("rules.txt"), "[0-4]");
        File.WriteAllText(PathOf("attack.txt"), "{{seed}}");
        File.WriteAllText(PathOf("payoff.json"), "[[0, 1], [1, 0]]");
    }

    private string[] Scir => ["train", "scir", "--model", PathOf("model"), "--data", PathOf("prompts.jsonl"), "--anchor", PathOf("anchor.jsonl"), "--judge-template", PathOf("judge.txt"),
        "--num-generations", "2", "--max-completion-length", "6", "--iterations", "2", "--label-warmup", "1", "--max-drop", "1", "--batch", "4", "--lr", "1e-3", "--out", PathOf("scir"), "--json", "--quiet"];

    private string[] Tl => ["train", "tl", "--model", PathOf("model"), "--data", PathOf("tools.jsonl"), "--max-length", "0", "--batch", "4", "--lr", "1e-3", "--out", PathOf("tl"), "--json", "--quiet",
        "--set", "ppo.batch=4", "--set", "ppo.steps=2", "--max-completion-length", "8"];

    private string[] Game => ["game", "train", "--defender", PathOf("model"), "--data", PathOf("prompts.jsonl"), "--guard", "rule:" + PathOf("rules.txt"), "--attack-template", PathOf("attack.txt"),
        "--max-attack-length", "6", "--max-completion-length", "6", "--defend-steps", "1", "--attack-steps", "1", "--steps", "4", "--batch", "4", "--lr", "1e-3", "--evaluate-every", "2", "--out", PathOf("game"), "--json", "--quiet"];

    [Fact]
    public void Dry_runs_print_loss_and_metrics_and_write_nothing()
    {
        foreach ((string[] arguments, string metric) in (ReadOnlySpan<(string[], string)>)[(Scir, "loss/dpo"), (Tl, "turns"), (Game, "attack_success")])
        {
            JsonNode result = Json([.. arguments, "--dry-run"]);
            Assert.True(double.IsFinite((double)result["loss"]!), result.ToJsonString());
            Assert.NotNull(result[metric]);
        }
        foreach (string name in (string[])["scir", "tl", "game"]) Assert.False(Directory.Exists(PathOf(name)), name);
    }

    [Fact]
    public void Scir_keeps_pairs_and_audits_of_every_iteration_and_goes_on_where_it_was()
    {
        JsonNode result = Json(Scir);
        Assert.Equal(3, result["audits"]!.AsArray().Count);
        Assert.True(File.Exists(Path.Combine(PathOf("scir"), "iteration-2", "pairs.jsonl")));
        byte[] weights = File.ReadAllBytes(Path.Combine(PathOf("scir"), "model", "model.safetensors"));
        Json(Scir); // from its last checkpoint: nothing left to do
        Assert.Equal(weights, File.ReadAllBytes(Path.Combine(PathOf("scir"), "model", "model.safetensors")));
    }

    [Fact]
    public void Scir_trains_an_adapter_too()
    {
        Json([.. Scir, "--lora-rank", "2", "--reference", "previous"]);
        Assert.True(File.Exists(Path.Combine(PathOf("scir"), "adapter", "adapter_model.safetensors")));
    }

    [Fact]
    public void Scir_says_what_is_wrong()
    {
        Assert.Contains("has to be one", CliRun.Of([.. Scir, "--verdict-first", "AA"]).Error);
        Assert.Contains("at least two", CliRun.Of([.. Scir, "--rewards", "judge"]).Error);
        Assert.Contains("too long", CliRun.Of([.. Scir, "--max-length", "5"]).Error);
        Assert.Contains("needs rows of prompt, chosen and rejected", CliRun.Of([.. Scir.Select(a => a == PathOf("anchor.jsonl") ? PathOf("prompts.jsonl") : a)]).Error);
    }

    [Theory]
    [InlineData("no")]
    [InlineData("yes")]
    public void Tool_training_runs_one_stage_or_both(string irm)
    {
        JsonNode result = Json([.. Tl, irm == "yes" ? "--irm" : "--irm=false", "--lora-rank", "2"]);
        JsonNode first = irm == "yes" ? result["sft"]! : result;
        Assert.Equal(6, (int)first["turns"]!);
        Assert.Equal(6, (int)first["blocked"]!["UnexpectedArgument"]!);
        Assert.Equal(irm == "yes", result["rewards"] is not null);
        Assert.True(Directory.Exists(Path.Combine(PathOf("tl"), irm == "yes" ? "ppo" : "sft", "adapter")));
    }

    [Fact]
    public void Tool_training_names_the_row_that_cannot_be_read()
    {
        File.AppendAllText(PathOf("tools.jsonl"), """{"tools":[],"conversations":[{"from":"human","value":"a"},{"from":"function_call","value":"broken"}]}""");
        Assert.Contains("tools.jsonl:7:", CliRun.Of(Tl).Error);
        Assert.Contains("needs conversations", CliRun.Of([.. Tl.Select(a => a == PathOf("tools.jsonl") ? PathOf("anchor.jsonl") : a)]).Error);
    }

    [Fact]
    public void A_game_saves_both_players_and_how_it_stands()
    {
        JsonNode result = Json(Game);
        Assert.Equal(4, (int)result["steps"]!);
        Assert.NotNull(result["after"]);
        foreach (string name in (string[])["defender/model.safetensors", "defender/value_head.safetensors", "adversary/model.safetensors", "best/model.safetensors", "attacks.jsonl", "report.html", "evaluations/step-00000002.json"])
            Assert.True(File.Exists(Path.Combine(PathOf("game"), name)), name);
        Assert.Equal(16, File.ReadLines(Path.Combine(PathOf("game"), "attacks.jsonl")).Count());
    }

    [Fact]
    public void A_game_says_what_is_wrong()
    {
        Assert.Contains("is not a guard", CliRun.Of([.. Game.Select(a => a.StartsWith("rule:") ? "x" : a)]).Error);
        Assert.Contains("lacks {{seed}}", CliRun.Of([.. Game.Select(a => a == PathOf("attack.txt") ? PathOf("rules.txt") : a)]).Error);
        Assert.Contains("nobody would learn", CliRun.Of([.. Game.Select((a, i) => i > 0 && Game[i - 1] is ("--defend-steps" or "--attack-steps") ? "0" : a)]).Error);
    }

    [Fact]
    public void A_matrix_game_is_played()
    {
        JsonNode result = JsonNode.Parse(CliRun.Of("game", "matrix", PathOf("payoff.json"), "--rounds", "64", "--json").Output)!;
        Assert.Equal(0.5, (double)result["row_strategy"]![0]!, 1e-9);
        Assert.Contains("by theory", CliRun.Of("game", "matrix", PathOf("payoff.json")).Output);
    }

    public void Dispose() => Directory.Delete(folder, recursive: true);

    private static JsonNode Json(string[] arguments)
    {
        CliRun run = CliRun.Of(arguments);
        Assert.True(run.Code == 0, run.Error);
        return JsonNode.Parse(run.Output)!;
    }

    private void Write(string name, IEnumerable<string> lines) => File.WriteAllLines(PathOf(name), lines);

    private string PathOf(string name) => Path.Combine(folder, name);
}
