namespace Hone.Tests.House;

/// <summary>The files of the repository as they lie on disk, without what builds and runs leave behind.</summary>
internal static class Repository
{
    private static readonly HashSet<string> Skipped = ["bin", "obj", ".git", ".vs", ".idea", "node_modules", "TestResults", "artifacts", "runs"];

    public static string Root => SharedData.RepositoryRoot;

    /// <summary>Every file below a folder, with one of the given endings; paths relative to the root, with slashes.</summary>
    public static IEnumerable<string> Files(string folder = "", params string[] endings)
    {
        string full = Path.Combine(Root, folder);
        if (!Directory.Exists(full)) return [];
        return Walk(new DirectoryInfo(full))
            .Where(file => endings.Length == 0 || endings.Contains(file.Extension))
            .Select(file => Path.GetRelativePath(Root, file.FullName).Replace('\\', '/'))
            .Order(StringComparer.Ordinal);
    }

    public static string Read(string relative) => File.ReadAllText(Path.Combine(Root, relative));

    private static IEnumerable<FileInfo> Walk(DirectoryInfo folder) =>
        folder.EnumerateFiles().Concat(folder.EnumerateDirectories().Where(inner => !Skipped.Contains(inner.Name)).SelectMany(Walk));
}
