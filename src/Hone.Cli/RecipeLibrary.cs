using Hone.Core.Recipes;

namespace Hone.Cli;

/// <summary>One recipe file that comes with Hone or lies in the current folder.</summary>
/// <param name="Name">Path below the recipes folder, without the ending.</param>
/// <param name="Path">The file.</param>
/// <param name="Summary">Its first comment line.</param>
internal sealed record ListedRecipe(string Name, string Path, string Summary);

/// <summary>The recipes folder: names to files.</summary>
internal static class RecipeLibrary
{
    private const string Folder = "recipes";

    /// <summary>Every recipe, found recursively, by name.</summary>
    public static IReadOnlyList<ListedRecipe> All()
    {
        if (Assets.Find(Folder) is not { } folder) return [];
        return [.. Directory.EnumerateFiles(folder, "*.yaml", SearchOption.AllDirectories)
            .Select(path => new ListedRecipe(NameOf(folder, path), path, FirstComment(path)))
            .OrderBy(recipe => recipe.Name, StringComparer.Ordinal)];
    }

    /// <summary>A path is taken as it is; anything else is a name in the recipes folder.</summary>
    /// <exception cref="HoneException">Neither exists.</exception>
    public static string PathOf(string pathOrName)
    {
        if (File.Exists(pathOrName)) return pathOrName;
        IReadOnlyList<ListedRecipe> all = All();
        return all.FirstOrDefault(recipe => recipe.Name == pathOrName)?.Path
            ?? throw HoneException.Unknown("recipe or file", pathOrName, all.Select(recipe => recipe.Name));
    }

    /// <summary>The component names and recipe kinds of this build.</summary>
    public static ComponentRegistry Components { get; } = new ComponentRegistry().Scan(HoneAssemblies.All);

    /// <inheritdoc cref="Components"/>
    public static IReadOnlyDictionary<string, Type> Kinds { get; } = RecipeKinds.In(HoneAssemblies.All);

    private static string NameOf(string folder, string path) =>
        Path.ChangeExtension(Path.GetRelativePath(folder, path), null).Replace('\\', '/');

    private static string FirstComment(string path) =>
        File.ReadLines(path).FirstOrDefault(line => line.StartsWith('#'))?.TrimStart('#').Trim() ?? "";
}
