using System.CommandLine;
using Hone.Cli;
using Hone.Cli.Commands;
using Hone.Cli.Options;
using Hone.Core.Recipes;

[assembly: CliGroup("fail", "Ways to end.")]

namespace Hone.Tests.Cli;

internal static class SampleCommands
{
    public static IReadOnlyList<(Type, CliCommandAttribute)> All { get; } =
        CommandTree.In([typeof(FailCommand), typeof(TuneCommand), typeof(SampleReproduce), typeof(SampleMethods)]);

    public static CliRun Run(params string[] args) => CliRun.With(All, args);
}

[CliCommand("fail now", "Ends as it is told.")]
internal sealed class FailCommand : CliCommand
{
    private readonly Argument<string> how = new("how");

    public override IEnumerable<Symbol> Symbols => [how];

    public override IReadOnlyList<Example> Examples { get; } = [new("fail now input", "one line")];

    public override async Task<int> RunAsync(CommandRun run)
    {
        await Task.Yield();
        run.Reporter.Line("a remark");
        run.Reporter.Warn("a warning");
        return run.Get(how) switch
        {
            "input" => throw new HoneException("rows.jsonl:3: expected an object."),
            "input-in-parallel" => throw new AggregateException(new HoneException("rows.jsonl:3: expected an object.")),
            "bug" => throw new InvalidOperationException("a bug"),
            "missing" => throw new FileNotFoundException("Could not find file 'x'."),
            "disk" => throw new IOException("No space left on device."),
            "stopped" => throw new OperationCanceledException(run.Cancellation),
            _ => 1,
        };
    }
}

[CliCommand("tune", "Binds a recipe.")]
internal sealed class TuneCommand : CliCommand
{
    private readonly RecipeOptions<TuneOptions> options = new(null, "quick", "train.lr", "train.target_names");

    public override IEnumerable<Symbol> Symbols => options.All;

    public override SharedOptions Shared => SharedOptions.Quiet | SharedOptions.Seed | SharedOptions.OnError | SharedOptions.Threads | SharedOptions.Out;

    public override IReadOnlyList<Example> Examples { get; } = [new("tune --lr 0.1 --quick", "quickly")];

    public override Task<int> RunAsync(CommandRun run)
    {
        run.Output.Write(RecipeWriter.ToYaml(options.Bind(run)));
        run.Output.Write($"seed {run.Seed} on-error {run.OnError} out {run.Out ?? "none"}");
        return Task.FromResult(CliApp.Done);
    }
}

[Recipe("tune")]
internal sealed record TuneOptions
{
    public bool Quick { get; init; }

    public TuneTrain Train { get; init; } = new();
}

internal sealed record TuneTrain
{
    [Alias("learning_rate"), Limits(Above = 0), System.ComponentModel.Description("the step size")]
    public double Lr { get; init; } = 0.5;

    public IReadOnlyList<string> TargetNames { get; init; } = ["q"];
}

[Method("sample-method", Stage = "training", Paper = "A sample of a paper", ArXiv = "2401.00001", Command = "hone tune")]
internal sealed class SampleMethod;

[Reproduces("sample-method")]
internal sealed class SampleReproduction : IReproduction
{
    public Task<ReproductionResult> RunAsync(ReproductionOptions options, RunContext run) => Task.FromResult(new ReproductionResult(
        [
            Claim.AtLeast("It gains.", "points gained", new Measured(options.Seeds, options.Seeds - 0.5, options.Seeds + 0.5), 1, "measured on a sample"),
            Claim.AtMost("It costs little.", "share of the budget", new Measured(0.9, 0.8, 1.0), 0.25),
            Claim.AtLeast("It beats the baseline.", "difference", new Measured(0.1, -0.2, 0.4), 0),
        ],
        [new ResultTable("Accuracy", ["arm", "value"], [["vanilla", "10.5"], ["guided", "9"]])]));
}

[CliCommand("reproduce", "As the real one, with a sample method.")]
internal sealed class SampleReproduce : ReproduceCommand
{
    protected override IReadOnlyList<MethodEntry> Methods => MethodCatalog.In([typeof(SampleReproduce).Assembly]);
}

[CliCommand("methods", "As the real one, with a sample method.")]
internal sealed class SampleMethods : MethodsCommand
{
    protected override IReadOnlyList<MethodEntry> Methods => MethodCatalog.In([typeof(SampleReproduce).Assembly]);
}
