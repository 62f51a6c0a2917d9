using System.CommandLine;
using System.Text.Json.Nodes;
using Hone.Core.Recipes;

namespace Hone.Cli.Commands;

[CliCommand("recipes", "List the recipes, or the options of one.")]
internal sealed class RecipesCommand : CliCommand
{
    private readonly Argument<string?> name = new("recipe") { Description = "A recipe's name or file.", Arity = ArgumentArity.ZeroOrOne };

    public override IEnumerable<Symbol> Symbols => [name];

    public override SharedOptions Shared => SharedOptions.Json;

    public override string Details =>
        """
        Every option of a recipe can be set on the command line: --set train.lr=1e-3. Values given there win over the file.
        """;

    public override IReadOnlyList<Example> Examples { get; } =
    [
        new("recipes", "names and first lines"),
        new("recipes improve", "its options, with their values, ranges and meaning"),
    ];

    public override Task<int> RunAsync(CommandRun run)
    {
        if (run.Get(name) is { } wanted) Describe(run, wanted);
        else List(run);
        return Task.FromResult(CliApp.Done);
    }

    private static void List(CommandRun run)
    {
        IReadOnlyList<ListedRecipe> all = RecipeLibrary.All();
        if (run.IsJson)
        {
            run.WriteJson(new JsonObject
            {
                ["recipes"] = new JsonArray([.. all.Select(recipe =>
                    new JsonObject { ["name"] = recipe.Name, ["path"] = recipe.Path, ["summary"] = recipe.Summary })]),
            });
            return;
        }
        run.WriteTable(new ResultTable("", ["recipe", "what it does"], [.. all.Select(recipe => new[] { recipe.Name, recipe.Summary })]));
    }

    private static void Describe(CommandRun run, string wanted)
    {
        RecipeFile file = RecipeFile.Load(RecipeLibrary.PathOf(wanted));
        Type type = RecipeKinds.Of(file, RecipeLibrary.Kinds);
        JsonObject values = RecipeWriter.ToJson(file.Bind(type, RecipeLibrary.Components));
        OptionHelp[] options = [.. OptionHelp.Of(type)];
        if (run.IsJson)
        {
            run.WriteJson(new JsonObject { ["recipe"] = file.Kind, ["path"] = file.Path, ["values"] = values, ["options"] = new JsonArray([.. options.Select(ToJson)]) });
            return;
        }
        run.Output.WriteLine($"{file.Path}: {DocComments.Of(type)}");
        foreach (OptionHelp option in options)
        {
            run.Output.WriteLine();
            run.Output.WriteLine($"{option.Path}: {ValueAt(values, option.Path)?.ToJsonString() ?? "none"}");
            run.Output.WriteLine($"  {option.Description}{(option.Description.Length > 0 ? ": " : "")}{option.Expected}");
        }
    }

    private static JsonNode? ValueAt(JsonObject values, string path) =>
        path.Split('.').Aggregate((JsonNode?)values, (node, key) => (node as JsonObject)?[key]);

    private static JsonObject ToJson(OptionHelp option) => new()
    {
        ["option"] = option.Path,
        ["expected"] = option.Expected,
        ["default"] = option.Default?.DeepClone(),
        ["required"] = option.IsRequired,
        ["description"] = option.Description,
    };
}
