using System.Text.Json.Nodes;
using Hone.Models.Config;

namespace Hone.Tests.Cli;

public sealed class KvCommandTests : IDisposable
{
    private static readonly string[] Stream = ["--tasks", "stream", "--length", "64", "--stream-tokens", "8", "--samples", "2", "--threads", "1"];

    private readonly TinyModelFolder model = new(TinyModelFolder.Template);

    public void Dispose() => model.Dispose();

    [Fact]
    public void Eval_gives_both_caches_in_one_object()
    {
        CliRun run = CliRun.Of(["kv", "eval", "--model", model.Path, "--policy", "knorm", "--keep", "0.5", "--speed-tokens", "2", .. Stream, "--json"]);
        Assert.True(run.Code == 0, run.Error);
        JsonNode json = JsonNode.Parse(run.Output)!;
        foreach (string field in (string[])["quality", "full_quality", "bytes", "full_bytes", "tokens_per_second", "full_tokens_per_second"])
            Assert.True((double)json[field]! > 0 || field == "quality", field);
        Assert.Equal(0.5, (double)json["bytes"]! / (double)json["full_bytes"]!, 6);
        Assert.Equal(1, (double)json["full_quality"]!);
    }

    [Fact]
    public void The_full_cache_through_the_seam_changes_nothing()
    {
        CliRun run = CliRun.Of(["kv", "eval", "--model", model.Path, "--speed-tokens", "0", .. Stream, "--json"]);
        JsonNode json = JsonNode.Parse(run.Output)!;
        Assert.Equal(1, (double)json["quality"]!);
        Assert.True((double)json["stream"]!["mean_kl"]! < 1e-9);
        Assert.Null(json["tokens_per_second"]);
    }

    [Fact]
    public void Sweep_writes_one_page_and_lists_what_it_refused()
    {
        string folder = Path.Combine(model.Path, "sweep");
        CliRun run = CliRun.Of(["kv", "sweep", "--model", model.Path, "--policies", "full,knorm,nonsense", "--keeps", "0.5", "--bits", "32,8", .. Stream, "--out", folder, "--json"]);
        Assert.True(run.Code == 0, run.Error);
        JsonNode json = JsonNode.Parse(run.Output)!;
        Assert.Equal(4, json["results"]!.AsArray().Count);
        Assert.Equal(2, json["refused"]!.AsArray().Count);
        Assert.Contains("<svg", File.ReadAllText(Path.Combine(folder, "sweep.html")));
        Assert.DoesNotContain("<script", File.ReadAllText(Path.Combine(folder, "sweep.html")));
    }

    [Fact]
    public void A_profile_is_made_once_and_used()
    {
        string file = Path.Combine(model.Path, "profile.json");
        CliRun made = CliRun.Of(["kv", "profile", "--model", model.Path, "--keeps", "0.3,0.6", .. Stream, "--out", file, "--json"]);
        Assert.True(made.Code == 0, made.Error);
        Assert.Equal(2, JsonNode.Parse(File.ReadAllText(file))!["budgets"]!.AsArray().Count);
        CliRun used = CliRun.Of(["kv", "eval", "--model", model.Path, "--policy", "prefixkv", "--keep", "0.5", "--kv", $"profile={file}", "--speed-tokens", "0", .. Stream, "--json"]);
        Assert.True(used.Code == 0, used.Error);
        Assert.InRange((double)JsonNode.Parse(used.Output)!["bytes"]! / (double)JsonNode.Parse(used.Output)!["full_bytes"]!, 0.45, 0.5);
        CliRun absent = CliRun.Of(["kv", "eval", "--model", model.Path, "--policy", "prefixkv", "--keep", "0.5", "--kv", "profile=nowhere.json", .. Stream]);
        Assert.Equal(2, absent.Code);
        Assert.Contains("nowhere.json", absent.Error);
    }

    [Fact]
    public void Rows_of_a_file_are_asked_in_both_spellings()
    {
        string file = model.Write("rows.jsonl", """
            {"context":"Ann has 3 cups. Ann has 4 cups.","question":"Ann has?","answer_prefix":" Ann","answers":["3"],"max_new_tokens":2}
            {"input":"Ann has 3 cups.\nAnn has? Ann has","outputs":["3"]}
            """);
        CliRun run = CliRun.Of(["kv", "eval", "--model", model.Path, "--rows", file, "--policy", "streaming_llm", "--keep-tokens", "5", "--speed-tokens", "0", "--threads", "1", "--json"]);
        Assert.True(run.Code == 0, run.Error);
        Assert.Equal(2, (int)JsonNode.Parse(run.Output)!["tasks"]![0]!["samples"]!);
        CliRun bad = CliRun.Of(["kv", "eval", "--model", model.Path, "--rows", model.Write("bad.jsonl", """{"context":"a","question":"b"}"""), "--threads", "1"]);
        Assert.Equal(2, bad.Code);
        Assert.Contains("answers", bad.Error);
    }

