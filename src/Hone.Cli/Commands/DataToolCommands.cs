using System.CommandLine;
using System.Text.Json.Nodes;
using Hone.Cli.Options;
using Hone.Data;
using Hone.Methods.Tasks;
using Hone.Methods.TlTraining;

namespace Hone.Cli.Commands;

[CliCommand("data tool-mae", "Turns of tool conversations to learn, without the calls that a tool answered with an error.")]
internal sealed class DataToolMaeCommand : CliCommand
{
    private readonly DataOptions data = new("Conversations with tools: messages with tool_calls, or ShareGPT's function_call and observation.");
    private readonly RecipeOptions<ToolMaeOptions> recipe = new(null, "cues", "executor_status", "form");

    public override IEnumerable<Symbol> Symbols => [.. data.All, .. recipe.All];

    public override SharedOptions Shared => SharedOptions.Json | SharedOptions.Quiet | SharedOptions.Out | SharedOptions.OnError;

    public override string Details =>
        """
        One row for each assistant's turn that is kept: what came before it is the prompt, failed calls included, so that
        recovering is learnt and failing is not (TL-Training's MAE). 'train sft' and any other trainer take the result; with
        --form tasks it is question, answer and tools, which the checker tool-call scores.
        """;

    public override IReadOnlyList<Example> Examples { get; } =
    [
        new("data tool-mae --data trajectories.jsonl --out kept.jsonl", "then: train sft --data kept.jsonl"),
        new("data tool-mae --data trajectories.jsonl --form tasks --cues errors.txt --out calls.jsonl", "calls alone, your own words for errors; then: eval or train grpo with tool-call"),
    ];

    public override Task<int> RunAsync(CommandRun run)
    {
        ToolMaeOptions options = recipe.Bind(run);
        JsonObject result = ToolData.WithoutFailedCalls(ToolRows.Load(run, data), options, run.Out ?? "kept.jsonl");
        if (run.IsJson) run.WriteJson(result);
        else
        {
            JsonObject blocked = result["blocked"]!.AsObject();
            run.Output.WriteLine($"{result["rows"]} of {result["turns"]} turns kept; blocked: {(blocked.Count == 0 ? "none" : string.Join(", ", blocked.Select(b => $"{b.Value} {b.Key}")))}; saved in {result["out"]}");
        }
        return Task.FromResult(CliApp.Done);
    }
}

[CliCommand("data tool-split", "Divide tool conversations so that the tools of one part are unknown to the other.")]
internal sealed class DataToolSplitCommand : CliCommand
{
    private readonly DataOptions data = new("Conversations with tools.");
    private readonly Option<double> share = CliOptions.Number("--share", "Share of the conversations with unseen tools.", 0.2, 0.001, 0.999);

    public override IEnumerable<Symbol> Symbols => [.. data.All, share];

    public override SharedOptions Shared => SharedOptions.Json | SharedOptions.Quiet | SharedOptions.Out | SharedOptions.Seed | SharedOptions.OnError;

    public override string Details =>
        """
        Writes seen.jsonl and unseen.jsonl to --out. Conversations that share a tool, offered or called, are on one side; so are those
        that are tied together through others.
        """;

    public override IReadOnlyList<Example> Examples { get; } =
        [new("data tool-split --data trajectories.jsonl --share 0.2 --out tools", "train on tools/seen.jsonl; data tool-mae --form tasks makes tools/unseen.jsonl a test")];

    public override Task<int> RunAsync(CommandRun run)
    {
        JsonObject result = ToolData.ByTools(ToolRows.Load(run, data), run.Get(share), run.Seed, run.Out ?? "tools");
        if (run.IsJson) run.WriteJson(result);
        else run.Output.WriteLine($"{result["seen"]} conversations with {result["tools_seen"]} tools, {result["unseen"]} with {result["tools_unseen"]} unseen ones; saved in {result["out"]}");
        return Task.FromResult(CliApp.Done);
    }
}

/// <summary>Rows that are conversations with tools.</summary>
internal static class ToolRows
{
    public static Dataset Load(CommandRun run, DataOptions data)
    {
        Dataset loaded = data.Load(run, run.OnError);
        return run.OnError == OnError.Skip && loaded.Kind == RowKind.Messages
            ? ReadableRows.Of(loaded, row => Trajectory.Read(row), error => run.Reporter.Warn($"left out: {error.Message}")) : loaded;
    }
}
