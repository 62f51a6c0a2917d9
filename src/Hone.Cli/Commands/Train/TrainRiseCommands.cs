using System.Text.Json.Nodes;
using Hone.Data;
using Hone.Methods.Rise;
using Hone.Models.Text;

namespace Hone.Cli.Commands.Train;

[CliCommand("train rise", "Preferences from the model's own right steps with errors put in, and its right and wrong solutions.")]
internal sealed class TrainRiseCommand() : TrainCommand<RiseOptions>(
    "Questions: question and answer. Or pairs made earlier: prompt, initial_reason_steps, chosen, rejected.", true,
    "beta", "nll_weight", "edit_distance_filter", "max_edit_distance", "num_generations", "edits", "pairs", "injector", "wording", "split_by",
    "temperature", "top_p", "max_completion_length", "check", "ref_model", "reference_cache")
{
    public override IReadOnlyList<Example> Examples { get; } =
    [
        new("train rise --model model.gguf --data questions.jsonl --lora-rank 8 --out runs/rise", "sample, edit, train"),
        new("train rise --model models/seed --data questions.jsonl --injector rules --temperature 1 --out runs/rise", "errors by rule, for models that cannot be asked"),
        new("train rise --model model.gguf --data runs/rise/pairs.jsonl --nll-weight 0 --out runs/rise-2", "the same pairs with another loss"),
    ];

    protected override string Name => "rise";

    protected override void Check(ModelText text, Row row)
    {
        if (row.Has("chosen")) RisePair.Of(row);
    }

    protected override JsonObject Train(Source source, Dataset data, RiseOptions options, RunContext run, bool dryRun) =>
        RiseRecipe.Run(source.Open(), data, options, run, dryRun);
}

[CliCommand("train rise-teach", "Teach the built-in model to put errors into steps when asked, so that RISE needs no other model.")]
internal sealed class TrainRiseTeachCommand() : TrainCommand<RiseTeachOptions>("Not used: examples are generated.", false, "edit_share")
{
    public override IReadOnlyList<Example> Examples { get; } = [new("train rise-teach --model models/seed --out runs/rise-teach", "then: train rise --model runs/rise-teach/model")];

    protected override string Name => "rise-teach";

    protected override Dataset BuiltIn(long seed) => new([], RowKind.Task, "generated", "", 0, []);

    protected override JsonObject Train(Source source, Dataset data, RiseTeachOptions options, RunContext run, bool dryRun) =>
        RiseTeachRecipe.Run(source.Open(), options, run, dryRun);
}
