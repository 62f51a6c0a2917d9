using System.Net;
using System.Net.Http.Headers;
using System.Security.Cryptography;
using System.Text;
using Hone.Core;

namespace Hone.Models.Formats.Hub;

/// <summary>
/// Brings one file into the cache's blobs. What has arrived is kept in <c>hash.incomplete</c> and continued from there; the file gets
/// its name only when its size and hash are right.
/// </summary>
internal sealed class HubDownload(HubConnection connection, HubOptions options, IReporter reporter, HubModelId id, string blobFolder)
{
    /// <summary>Fetches a file unless its blob is there already.</summary>
    /// <param name="address">Where it is.</param>
    /// <param name="file">What the hub's listing says about it.</param>
    /// <param name="advance">Told of new bytes (negative when some had to be thrown away).</param>
    /// <returns>Name of the blob.</returns>
    public async Task<string> FetchAsync(Uri address, HubFile file, Action<long> advance, CancellationToken cancellation)
    {
        string? known = file.Sha256 ?? file.GitSha1;
        if (known is not null && File.Exists(Path.Combine(blobFolder, known)))
        {
            advance(file.Size ?? 0);
            return known;
        }
        string partial = Path.Combine(blobFolder, (known ?? "name-" + Hex(SHA256.HashData(Encoding.UTF8.GetBytes(file.Path)))) + ".incomplete");
        Directory.CreateDirectory(blobFolder);
        try
        {
            using FileStream target = new(partial, FileMode.OpenOrCreate, FileAccess.ReadWrite, FileShare.None, 1 << 16);
            if (known is null) target.SetLength(0); // nothing to check a rest against
            advance(target.Length);
            string name = await HubRetries.RunAsync(options, reporter, file.Path, () => target.Length,
                () => AttemptAsync(address, file, target, advance, cancellation), cancellation).ConfigureAwait(false);
            target.Flush(flushToDisk: true);
            target.Close();
            File.Move(partial, Path.Combine(blobFolder, name), overwrite: true);
            return name;
        }
        catch (IOException error)
        {
            throw new HoneException($"{partial}: {error.Message} Is the disk full, or another process fetching the same model?", error);
        }
    }

    private async Task<string> AttemptAsync(Uri address, HubFile file, FileStream target, Action<long> advance, CancellationToken cancellation)
    {
        // Of unknown size, a rest cannot be told from the whole.
        if (file.Size is null || target.Length > file.Size) Restart(target, advance);
        if (file.Size is null or 0 || target.Length < file.Size)
        {
            try
            {
                using HubAnswer answer = await connection.GetAsync(address, target.Length, id, cancellation).ConfigureAwait(false);
                file = Complete(file, answer);
                CheckOffer(answer.Response, file, target, advance);
                await CopyAsync(answer.Response, file, target, advance, cancellation).ConfigureAwait(false);
            }
            catch (HubRetryException error) when (error.StartOver)
            {
                Restart(target, advance);
                throw;
            }
        }
        return Check(file, target, advance);
    }

    /// <summary>Where the listing was silent, the hub's headers give size and hash: an etag is the SHA-256 or git's hash.</summary>
    private static HubFile Complete(HubFile file, HubAnswer answer)
    {
        if (file.Size is null) file = file with { Size = answer.Size ?? answer.Response.Content.Headers.ContentLength };
        if (file.Sha256 is not null || file.GitSha1 is not null || answer.Etag is null || !answer.Etag.All(char.IsAsciiHexDigitLower)) return file;
        return answer.Etag.Length switch
        {
            64 => file with { Sha256 = answer.Etag },
            40 => file with { GitSha1 = answer.Etag },
            _ => file,
        };
    }

    /// <summary>Compares what the server offers with what is to come.</summary>
    private static void CheckOffer(HttpResponseMessage response, HubFile file, FileStream target, Action<long> advance)
    {
        bool continues = response.StatusCode == HttpStatusCode.PartialContent;
        ContentRangeHeaderValue? range = response.Content.Headers.ContentRange;
        if (continues && range?.From != target.Length)
            throw new HubRetryException("the server sent another part than was asked for", startOver: true);
        long? total = continues ? range?.Length : response.Content.Headers.ContentLength;
        if (total is not null && file.Size is not null && total != file.Size)
            throw new HoneException(
                $"{file.Path}: the server offers {total} bytes, its listing says {file.Size}. Not fetched: one of them is wrong.");
        if (!continues) Restart(target, advance);
    }

    private async Task CopyAsync(
        HttpResponseMessage response, HubFile file, FileStream target, Action<long> advance, CancellationToken cancellation)
    {
        long? size = file.Size;
        byte[] buffer = new byte[1 << 17];
        using Stream source = await response.Content.ReadAsStreamAsync(cancellation).ConfigureAwait(false);
        target.Seek(0, SeekOrigin.End);
        int count;
        while ((count = await connection.ReadAsync(source, buffer, cancellation).ConfigureAwait(false)) > 0)
        {
            if (target.Length + count > size)
            {
                Restart(target, advance);
                throw new HoneException($"{file.Path}: the server sends more than the {size} bytes it promised. Not kept.");
            }
            target.Write(buffer, 0, count);
            advance(count);
        }
        if (size is not null && target.Length < size)
            throw new HubRetryException($"the answer ended after {target.Length} of {size} bytes");
    }

    /// <summary>Compares size and hash, and names the blob.</summary>
    private static string Check(HubFile file, FileStream target, Action<long> advance)
    {
        string? expected = file.Sha256 ?? file.GitSha1;
        string found = file.Sha256 is null && file.GitSha1 is not null ? GitSha1(target) : Sha256(target);
        if (expected is null || expected == found) return found;
        Restart(target, advance);
        throw new HubRetryException($"the content has hash {found}, expected {expected}");
    }

    private static void Restart(FileStream target, Action<long> advance)
    {
        advance(-target.Length);
        target.SetLength(0);
    }

    private static string Sha256(FileStream file)
    {
        file.Position = 0;
        return Hex(SHA256.HashData(file));
    }

    /// <summary>Git names a content by the SHA-1 of a header with its length and the content.</summary>
    private static string GitSha1(FileStream file)
    {
        using IncrementalHash hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA1);
        hash.AppendData(Encoding.ASCII.GetBytes($"blob {file.Length}\0"));
        file.Position = 0;
        byte[] buffer = new byte[1 << 16];
        for (int count; (count = file.Read(buffer)) > 0;) hash.AppendData(buffer, 0, count);
        return Hex(hash.GetHashAndReset());
    }

    private static string Hex(byte[] hash) => Convert.ToHexStringLower(hash);
}
