using System.CommandLine;
using System.Text.Json.Nodes;
using Hone.Cli.Options;

namespace Hone.Cli.Commands;

[CliCommand("methods", "List every research method, with its paper and the command that runs it.")]
internal class MethodsCommand : CliCommand
{
    private readonly Option<bool> markdown = CliOptions.Flag("--markdown", "Print the page docs/papers.md.");

    public override IEnumerable<Symbol> Symbols => [markdown];

    public override SharedOptions Shared => SharedOptions.Json;

    public override IReadOnlyList<Example> Examples { get; } =
    [
        new("methods", "a table"),
        new("methods --json", "slug, stage, paper, arXiv identifier and command of each"),
    ];

    /// <summary>Where methods come from; tests bring their own.</summary>
    protected virtual IReadOnlyList<MethodEntry> Methods => MethodCatalog.All();

    public override Task<int> RunAsync(CommandRun run)
    {
        IReadOnlyList<MethodEntry> methods = Methods;
        if (run.Get(markdown)) run.Output.Write(MethodCatalog.Page(methods));
        else if (run.IsJson) run.WriteJson(new JsonObject { ["methods"] = new JsonArray([.. methods.Select(ToJson)]) });
        else run.WriteTable(new ResultTable("", ["method", "stage", "arXiv", "command", "paper"], [.. methods.Select(Cells)]));
        return Task.FromResult(CliApp.Done);
    }

    private static IReadOnlyList<string> Cells(MethodEntry method) =>
        [method.Info.Slug, method.Info.Stage, method.Info.ArXiv, method.Info.Command, method.Info.Paper];

    private static JsonObject ToJson(MethodEntry method) => new()
    {
        ["slug"] = method.Info.Slug,
        ["stage"] = method.Info.Stage,
        ["paper"] = method.Info.Paper,
        ["arxiv"] = method.Info.ArXiv,
        ["command"] = method.Info.Command,
        ["reproduce"] = method.Reproduction is null ? null : $"hone reproduce {method.Info.Slug}",
    };
}
