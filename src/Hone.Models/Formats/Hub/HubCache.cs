using System.Text.RegularExpressions;
using Hone.Core;

namespace Hone.Models.Formats.Hub;

/// <summary>
/// Hugging Face's cache on disk, shared with its Python libraries: for each model <c>blobs</c> (files by hash),
/// <c>snapshots/commit</c> (links to blobs under their names) and <c>refs/branch</c> (the commit a branch had when it was fetched).
/// </summary>
public sealed partial class HubCache
{
    public HubCache(string folder) => Folder = Path.GetFullPath(folder);

    public string Folder { get; }

    /// <summary>
    /// The cache the environment names: HF_HUB_CACHE, else HF_HOME/hub, else XDG_CACHE_HOME/huggingface/hub, else
    /// ~/.cache/huggingface/hub.
    /// </summary>
    /// <param name="variable">Looks up an environment variable; the process's own when null.</param>
    public static HubCache FromEnvironment(Func<string, string?>? variable = null)
    {
        variable ??= Environment.GetEnvironmentVariable;
        string? cache = NotEmpty(variable("HF_HUB_CACHE")) ?? NotEmpty(variable("HUGGINGFACE_HUB_CACHE"));
        return new(Expand(cache ?? Path.Combine(Home(variable), "hub")));
    }

    /// <summary>HF_HOME, or where it is by default.</summary>
    internal static string Home(Func<string, string?> variable)
    {
        string profile = Environment.GetFolderPath(Environment.SpecialFolder.UserProfile);
        string caches = NotEmpty(variable("XDG_CACHE_HOME")) ?? Path.Combine(profile, ".cache");
        return Expand(NotEmpty(variable("HF_HOME")) ?? Path.Combine(caches, "huggingface"));
    }

    /// <summary>The folder with a model's files, or null when it was not fetched.</summary>
    public string? Find(HubModelId id)
    {
        string? commit = CommitPattern().IsMatch(id.Revision) ? id.Revision : ReadRef(id);
        if (commit is null) return null;
        string folder = SnapshotFolder(id, commit);
        return Directory.Exists(folder) && Directory.EnumerateFileSystemEntries(folder).Any() ? folder : null;
    }

    /// <summary>The folder with a model's files, or null when <paramref name="text"/> does not name a model or it was not fetched.</summary>
    /// <param name="text"><c>org/name[@revision]</c>.</param>
    public string? Find(string text) => HubModelId.TryParse(text) is { } id ? Find(id) : null;

    /// <summary>Where the files of a commit are, or will be.</summary>
    public string SnapshotFolder(HubModelId id, string commit) => Path.Combine(Folder, id.FolderName, "snapshots", commit);

    /// <summary>Where contents are kept by their hash.</summary>
    public string BlobFolder(HubModelId id) => Path.Combine(Folder, id.FolderName, "blobs");

    /// <summary>Notes which commit a branch or tag stands for.</summary>
    internal void WriteRef(HubModelId id, string commit)
    {
        if (id.Revision != commit) AtomicFile.WriteText(RefPath(id), commit);
    }

    /// <summary>Puts a blob into a snapshot under its name: a relative link, or a copy where links are not allowed.</summary>
    internal void Link(HubModelId id, string commit, string file, string blob)
    {
        string target = Path.Combine(BlobFolder(id), blob), link = Path.Combine(SnapshotFolder(id, commit), file);
        string folder = Path.GetDirectoryName(link)!;
        Directory.CreateDirectory(folder);
        File.Delete(link);
        try
        {
            File.CreateSymbolicLink(link, Path.GetRelativePath(folder, target));
        }
        catch (Exception error) when (error is IOException or UnauthorizedAccessException or PlatformNotSupportedException)
        {
            File.Copy(target, link, overwrite: true);
        }
    }

    /// <summary>Whether a text is a full commit hash.</summary>
    internal static bool IsCommit(string text) => CommitPattern().IsMatch(text);

    private string? ReadRef(HubModelId id)
    {
        string path = RefPath(id);
        if (!File.Exists(path) || new FileInfo(path).Length > 1000) return null;
        string commit = File.ReadAllText(path).Trim();
        return CommitPattern().IsMatch(commit) ? commit : null;
    }

    private string RefPath(HubModelId id) => Path.Combine(Folder, id.FolderName, "refs", id.Revision);

    private static string? NotEmpty(string? text) => string.IsNullOrWhiteSpace(text) ? null : text;

    private static string Expand(string path) => path.StartsWith("~/", StringComparison.Ordinal)
        ? Path.Combine(Environment.GetFolderPath(Environment.SpecialFolder.UserProfile), path[2..]) : path;

    [GeneratedRegex(@"\A[0-9a-f]{40}\z")]
    private static partial Regex CommitPattern();
}
