namespace Hone.Core;

/// <summary>
/// Files that come with Hone (recipes, the seed model): looked for in the current folder first, so that a user's own win,
/// then beside the program and in the folders above it.
/// </summary>
public static class Assets
{
    /// <summary>
    /// Path of a file or folder such as <c>recipes</c> or <c>models/seed</c>: as given when the current folder has it, so that
    /// messages stay short; null when it is nowhere.
    /// </summary>
    public static string? Find(string relative) => File.Exists(relative) || Directory.Exists(relative) ? relative
        : Roots().Select(root => Path.Combine(root, relative)).FirstOrDefault(path => File.Exists(path) || Directory.Exists(path));

    /// <summary>Like <see cref="Find"/>, but its absence is an error.</summary>
    /// <exception cref="HoneException">It is nowhere.</exception>
    public static string Require(string relative) => Find(relative)
        ?? throw new HoneException($"{relative}: not found in the current folder nor beside the program. Run from Hone's folder or give a path.");

    private static IEnumerable<string> Roots()
    {
        for (DirectoryInfo? folder = new(AppContext.BaseDirectory); folder is not null; folder = folder.Parent) yield return folder.FullName;
    }
}
