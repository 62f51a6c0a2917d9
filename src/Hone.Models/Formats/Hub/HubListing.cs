using System.Text.Json;
using System.Text.RegularExpressions;
using Hone.Core;

namespace Hone.Models.Formats.Hub;

/// <summary>One file of a model as the hub lists it.</summary>
/// <param name="Path">Name within the model, with forward slashes; checked to stay inside.</param>
/// <param name="Size">Bytes; null when the hub does not say.</param>
/// <param name="Sha256">Hash of the content, for large files (git LFS).</param>
/// <param name="GitSha1">Git's hash of the content, for small files.</param>
public sealed record HubFile(string Path, long? Size, string? Sha256, string? GitSha1);

/// <summary>The files of a model at one commit.</summary>
/// <param name="Commit">Full commit hash.</param>
public sealed partial record HubListing(string Commit, IReadOnlyList<HubFile> Files)
{
    private const int MaxFiles = 100_000;
    private const long MaxFileBytes = 1L << 45;

    /// <summary>Reads the answer of <c>/api/models/org/name/revision/main?blobs=true</c>.</summary>
    /// <exception cref="HoneException">Not of that form, or a file name that leads elsewhere.</exception>
    public static HubListing Parse(ReadOnlyMemory<byte> json, string source)
    {
        try
        {
            using JsonDocument document = JsonDocument.Parse(json, new JsonDocumentOptions { MaxDepth = 64 });
            JsonElement root = document.RootElement;
            string commit = Text(root, "sha") ?? "";
            if (!HubCache.IsCommit(commit))
                throw new HoneException($"{source}: the listing names commit '{commit}', expected 40 hexadecimal digits.");
            if (!root.TryGetProperty("siblings", out JsonElement siblings) || siblings.ValueKind != JsonValueKind.Array)
                throw new HoneException($"{source}: the listing has no 'siblings', the list of files.");
            if (siblings.GetArrayLength() > MaxFiles) throw new HoneException($"{source}: more than {MaxFiles} files.");
            return new(commit, [.. siblings.EnumerateArray().Select(file => ReadFile(file, source))]);
        }
        catch (Exception error) when (error is JsonException or InvalidOperationException)
        {
            throw new HoneException($"{source}: the answer is not a listing of files: {error.Message} Is HF_ENDPOINT right?", error);
        }
    }

    private static HubFile ReadFile(JsonElement file, string source)
    {
        string path = Text(file, "rfilename") ?? throw new HoneException($"{source}: a file without a name.");
        if (!IsSafe(path)) throw new HoneException($"{source}: lists a file '{path}', a name that would lead outside the model's folder.");
        string? sha256 = null;
        long? size = Number(file, "size");
        if (file.TryGetProperty("lfs", out JsonElement lfs) && lfs.ValueKind == JsonValueKind.Object)
        {
            sha256 = Text(lfs, "sha256") ?? Text(lfs, "oid");
            size = Number(lfs, "size") ?? size;
        }
        string? sha1 = sha256 is null ? Text(file, "blobId") : null;
        if (sha256 is not null && !Sha256Pattern().IsMatch(sha256)) throw new HoneException($"{source}: '{path}' has a malformed hash.");
        if (size is < 0 or > MaxFileBytes) throw new HoneException($"{source}: '{path}' has {size} bytes, which cannot be.");
        return new(path, size, sha256, sha1 is not null && HubCache.IsCommit(sha1) ? sha1 : null);
    }

    /// <summary>A name that stays inside the folder on any system.</summary>
    private static bool IsSafe(string path) => path.Length is > 0 and < 1000
        && path.AsSpan().IndexOfAny("\\:\0\r\n") < 0
        && path.Split('/').All(part => part.Length > 0 && part is not ("." or ".."));

    private static string? Text(JsonElement element, string name) =>
        element.TryGetProperty(name, out JsonElement value) && value.ValueKind == JsonValueKind.String ? value.GetString() : null;

    private static long? Number(JsonElement element, string name) =>
        element.TryGetProperty(name, out JsonElement value) && value.ValueKind == JsonValueKind.Number
            && value.TryGetInt64(out long number) ? number : null;

    [GeneratedRegex(@"\A[0-9a-f]{64}\z")]
    private static partial Regex Sha256Pattern();
}
