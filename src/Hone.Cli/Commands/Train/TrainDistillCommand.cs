using System.Text.Json.Nodes;
using Hone.Data;
using Hone.Methods.Distillation;

namespace Hone.Cli.Commands.Train;

[CliCommand("train distill", "Learn a teacher's distributions, on given answers and on the student's own.")]
internal sealed class TrainDistillCommand() : TrainCommand<DistillOptions>(
    "Rows: text, prompt and completion, messages, or question and answer; with --lmbda above 0 they need prompts.", true,
    "teacher_model", "beta", "lmbda", "temperature", "max_new_tokens")
{
    public override IReadOnlyList<Example> Examples { get; } =
        [new("train distill --model models/seed-weak --teacher-model models/seed --data task.jsonl --lmbda 0.5 --out runs/distill", "half of the steps on the student's own answers")];

    protected override string Name => "distill";

    protected override JsonObject Train(Source source, Dataset data, DistillOptions options, RunContext run, bool dryRun) =>
        DistillRecipe.Run(source.Open(), data, Located(options), run, dryRun);

    private static DistillOptions Located(DistillOptions options) =>
        options.TeacherModel.Length == 0 ? options : options with { TeacherModel = Options.ModelArgument.Locate(options.TeacherModel) };
}
