using Hone.Core;

namespace Hone.Models.Formats.Hub;

/// <summary>
/// Fetches models from a Hugging Face style hub into the standard cache. Interrupted downloads go on where they stopped; every
/// file is checked against the size and hash of the hub's listing.
/// </summary>
public sealed class HubClient : IDisposable
{
    private const int MaxListingBytes = 64 << 20;

    private readonly HubOptions options;
    private readonly HubCache cache;
    private readonly IReporter reporter;
    private readonly HubConnection connection;

    public HubClient(HubOptions options, HubCache cache, IReporter reporter)
    {
        (this.options, this.cache, this.reporter) = (options, cache, reporter);
        connection = new HubConnection(options);
    }

    /// <summary>
    /// Fetches what a run needs: configuration, tokenizer, chat template and weights (safetensors, or one GGUF file on request).
    /// </summary>
    /// <param name="id">Model and revision.</param>
    /// <param name="gguf">Part of the name of the GGUF file wanted instead of safetensors, e.g. <c>Q4_K_M</c>; null for safetensors.</param>
    /// <returns>Folder of the snapshot, to be opened as a model.</returns>
    /// <exception cref="HoneException">
    /// No such model, no access, no weights, a server that cannot be reached or lies about lengths or hashes, a full disk.
    /// </exception>
    public async Task<string> PullAsync(HubModelId id, string? gguf = null, CancellationToken cancellation = default)
    {
        HubListing listing = await ListAsync(id, cancellation).ConfigureAwait(false);
        IReadOnlyList<HubFile> files = HubSelection.Choose(listing.Files, gguf, id.ToString());
        long total = files.Sum(file => file.Size ?? 0);
        CheckRoom(id, files);
        List<(string File, string Blob)> blobs = [];
        using (IProgressTask task = reporter.Start(id.ToString(), total, "bytes"))
        {
            HubDownload download = new(connection, options, reporter, id, cache.BlobFolder(id));
            foreach (HubFile file in files)
            {
                Uri address = Address($"{id.Repository}/resolve/{listing.Commit}/{Escape(file.Path)}");
                string blob = await download.FetchAsync(address, file, bytes => task.Advance(bytes, file.Path), cancellation).ConfigureAwait(false);
                blobs.Add((file.Path, blob));
            }
        }
        foreach ((string file, string blob) in blobs) cache.Link(id, listing.Commit, file, blob);
        cache.WriteRef(id, listing.Commit); // last, so that a branch is found only when all of it is there
        return cache.SnapshotFolder(id, listing.Commit);
    }

    /// <summary>All files of a model, with sizes and hashes.</summary>
    /// <exception cref="HoneException">No such model, no access, or no hub at the address.</exception>
    public async Task<HubListing> ListAsync(HubModelId id, CancellationToken cancellation = default)
    {
        Uri address = Address($"api/models/{id.Repository}/revision/{Uri.EscapeDataString(id.Revision)}?blobs=true");
        byte[] json = await HubRetries.RunAsync(options, reporter, id.ToString(), () => 0,
            () => ReadAllAsync(address, id, cancellation), cancellation).ConfigureAwait(false);
        return HubListing.Parse(json, address.GetLeftPart(UriPartial.Path));
    }

    public void Dispose() => connection.Dispose();

    private async Task<byte[]> ReadAllAsync(Uri address, HubModelId id, CancellationToken cancellation)
    {
        using HubAnswer answer = await connection.GetAsync(address, 0, id, cancellation).ConfigureAwait(false);
        using Stream source = await answer.Response.Content.ReadAsStreamAsync(cancellation).ConfigureAwait(false);
        using MemoryStream all = new();
        byte[] buffer = new byte[1 << 16];
        int count;
        while ((count = await connection.ReadAsync(source, buffer, cancellation).ConfigureAwait(false)) > 0)
        {
            if (all.Length + count > MaxListingBytes)
                throw new HoneException($"{address}: the listing is longer than {MaxListingBytes} bytes.");
            all.Write(buffer, 0, count);
        }
        return all.ToArray();
    }

    private void CheckRoom(HubModelId id, IReadOnlyList<HubFile> files)
    {
        string blobs = cache.BlobFolder(id);
        Directory.CreateDirectory(blobs);
        long missing = files.Where(file => !File.Exists(Path.Combine(blobs, file.Sha256 ?? file.GitSha1 ?? "-"))).Sum(file => file.Size ?? 0);
        long free = new DriveInfo(blobs).AvailableFreeSpace;
        if (missing > free)
            throw new HoneException(
                $"{id} needs {missing} bytes more, but only {free} are free at {cache.Folder}. Set HF_HOME to a folder on another disk.");
    }

    private Uri Address(string relative) => new($"{options.Endpoint.AbsoluteUri.TrimEnd('/')}/{relative}");

    private static string Escape(string path) => string.Join('/', path.Split('/').Select(Uri.EscapeDataString));
}