    [Fact]
    public void Generate_takes_the_same_settings()
    {
        string[] generate = ["generate", "--model", model.Path, "--prompt", "Ann has", "--max-tokens", "6", "--threads", "1"];
        Assert.Equal(CliRun.Of(generate).Output, CliRun.Of([.. generate, "--kv", "policy=snapkv,keep=1"]).Output);
        Assert.Equal(0, CliRun.Of([.. generate, "--kv", "policy=streaming_llm,tokens=4,every=1,bits=16"]).Code);
        CliRun wrong = CliRun.Of([.. generate, "--kv", "policy=snap"]);
        Assert.Equal(2, wrong.Code);
        Assert.Contains("snapkv", wrong.Error);
    }

    [Fact]
    public void A_text_is_read_once_and_asked_again()
    {
        string text = model.Write("text.txt", string.Join(' ', Enumerable.Range(0, 400).Select(i => $"Ann has {i} cups."))), state = Path.Combine(model.Path, "stream");
        string[] stream = ["kv", "stream", "--model", model.Path, "--text", text, "--window", "32", "--sinks", "2", "--retrieve", "64", "--max-span", "8", "--queries", "8", "--max-tokens", "3", "--threads", "1", "--json"];
        CliRun first = CliRun.Of([.. stream, "--state", state]), again = CliRun.Of([.. stream, "--state", state, "--ask", " Ann has"]), whole = CliRun.Of([.. stream, "--ask", " Ann has"]);
        Assert.True(first.Code == 0 && again.Code == 0, first.Error + again.Error);
        JsonNode one = JsonNode.Parse(first.Output)!, two = JsonNode.Parse(again.Output)!;
        Assert.Equal(0, (int)one["resumed_at"]!);
        Assert.Equal((int)one["tokens"]!, (int)two["resumed_at"]!);
        Assert.True((long)two["disk_bytes"]! > 0);
        Assert.Equal((string)JsonNode.Parse(whole.Output)!["answers"]![0]!["answer"]!, (string)two["answers"]![0]!["answer"]!);
        File.AppendAllText(text, " Bob has 3 cups.");
        Assert.True((int)JsonNode.Parse(CliRun.Of([.. stream, "--state", state]).Output)!["resumed_at"]! > 0);
        File.WriteAllText(text, "Another text, which begins otherwise.");
        CliRun other = CliRun.Of([.. stream, "--state", state]);
        Assert.Equal(2, other.Code);
        Assert.Contains("another text", other.Error);
        Assert.Equal(2, CliRun.Of(["kv", "stream", "--model", model.Path, "--state", state]).Code);
        Assert.Equal(2, CliRun.Of(["kv", "stream", "--model", model.Path, "--text", model.Write("empty.txt", " ")]).Code);
    }

    [Fact]
    public void Whole_settings_are_compared_in_a_sweep()
    {
        CliRun run = CliRun.Of(["kv", "sweep", "--model", model.Path, "--kv", "policy=prefixkv,layers=uniform,keep=0.5", "--kv", "policy=prefixkv,layers=nonsense,keep=0.5", .. Stream, "--json"]);
        Assert.True(run.Code == 0, run.Error);
        Assert.Equal("policy=prefixkv,layers=uniform,keep=0.5", (string)Assert.Single(JsonNode.Parse(run.Output)!["results"]!.AsArray())!["name"]!);
        Assert.Single(JsonNode.Parse(run.Output)!["refused"]!.AsArray());
    }

    [Theory]
    [InlineData("full", 32)]
    [InlineData("full", 16)]
    [InlineData("full", 4)]
    [InlineData("snapkv", 32)]
    [InlineData("snapkv", 8)]
    [InlineData("h2o", 3)]
    [InlineData("streaming_llm", 2)]
    [InlineData("pyramidkv", 16)]
    [InlineData("prefixkv", 32)]
    [InlineData("adakv", 16)]
    public void Bytes_are_those_of_the_formula(string policy, int bits)
    {
        const int Context = 120;
        CliRun run = CliRun.Of(["kv", "eval", "--model", model.Path, "--policy", policy, "--bits", $"{bits}", "--tasks", "stream", "--length", "128", "--stream-tokens", "8", "--samples", "2",
            "--speed-tokens", "0", "--threads", "1", "--json", .. policy == "full" ? Array.Empty<string>() : ["--keep", "0.5"]]);
        Assert.True(run.Code == 0, run.Error);
        JsonNode json = JsonNode.Parse(run.Output)!;
        ModelConfig config = model.Loaded.Model.Config;
        int kept = policy == "full" ? Context : Context / 2, size = config.HeadSize, heads = config.Layers * config.KvHeads;
        // Whole blocks of 32 tokens are rounded by channel for keys; all values but the newest 32 by token. A group has two half-precision numbers, an exact number four bytes.
        int keys = kept / 32 * 32, values = Math.Max(0, kept - 32), group = Math.Min(32, size);
        long rounded = (keys + values) * (long)((size * bits + 7) / 8) + 4L * (keys / 32 * size + values * size / group) + 4L * size * (2 * kept - keys - values);
        long exact = 2L * kept * size * bits / 8;
        Assert.Equal(heads * (bits >= 16 ? exact : rounded), (double)json["bytes"]!);
        Assert.Equal(heads * 2L * Context * size * 4, (double)json["full_bytes"]!);
        Assert.True((double)json["peak_bytes"]! >= (double)json["bytes"]!);
        Assert.True((double)json["allocated_bytes"]! >= (double)json["bytes"]!);
    }

