using System.Text.Json.Nodes;
using Hone.Data;
using Hone.Methods.Bmc;

namespace Hone.Cli.Commands.Train;

[CliCommand("train bmc", "Preferences with worse answers edited into better ones, and weights on the tokens that differ.")]
internal sealed class TrainBmcCommand() : TrainCommand<BmcOptions>(
    "Pairs: prompt, chosen and rejected, as texts or conversations; the prompt may be left out.", true,
    "objective", "beta", "simpo_gamma", "rdpo_alpha", "weights.delta", "weights.ref_weights", "diff", "ignore_stopwords",
    "bridging.bridge", "bridging.teacher", "bridging.fraction", "bridging.verify", "bridging.open_ended", "ref_model", "reference_cache")
{
    public override IReadOnlyList<Example> Examples { get; } =
    [
        new("train bmc --model model.gguf --data pairs.jsonl --bridge teacher --teacher http://localhost:8080/v1#name --lora-rank 8 --out runs/bmc", "a teacher repairs the worse answers first"),
        new("train bmc --model models/seed --data pairs.jsonl --bridge rules --delta 3 --out runs/bmc", "arithmetic repaired by rules"),
        new("train bmc --model models/seed --data pairs.jsonl --objective simpo --delta 1 --out runs/bmc", "token weights alone, no reference policy"),
    ];

    protected override string Name => "bmc";

    protected override JsonObject Train(Source source, Dataset data, BmcOptions options, RunContext run, bool dryRun) =>
        BmcRecipe.Run(source.Open(), data, options, run, dryRun);
}
