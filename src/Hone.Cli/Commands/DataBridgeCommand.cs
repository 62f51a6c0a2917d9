using System.CommandLine;
using System.Text.Json.Nodes;
using Hone.Cli.Options;
using Hone.Data;
using Hone.Methods.Bmc;

namespace Hone.Cli.Commands;

[CliCommand("data bridge", "Edit the worse answers of preference pairs just enough to be better: BMC's first phase.")]
internal sealed class DataBridgeCommand : CliCommand
{
    private readonly DataOptions data = new("Pairs: prompt, chosen and rejected, as texts or conversations.");
    private readonly RecipeOptions<BridgeOptions> recipe = new(
        null, "bridge", "teacher", "fraction", "verify", "open_ended", "max_tokens");

    public override IEnumerable<Symbol> Symbols => [.. data.All, .. recipe.All];

    public override SharedOptions Shared => SharedOptions.Json | SharedOptions.Quiet | SharedOptions.Out | SharedOptions.Seed | SharedOptions.OnError;

    public override string Details =>
        """
        Each row keeps its worse answer; chosen becomes the edited one, and original_chosen, status and the edit distances are
        written beside it. A pair that no edit fits stays as it was, with the reason. A stopped run goes on where it was.
        """;

    public override IReadOnlyList<Example> Examples { get; } =
    [
        new("data bridge --data pairs.jsonl --bridge rules --out bridged.jsonl", "arithmetic repaired by rules"),
        new("data bridge --data pairs.jsonl --bridge teacher --teacher hone:models/teacher --fraction 0.2 --out bridged.jsonl", "a fifth of the pairs, by a local model"),
    ];

    public override Task<int> RunAsync(CommandRun run)
    {
        BridgeOptions options = recipe.Bind(run);
        JsonObject result = BmcRecipe.BridgeFile(data.Load(run, run.OnError), options, run.Out ?? "bridged.jsonl", run.Context(""));
        if (run.IsJson) run.WriteJson(result);
        else run.Output.WriteLine($"{result["rows"]} pairs, {string.Join(", ", result["bridging"]!.AsObject().Select(o => $"{o.Value} {o.Key}"))}; saved in {result["out"]}");
        return Task.FromResult(CliApp.Done);
    }
}
