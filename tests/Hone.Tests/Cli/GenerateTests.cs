using System.Text.Json.Nodes;
using Hone.Inference;
using Hone.Inference.Sampling;

namespace Hone.Tests.Cli;

public sealed class GenerateTests : IDisposable
{
    private readonly TinyModelFolder model = new(TinyModelFolder.Template);

    public void Dispose() => model.Dispose();

    private CliRun Run(params string[] args) => CliRun.Of([.. new[] { "generate", "--model", model.Path, "--threads", "1" }, .. args]);

    private GenerationResult Expected(int[] prompt, int most, double temperature = 0, long seed = 1, int samples = 1) => new Engine(model.Loaded).Generate(new GenerationRequest
    {
        Prompt = prompt,
        MaxTokens = most,
        Sampling = new SamplingOptions { Temperature = temperature },
        Seed = seed,
        Samples = samples,
        LogProbs = true,
    })[^1];

    private static int[] Ints(JsonNode? list) => [.. list!.AsArray().Select(n => (int)n!)];

    [Fact]
    public void Greedy_by_default_from_text_and_from_ids()
    {
        int[] prompt = model.Tokenizer.Encode("Ann has");
        GenerationResult expected = Expected(prompt, 12);
        foreach (string[] source in new[] { new[] { "--prompt", "Ann has" }, ["--ids", string.Join(",", prompt)] })
        {
            JsonNode json = JsonNode.Parse(Run([.. source, "--max-tokens", "12", "--json"]).Output)!;
            Assert.Equal(expected.Ids, Ints(json["ids"]));
            Assert.Equal(expected.Text, (string)json["text"]!);
            Assert.Equal(expected.LogProbs, json["logprobs"]!.AsArray().Select(n => (float)n!));
            Assert.Equal(prompt, Ints(json["prompt_ids"]));
        }
    }

    [Fact]
    public void Text_streams_to_standard_output()
    {
        CliRun run = Run("--prompt", "Ann has", "--max-tokens", "12");
        Assert.Equal(Expected(model.Tokenizer.Encode("Ann has"), 12).Text + "\n", run.Output);
        Assert.Contains("2 prompt tokens, ", run.Error);
    }

    [Fact]
    public void Messages_go_through_the_template()
    {
        string file = model.Write("chat.json", """[{"role":"user","content":"Ann has tea"}]""");
        JsonNode json = JsonNode.Parse(Run("--messages", file, "--max-tokens", "3", "--json").Output)!;
        Assert.Equal(model.Tokenizer.Encode("<q>Ann has tea<a>"), Ints(json["prompt_ids"]));
        file = model.Write("chat2.json", """{"messages":[{"role":"user","content":"Ann has tea"}]}""");
        Assert.Equal(json.ToJsonString(), JsonNode.Parse(Run("--messages", file, "--max-tokens", "3", "--json").Output)!.ToJsonString());
    }

    [Fact]
    public void Samples_follow_the_seed()
    {
        string[] args = ["--prompt", "Ann", "--max-tokens", "6", "--temperature", "1", "--samples", "3", "--json"];
        JsonNode one = JsonNode.Parse(Run([.. args, "--seed", "5"]).Output)!, again = JsonNode.Parse(Run([.. args, "--seed", "5"]).Output)!, other = JsonNode.Parse(Run([.. args, "--seed", "6"]).Output)!;
        Assert.Equal(one.ToJsonString(), again.ToJsonString());
        Assert.NotEqual(one["samples"]!.ToJsonString(), other["samples"]!.ToJsonString());
        Assert.Equal(3, one["samples"]!.AsArray().Count);
        Assert.Equal(Ints(one["ids"]), Ints(one["samples"]![0]!["ids"]));
        Assert.Equal(Expected(model.Tokenizer.Encode("Ann"), 6, 1, 5, 3).Ids, Ints(one["samples"]![2]!["ids"]));
    }

    [Fact]
    public void A_stop_string_ends_the_text()
    {
        string whole = Run("--prompt", "Ann has", "--max-tokens", "12", "--ignore-eos", "--quiet").Output.TrimEnd('\n');
        string stop = whole.Substring(whole.Length / 2, 1);
        JsonNode json = JsonNode.Parse(Run("--prompt", "Ann has", "--max-tokens", "12", "--ignore-eos", "--stop", stop, "--json").Output)!;
        Assert.Equal(whole[..whole.IndexOf(stop, StringComparison.Ordinal)], (string)json["text"]!);
        Assert.Equal("stop", (string)json["finish"]!);
    }

    [Fact]
    public void Without_a_tokenizer_ids_go_in_and_come_out()
    {
        using TinyModelFolder bare = new(hasTokenizer: false);
        CliRun run = CliRun.Of("generate", "--model", bare.Path, "--ids", "260,263", "--max-tokens", "4", "--threads", "1", "--quiet");
        Assert.Equal(string.Join(',', Expected([260, 263], 4).Ids) + "\n", run.Output);
        Assert.Contains("no tokenizer was found", CliRun.Of("generate", "--model", bare.Path, "--prompt", "Ann").Error);
    }

    [Theory]
    [InlineData("", "give one of --prompt, --ids and --messages.")]
    [InlineData("--prompt a --ids 1", "give one of --prompt, --ids and --messages; found --prompt and --ids.")]
    [InlineData("--ids 1,two", "--ids: 'two' is not a token id. Expected whole numbers with commas between, such as 1,2,3.")]
    [InlineData("--ids 99999", "token id 99999 is outside the model's vocabulary of 270. Is this the tokenizer of this model?")]
    [InlineData("--messages none.json", "none.json: no such file. Give a JSON file with a list of messages.")]
    [InlineData("--prompt a --top-p 2", "hone generate: --top-p: must be from 0 to 1, found 2. See 'hone generate --help'.")]
    public void Bad_input_is_one_line(string args, string message)
    {
        CliRun run = Run(args.Split(' ', StringSplitOptions.RemoveEmptyEntries));
        Assert.Equal((2, "", message + "\n"), (run.Code, run.Output, run.Error));
    }

    [Fact]
    public void A_malformed_conversation_is_named()
    {
        string file = model.Write("chat.json", "[", "{]");
        Assert.StartsWith($"{file}:2: not valid JSON at column 2: ", Run("--messages", file).Error, StringComparison.Ordinal);
        file = model.Write("chat.json", "{}");
        Assert.StartsWith($"{file}: expected a list of messages", Run("--messages", file).Error);
    }
}
