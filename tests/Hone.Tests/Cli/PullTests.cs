using System.Text;
using System.Text.Json.Nodes;
using Hone.Cli;
using Hone.Cli.Commands;
using Hone.Tests.Models.Formats.Hub;

namespace Hone.Tests.Cli;

public sealed class PullTests : IDisposable
{
    private readonly TinyModelFolder model = new();
    private readonly FakeHub hub;

    public PullTests()
    {
        hub = FakeHub.With(Directory.GetFiles(model.Path).ToDictionary(file => Path.GetFileName(file)!, File.ReadAllBytes));
        PullHere.Endpoint = hub.Address.ToString();
        PullHere.Home = model["home"];
    }

    public void Dispose()
    {
        hub.Dispose();
        model.Dispose();
    }

    private static CliRun Pull(params string[] args) => CliRun.With(CommandTree.In([typeof(PullHere)]), ["pull", .. args]);

    [Fact]
    public void A_model_comes_into_the_cache_and_can_be_used()
    {
        CliRun run = Pull("acme/tiny", "--json");
        Assert.Equal(0, run.Code);
        JsonNode json = JsonNode.Parse(run.Output)!;
        string folder = (string)json["path"]!;
        Assert.StartsWith(model["home"], folder);
        Assert.Equal(("acme/tiny", FakeHub.Commit), ((string)json["model"]!, (string)json["commit"]!));
        Assert.Equal(Directory.GetFiles(model.Path).Sum(file => new FileInfo(file).Length), (long)json["bytes"]!);
        CliRun local = CliRun.Of("generate", "--model", model.Path, "--prompt", "Ann", "--max-tokens", "3", "--quiet"),
            pulled = CliRun.Of("generate", "--model", folder, "--prompt", "Ann", "--max-tokens", "3", "--quiet");
        Assert.Equal((local.Output, ""), (pulled.Output, pulled.Error));
        Assert.Equal(folder + "\n", Pull("acme/tiny").Output);
    }

    [Fact]
    public void What_cannot_be_had_is_one_line()
    {
        Assert.Equal((2, "'a b' is not a model on the hub. Expected org/name or org/name@revision, e.g. HuggingFaceTB/SmolLM2-135M-Instruct.\n"), (Pull("a b").Code, Pull("a b").Error));
        CliRun run = Pull("acme/other");
        Assert.Equal(2, run.Code);
        Assert.Single(run.Error.TrimEnd('\n').Split('\n'));
        Assert.Contains("acme/other", run.Error);
    }

    [CliCommand("pull", "From a hub of our own.")]
    private sealed class PullHere : PullCommand
    {
        public static string Endpoint { get; set; } = "";

        public static string Home { get; set; } = "";

        protected override string? Variable(string name) => name switch
        {
            "HF_ENDPOINT" => Endpoint,
            "HF_HOME" => Home,
            _ => null,
        };
    }
}
