using System.CommandLine;
using System.Text.Json.Nodes;
using Hone.Cli.Options;
using Hone.Models.Formats.Hub;

namespace Hone.Cli.Commands;

[CliCommand("pull", "Fetch a model from a Hugging Face style hub into the standard cache.")]
internal class PullCommand : CliCommand
{
    private readonly Argument<string> model = new("model") { Description = "org/name, or org/name@revision for a branch, tag or commit." };
    private readonly Option<string?> gguf = CliOptions.Text("--gguf", "Fetch the GGUF file whose name contains this, such as Q4_K_M, instead of safetensors.", "PART");

    public override IEnumerable<Symbol> Symbols => [model, gguf];

    public override string Details =>
        """
        Only what a run needs is fetched: settings, tokenizer, template and weights. An interrupted download goes on where it
        stopped, and every file is checked against the hub's hash. HF_ENDPOINT, HF_TOKEN, HF_HOME and HF_HUB_CACHE are
        honoured, so the cache is shared with Hugging Face's own programs. Afterwards every --model takes org/name.
        """;

    public override IReadOnlyList<Example> Examples { get; } =
    [
        new("pull HuggingFaceTB/SmolLM2-135M-Instruct", "a model in safetensors"),
        new("pull bartowski/SmolLM2-135M-Instruct-GGUF --gguf Q8_0 --json", "one GGUF file, the place as JSON"),
    ];

    /// <summary>Reads the environment; tests bring their own.</summary>
    protected virtual string? Variable(string name) => Environment.GetEnvironmentVariable(name);

    public override async Task<int> RunAsync(CommandRun run)
    {
        HubModelId id = HubModelId.Parse(run.Get(model)!);
        using HubClient client = new(HubOptions.FromEnvironment(Variable), HubCache.FromEnvironment(Variable), run.Reporter);
        string folder = await client.PullAsync(id, run.Get(gguf), run.Cancellation);
        FileInfo[] files = [.. new DirectoryInfo(folder).EnumerateFiles("*", SearchOption.AllDirectories)];
        long bytes = files.Sum(file => ((FileInfo?)file.ResolveLinkTarget(returnFinalTarget: true) ?? file).Length);
        if (run.IsJson)
            run.WriteJson(new JsonObject
            {
                ["model"] = id.ToString(),
                ["path"] = folder,
                ["commit"] = Path.GetFileName(folder),
                ["files"] = files.Length,
                ["bytes"] = bytes,
            });
        else
            run.Output.WriteLine(folder);
        run.Reporter.Line($"{files.Length} files, {Output.ModelInfoText.Bytes(bytes)}. Use it as --model {id}.");
        return CliApp.Done;
    }
}