    [Theory]
    [InlineData("--keep 0", "above 0")]
    [InlineData("--keep 1.5", "--keep")]
    [InlineData("--policy nonsense", "snapkv")]
    [InlineData("--policy snapkv --bits 5", "--kv: 5 bits")]
    [InlineData("--policy full --keep 0.5", "every token")]
    [InlineData("--tasks passkey --text README.md", "stream")]
    [InlineData("--tasks stream --text nowhere.txt", "nowhere.txt")]
    public void Wrong_input_is_one_line_and_code_2(string arguments, string reason)
    {
        CliRun run = CliRun.Of(["kv", "eval", "--model", model.Path, .. arguments.Split(' ')]);
        Assert.Equal(2, run.Code);
        Assert.Contains(reason, run.Error);
        Assert.Single(run.Error.Trim().Split('\n'));
    }

    [Theory]
    [InlineData("--keeps 1.5", "--keeps")]
    [InlineData("--bits 4.5", "--bits")]
    [InlineData("--policies ,", "--policies")]
    public void A_sweep_refuses_numbers_that_mean_nothing(string arguments, string reason)
    {
        CliRun run = CliRun.Of(["kv", "sweep", "--model", model.Path, .. Stream, .. arguments.Split(' ')]);
        Assert.Equal(2, run.Code);
        Assert.Contains(reason, run.Error);
    }

    [Fact]
    public void A_profile_of_another_model_is_refused()
    {
        string file = model.Write("profile.json", """{"format":"hone-prefix-profile","samples":1,"model":"another","gini":[0.1,0.2],"budgets":[{"keep":0.5,"forget":[0.4,0.6]}]}""");
        CliRun run = CliRun.Of(["kv", "eval", "--model", model.Path, "--policy", "prefixkv", "--keep", "0.5", "--kv", $"profile={file}", "--speed-tokens", "0", .. Stream]);
        Assert.Equal(2, run.Code);
        Assert.Contains("another model", run.Error);
    }

    [Fact]
    public void A_converted_model_holds_its_latents_and_nothing_more()
    {
        string rank = model["rank.json"], text = model.Write("words.txt", string.Join(' ', Enumerable.Repeat("Ann has tea and cups.", 60))), converted = model["elite"];
        string[] data = ["--data", text, "--length", "48", "--sequences", "2", "--threads", "1"];
        CliRun ranked = CliRun.Of(["kv", "elite", "rank", "--model", model.Path, .. data, "--pairs", "64", "--out", rank]);
        Assert.True(ranked.Code == 0, ranked.Error);
        CliRun made = CliRun.Of(["kv", "elite", "convert", "--model", model.Path, "--rank", rank, "--chunks", "2", "--latent", "5", "--out", converted, "--threads", "1"]);
        Assert.True(made.Code == 0, made.Error);
        CliRun run = CliRun.Of(["kv", "eval", "--model", converted, "--speed-tokens", "2", .. Stream, "--json"]);
        Assert.True(run.Code == 0, run.Error);
        JsonNode json = JsonNode.Parse(run.Output)!;
        Assert.Equal(56 * 2 * (2 * 2 * 2 + 5) * 4, (double)json["bytes"]!); // tokens, layers, two chunks of two channels in two key heads and the latent
        Assert.Equal((double)json["full_bytes"]!, (double)json["bytes"]!);
        Assert.InRange((double)json["allocated_bytes"]!, (double)json["bytes"]!, 1.5 * (double)json["bytes"]!);
        CliRun refused = CliRun.Of(["kv", "eval", "--model", converted, "--bits", "4", .. Stream]);
        Assert.Equal(2, refused.Code);
        Assert.Contains("latents", refused.Error);
        CliRun wide = CliRun.Of(["kv", "elite", "convert", "--model", model.Path, "--rank", rank, "--chunks", "17", "--latent", "5", "--out", converted, "--threads", "1"]);
        Assert.Equal(2, wide.Code);
        Assert.Contains("17 chunks", wide.Error);
        Assert.Equal(0, CliRun.Of(["generate", "--model", converted, "--prompt", "Ann has", "--max-tokens", "3", "--threads", "1"]).Code);
    }
}
