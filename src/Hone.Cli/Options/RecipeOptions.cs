using System.CommandLine;
using System.CommandLine.Parsing;
using Hone.Core.Recipes;

namespace Hone.Cli.Options;

/// <summary>
/// The options of a command that runs a recipe: <c>--recipe</c>, <c>--set</c>, and an option of its own for each setting
/// worth a short name. All of them change one tree before it is bound, so a setting is declared, checked and explained in
/// its record only.
/// </summary>
/// <typeparam name="T">The options record.</typeparam>
public sealed class RecipeOptions<T> where T : class
{
    private readonly string? defaultRecipe;
    private readonly List<(string Path, Option Option, bool IsText)> own = [];
    private readonly Option<string?> recipe;
    private readonly Option<string[]> set = CliOptions.Texts("--set", "Set any option of the recipe, for example --set train.lr=1e-3. Repeatable.", "KEY=VALUE");

    /// <param name="defaultRecipe">The recipe to start from when none is given; null starts from the record's defaults.</param>
    /// <param name="exposed">Paths that get an option of their own (<c>train.lr</c> becomes <c>--lr</c>); none exposes every
    /// option of the record itself.</param>
    public RecipeOptions(string? defaultRecipe, params string[] exposed)
    {
        this.defaultRecipe = defaultRecipe;
        recipe = CliOptions.Text("--recipe", $"Recipe to run: a name ('hone recipes') or a file{(defaultRecipe is null ? "" : $" [default: {defaultRecipe}]")}.", "NAME|FILE");
        Dictionary<string, OptionHelp> help = OptionHelp.Of(typeof(T)).ToDictionary(option => option.Path);
        foreach (string path in exposed.Length > 0 ? exposed : [.. help.Keys.Where(path => !path.Contains('.'))])
        {
            OptionHelp option = help.GetValueOrDefault(path) ?? throw new ArgumentException($"{typeof(T).Name} has no option '{path}'.");
            own.Add((path, Make(option), option.Type == typeof(string)));
        }
    }

    /// <summary>What to list among the command's symbols.</summary>
    public IEnumerable<Option> All => [.. own.Select(pair => pair.Option), recipe, set];

    /// <summary>The bound options: the recipe, changed by <c>--set</c>, changed by the options of their own.</summary>
    /// <exception cref="HoneException">A mistake in the file or an option, with its place.</exception>
    public T Bind(CommandRun run) => File(run).Bind<T>(RecipeLibrary.Components);

    private RecipeFile File(CommandRun run)
    {
        IEnumerable<RecipeOverride> overrides = [.. run.Get(set)!.Select(RecipeOverride.Parse), .. own.SelectMany(o => Given(run, o.Path, o.Option, o.IsText))];
        string? name = run.Get(recipe) ?? defaultRecipe;
        return name is null ? RecipeFile.FromOptions(overrides) : RecipeFile.Load(RecipeLibrary.PathOf(name), overrides);
    }

    private static IEnumerable<RecipeOverride> Given(CommandRun run, string path, Option option, bool isText)
    {
        if (!run.IsGiven(option)) yield break;
        string value = option is Option<bool> flag ? (run.Get(flag) ? "true" : "false") : run.Get((Option<string?>)option) ?? "";
        yield return new RecipeOverride(path, value, new Place(option.Name), isText);
    }

    private static Option Make(OptionHelp help)
    {
        string last = help.Path.Split('.')[^1];
        string[] aliases = [.. help.Aliases.Select(alias => "--" + OptionKey.Kebab(alias).Replace('_', '-'))];
        string about = help.Description.Length > 0 ? help.Description : help.Expected;
        string limits = help.Limits.Length > 0 ? $", {help.Limits}" : "";
        string text = $"{char.ToUpperInvariant(about[0])}{about[1..].TrimEnd('.')}{limits}.{(help.DefaultText.Length > 0 ? $" [default: {help.DefaultText}]" : "")}";
        string name = "--" + last.Replace('_', '-');
        if (help.Type == typeof(bool) || help.Type == typeof(bool?)) return new Option<bool>(name, aliases) { Description = text };
        return new Option<string?>(name, aliases) { Description = text, HelpName = help.ValueName };
    }
}
