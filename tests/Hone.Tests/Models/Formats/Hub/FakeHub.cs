using System.Collections.Concurrent;
using System.Net;
using System.Net.Sockets;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json.Nodes;

namespace Hone.Tests.Models.Formats.Hub;

/// <summary>What the server answers to one request.</summary>
internal sealed record Answer(int Status, byte[] Body)
{
    public Dictionary<string, string> Headers { get; init; } = [];

    /// <summary>Sent as Content-Length; the true length when null, no header when negative.</summary>
    public long? Length { get; init; }

    /// <summary>The connection is cut after so many bytes of the body.</summary>
    public int? CutAfter { get; init; }

    /// <summary>The server falls silent after so many bytes of the body, keeping the connection.</summary>
    public int? StallAfter { get; init; }
}

internal sealed record Request(string Path, Dictionary<string, string> Headers)
{
    public string? Header(string name) => Headers.GetValueOrDefault(name.ToLowerInvariant());

    /// <summary>First byte asked for.</summary>
    public long From => Header("Range") is { } range ? long.Parse(range["bytes=".Length..].TrimEnd('-')) : 0;
}

/// <summary>A small HTTP server on a free local port whose manners are scripted.</summary>
internal sealed class FakeHub : IDisposable
{
    public const string Commit = "0123456789abcdef0123456789abcdef01234567";

    private readonly TcpListener listener = new(IPAddress.Loopback, 0);
    private readonly CancellationTokenSource stop = new();
    private readonly Func<Request, int, Answer> answer;

    /// <param name="answer">Gets the request and how often this path was asked for before.</param>
    public FakeHub(Func<Request, int, Answer> answer)
    {
        this.answer = answer;
        listener.Start();
        _ = Task.Run(AcceptAsync);
    }

    public Uri Address => new($"http://127.0.0.1:{((IPEndPoint)listener.LocalEndpoint).Port}");

    public ConcurrentQueue<Request> Requests { get; } = [];

    public void Dispose()
    {
        stop.Cancel();
        listener.Stop();
    }

    /// <summary>A hub with one model; <paramref name="misbehave"/> may answer in its place.</summary>
    public static FakeHub With(Dictionary<string, byte[]> files, Func<Request, int, Answer?>? misbehave = null) => new((request, times) =>
        misbehave?.Invoke(request, times) ?? Honest(files, request));

    public static Answer Honest(Dictionary<string, byte[]> files, Request request)
    {
        if (request.Path.StartsWith("/api/models/acme/tiny/revision/", StringComparison.Ordinal)) return new(200, Listing(files));
        string prefix = $"/acme/tiny/resolve/{Commit}/";
        string name = request.Path.StartsWith(prefix, StringComparison.Ordinal) ? request.Path[prefix.Length..] : "";
        return files.TryGetValue(name, out byte[]? content) ? Part(content, request) : new(404, []);
    }

    /// <summary>The whole content, or the part asked for.</summary>
    public static Answer Part(byte[] content, Request request) => request.From == 0 ? new(200, content) : new(206, content[(int)request.From..])
    {
        Headers = { ["Content-Range"] = $"bytes {request.From}-{content.Length - 1}/{content.Length}" },
    };

    /// <summary>Large files are listed with SHA-256, others with git's hash, as the hub does.</summary>
    public static byte[] Listing(Dictionary<string, byte[]> files)
    {
        JsonArray siblings = [];
        foreach ((string name, byte[] content) in files)
        {
            JsonObject file = new() { ["rfilename"] = name, ["size"] = content.Length };
            if (name.EndsWith(".safetensors", StringComparison.Ordinal) || name.EndsWith(".gguf", StringComparison.Ordinal))
                file["lfs"] = new JsonObject { ["sha256"] = Sha256(content), ["size"] = content.Length };
            else file["blobId"] = Convert.ToHexStringLower(CryptographicOperations.HashData(HashAlgorithmName.SHA1, [.. Encoding.ASCII.GetBytes($"blob {content.Length}\0"), .. content]));
            siblings.Add(file);
        }
        return Encoding.UTF8.GetBytes(new JsonObject { ["sha"] = Commit, ["siblings"] = siblings }.ToJsonString());
    }

    public static string Sha256(byte[] content) => Convert.ToHexStringLower(SHA256.HashData(content));

    private async Task AcceptAsync()
    {
        try
        {
            while (true)
            {
                TcpClient client = await listener.AcceptTcpClientAsync(stop.Token);
                _ = Task.Run(() => ServeAsync(client));
            }
        }
        catch (Exception error) when (error is OperationCanceledException or SocketException or ObjectDisposedException) { }
    }

    private async Task ServeAsync(TcpClient client)
    {
        using (client)
        {
            try
            {
                NetworkStream stream = client.GetStream();
                Request request = await ReadAsync(stream);
                int times = Requests.Count(earlier => earlier.Path == request.Path);
                Requests.Enqueue(request);
                await WriteAsync(stream, answer(request, times));
            }
            catch (Exception error) when (error is IOException or SocketException or OperationCanceledException) { }
        }
    }

    private async Task<Request> ReadAsync(NetworkStream stream)
    {
        using StreamReader reader = new(stream, Encoding.ASCII, leaveOpen: true);
        string[] first = (await reader.ReadLineAsync(stop.Token) ?? throw new IOException("closed")).Split(' ');
        Dictionary<string, string> headers = [];
        while (await reader.ReadLineAsync(stop.Token) is { Length: > 0 } line)
        {
            int colon = line.IndexOf(':');
            headers[line[..colon].ToLowerInvariant()] = line[(colon + 1)..].Trim();
        }
        return new(first[1].Split('?')[0], headers);
    }

    private async Task WriteAsync(NetworkStream stream, Answer reply)
    {
        StringBuilder head = new($"HTTP/1.1 {reply.Status} X\r\nConnection: close\r\n");
        long length = reply.Length ?? reply.Body.Length;
        if (length >= 0) head.Append($"Content-Length: {length}\r\n");
        foreach ((string name, string value) in reply.Headers) head.Append($"{name}: {value}\r\n");
        await stream.WriteAsync(Encoding.ASCII.GetBytes(head + "\r\n"), stop.Token);
        int send = Math.Min(reply.Body.Length, Math.Min(reply.CutAfter ?? int.MaxValue, reply.StallAfter ?? int.MaxValue));
        await stream.WriteAsync(reply.Body.AsMemory(0, send), stop.Token);
        if (reply.StallAfter is not null) await Task.Delay(Timeout.Infinite, stop.Token);
    }
}
