using System.Text.Json.Nodes;
using Hone.Data;
using Hone.Methods.Scir;

namespace Hone.Cli.Commands.Train;

[CliCommand("train scir", "Learning from pairs the model labels itself, where its internal rewards agree.")]
internal sealed class TrainScirCommand() : TrainCommand<ScirOptions>(
    "Rows to answer: prompt (a text or messages) or question.", true,
    "anchor", "iterations", "num_generations", "max_completion_length", "temperature", "top_p", "reference", "ref_model", "label_warmup", "anchor_share", "held_out_share", "max_drop",
    "judge", "judge_template", "verdict_first", "verdict_second", "loss.rewards", "loss.penalty", "loss.gamma", "loss.beta", "loss.select", "loss.tau", "loss.freeze", "loss.labels", "loss.length_penalty")
{
    public override IReadOnlyList<Example> Examples { get; } =
    [
        new("train scir --model model --data prompts.jsonl --anchor seed-pairs.jsonl --iterations 3 --lora-rank 8 --lr 5e-5 --out runs/scir", "three rounds, with pairs that are known to be right as anchor and audit"),
        new("train scir --model model --data prompts.jsonl --anchor seed-pairs.jsonl --judge http://localhost:8080/v1#big --out runs/scir", "a larger model judges, and the implicit reward has to agree with it"),
        new("train scir --model model --data prompts.jsonl --labels judge --gamma 0 --out runs/self-rewarding", "the self-rewarding baseline: the judge alone labels"),
    ];

    protected override string Name => "scir";

    protected override JsonObject Train(Source source, Dataset data, ScirOptions options, RunContext run, bool dryRun)
    {
        Dataset? anchor = options.Anchor.Length == 0 ? null : Dataset.Load(options.Anchor, new TableOptions
        {
            Note = run.Reporter.Line,
            OnError = source.OnError,
            Skipped = error => run.Reporter.Warn($"left out: {error.Message}"),
        });
        if (anchor is not null && source.OnError == OnError.Skip) anchor = Readable(anchor, source, run.Reporter);
        return ScirRecipe.Run(source.Open(), data, anchor, options, run, dryRun);
    }
}
