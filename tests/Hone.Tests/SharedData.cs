namespace Hone.Tests;

/// <summary>
/// Finds data that is not part of the project: a folder <c>shared</c> beside the repository, or the one HONE_SHARED names.
/// Tests that need it skip, saying so, where it is absent.
/// </summary>
internal static class SharedData
{
    /// <summary>The repository's root: the folder that holds Hone.slnx.</summary>
    public static string RepositoryRoot { get; } = FindRoot();

    /// <summary>Full path of a file or folder under shared, or null when it is absent.</summary>
    public static string? Path(string relative)
    {
        string root = Environment.GetEnvironmentVariable("HONE_SHARED") ?? System.IO.Path.Combine(RepositoryRoot, "..", "shared");
        string path = System.IO.Path.GetFullPath(System.IO.Path.Combine(root, relative));
        return File.Exists(path) || Directory.Exists(path) ? path : null;
    }

    /// <summary>Like <see cref="Path"/>, but skips the running test when the data is absent.</summary>
    public static string Require(string relative)
    {
        string? path = Path(relative);
        Assert.SkipWhen(path is null, $"shared/{relative} is not here");
        return path;
    }

    /// <summary>Full path of a file under tests/golden.</summary>
    public static string Golden(string relative) => System.IO.Path.Combine(RepositoryRoot, "tests", "golden", relative);

    /// <summary>A file of recorded rows: all of them where shared data is, else the choice that comes with the project.</summary>
    /// <param name="relative">Path below data/golden and below tests/golden alike.</param>
    public static string GoldenRows(string relative) => Path($"data/golden/{relative}") ?? Golden(relative);

    private static string FindRoot()
    {
        for (DirectoryInfo? folder = new(AppContext.BaseDirectory); folder is not null; folder = folder.Parent)
            if (File.Exists(System.IO.Path.Combine(folder.FullName, "Hone.slnx"))) return folder.FullName;
        throw new InvalidOperationException("Hone.slnx was not found above the test assembly.");
    }
}
