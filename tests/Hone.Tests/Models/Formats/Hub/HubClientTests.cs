using System.Text;
using Hone.Models.Formats;
using Hone.Models.Formats.Hub;

namespace Hone.Tests.Models.Formats.Hub;

public class HubClientTests
{
    private static readonly HubModelId Tiny = HubModelId.Parse("acme/tiny");

    [Fact]
    public async Task A_model_is_fetched_into_the_standard_layout()
    {
        using Place place = new();
        Dictionary<string, byte[]> files = Model();
        using FakeHub hub = FakeHub.With(files);
        string folder = await place.PullAsync(hub);
        Assert.Equal(Path.Combine(place.Cache.Folder, "models--acme--tiny", "snapshots", FakeHub.Commit), folder);
        Assert.Equal(FakeHub.Commit, File.ReadAllText(Path.Combine(place.Cache.Folder, "models--acme--tiny", "refs", "main")));
        string[] wanted = ["config.json", "tokenizer.json", "chat_template.jinja", "model.safetensors", "1_Pooling/config.json"];
        foreach (string name in wanted) Assert.Equal(files[name], File.ReadAllBytes(Path.Combine(folder, name)));
        Assert.Equal(wanted.Length, Directory.GetFiles(folder, "*", SearchOption.AllDirectories).Length);
        Assert.True(File.Exists(Path.Combine(place.Cache.BlobFolder(Tiny), FakeHub.Sha256(files["model.safetensors"]))));
        Assert.DoesNotContain(Directory.GetFiles(place.Cache.BlobFolder(Tiny)), file => file.EndsWith(".incomplete", StringComparison.Ordinal));
        Assert.Equal(folder, place.Cache.Find("acme/tiny"));
        Assert.Equal(folder, place.Cache.Find($"acme/tiny@{FakeHub.Commit}"));
        Assert.Equal(folder, ModelFiles.Locate("acme/tiny", place.Cache));
    }

    [Fact]
    public async Task Files_that_are_there_are_not_fetched_again()
    {
        using Place place = new();
        using FakeHub hub = FakeHub.With(Model());
        await place.PullAsync(hub);
        int before = hub.Requests.Count;
        await place.PullAsync(hub);
        Assert.Equal(before + 1, hub.Requests.Count); // only the listing
    }

    [Fact]
    public async Task A_broken_connection_is_taken_up_where_it_broke()
    {
        using Place place = new();
        Dictionary<string, byte[]> files = Model();
        using FakeHub hub = FakeHub.With(files, (request, times) =>
            request.Path.EndsWith("model.safetensors", StringComparison.Ordinal) && times < 2 ? FakeHub.Part(files["model.safetensors"], request) with { CutAfter = 30_000 } : null);
        string folder = await place.PullAsync(hub);
        Assert.Equal(files["model.safetensors"], File.ReadAllBytes(Path.Combine(folder, "model.safetensors")));
        Assert.Equal([0L, 30_000, 60_000], hub.Requests.Where(r => r.Path.EndsWith("model.safetensors", StringComparison.Ordinal)).Select(r => r.From));
        Assert.Equal(2, place.Reporter.Warnings.Count);
    }

    [Fact]
    public async Task A_later_run_goes_on_from_an_earlier_one()
    {
        using Place place = new();
        Dictionary<string, byte[]> files = Model();
        bool broken = true;
        using FakeHub hub = FakeHub.With(files, (request, _) =>
            broken && request.Path.EndsWith("model.safetensors", StringComparison.Ordinal) ? FakeHub.Part(files["model.safetensors"], request) with { CutAfter = 7_000 } : null);
        HoneException error = await Assert.ThrowsAsync<HoneException>(() => place.PullAsync(hub, maxAttempts: 2));
        Assert.Contains("gave up after 2 attempts", error.Message);
        Assert.Null(place.Cache.Find("acme/tiny"));
        broken = false;
        await place.PullAsync(hub);
        Assert.Equal(14_000, hub.Requests.Last(r => r.Path.EndsWith("model.safetensors", StringComparison.Ordinal)).From);
    }

    [Fact]
    public async Task A_server_that_ignores_ranges_starts_the_file_anew()
    {
        using Place place = new();
        Dictionary<string, byte[]> files = Model();
        using FakeHub hub = FakeHub.With(files, (request, times) => !request.Path.EndsWith("model.safetensors", StringComparison.Ordinal) ? null
            : new Answer(200, files["model.safetensors"]) { CutAfter = times == 0 ? 1_000 : null });
        string folder = await place.PullAsync(hub);
        Assert.Equal(files["model.safetensors"], File.ReadAllBytes(Path.Combine(folder, "model.safetensors")));
        Assert.Equal(files.Where(f => place.Wanted(folder, f.Key)).Sum(f => f.Value.Length), place.Reporter.Advanced);
    }

    [Theory]
    [InlineData(416)]
    [InlineData(206)]
    public async Task A_rest_that_does_not_fit_is_thrown_away(int status)
    {
        using Place place = new();
        Dictionary<string, byte[]> files = Model();
        byte[] weights = files["model.safetensors"];
        Directory.CreateDirectory(place.Cache.BlobFolder(Tiny));
        File.WriteAllBytes(Path.Combine(place.Cache.BlobFolder(Tiny), FakeHub.Sha256(weights) + ".incomplete"), new byte[500]);
        using FakeHub hub = FakeHub.With(files, (request, _) => request.From == 0 ? null : new Answer(status, [1, 2, 3])
        {
            Headers = { ["Content-Range"] = $"bytes 7-9/{weights.Length}" },
        });
        string folder = await place.PullAsync(hub);
        Assert.Equal(weights, File.ReadAllBytes(Path.Combine(folder, "model.safetensors")));
    }

    [Fact]
    public async Task A_silent_server_is_asked_again()
    {
        using Place place = new() { Patience = TimeSpan.FromSeconds(0.3) };
        Dictionary<string, byte[]> files = Model();
        using FakeHub hub = FakeHub.With(files, (request, times) => times > 0 ? null
            : request.Path.EndsWith("model.safetensors", StringComparison.Ordinal) ? new Answer(200, files["model.safetensors"]) { StallAfter = 5_000 }
            : request.Path.StartsWith("/api", StringComparison.Ordinal) ? new Answer(200, [1]) { StallAfter = 0, Length = 5 } : null);
        string folder = await place.PullAsync(hub);
        Assert.Equal(files["model.safetensors"], File.ReadAllBytes(Path.Combine(folder, "model.safetensors")));
        Assert.All(place.Reporter.Warnings, warning => Assert.Contains("no answer for 0.3 s", warning));
    }

    [Fact]
    public async Task A_server_that_stays_silent_is_given_up()
    {
        using Place place = new() { Patience = TimeSpan.FromSeconds(0.3) };
        using FakeHub hub = new((_, _) => new Answer(200, []) { StallAfter = 0, Length = 10 });
        HoneException error = await Assert.ThrowsAsync<HoneException>(() => place.PullAsync(hub, maxAttempts: 2));
        Assert.Contains("no answer for 0.3 s; gave up after 2 attempts", error.Message);
    }

    [Fact]
    public async Task The_token_is_sent_to_the_hub_but_not_to_where_it_redirects()
    {
        using Place place = new();
        Dictionary<string, byte[]> files = Model();
        using FakeHub storage = new((request, _) => FakeHub.Part(files["model.safetensors"], request));
        using FakeHub hub = FakeHub.With(files, (request, _) => request.Path.EndsWith("model.safetensors", StringComparison.Ordinal)
            ? new Answer(302, []) { Headers = { ["Location"] = new Uri(storage.Address, "/bucket/x?signature=1").ToString() } } : null);
        string folder = await place.PullAsync(hub, token: "secret");
        Assert.Equal(files["model.safetensors"], File.ReadAllBytes(Path.Combine(folder, "model.safetensors")));
        Assert.All(hub.Requests, request => Assert.Equal("Bearer secret", request.Header("Authorization")));
        Assert.Single(storage.Requests);
        Assert.Null(storage.Requests.Single().Header("Authorization"));
    }

    [Fact]
    public async Task Relative_redirects_are_followed_and_circles_are_not()
    {
        using Place place = new();
        Dictionary<string, byte[]> files = Model();
        using FakeHub hub = FakeHub.With(files, (request, _) => request.Path.EndsWith("/config.json", StringComparison.Ordinal) && !request.Path.Contains("Pooling")
            ? new Answer(307, []) { Headers = { ["Location"] = $"/moved/config" } }
            : request.Path == "/moved/config" ? new Answer(200, files["config.json"]) : null);
        await place.PullAsync(hub);
        using Place other = new();
        using FakeHub circle = new((request, _) => new Answer(302, []) { Headers = { ["Location"] = request.Path } });
        Assert.Contains("redirects in a row", (await Assert.ThrowsAsync<HoneException>(() => other.PullAsync(circle))).Message);
        using FakeHub local = new((_, _) => new Answer(302, []) { Headers = { ["Location"] = "file:///etc/passwd" } });
        Assert.Contains("not a web address", (await Assert.ThrowsAsync<HoneException>(() => other.PullAsync(local))).Message);
    }

    [Theory]
    [InlineData(-5)]
    [InlineData(5)]
    public async Task A_lie_about_the_length_is_refused(int difference)
    {
        using Place place = new();
        Dictionary<string, byte[]> files = Model();
        using FakeHub hub = FakeHub.With(files, (request, _) => request.Path.EndsWith("model.safetensors", StringComparison.Ordinal)
            ? new Answer(200, files["model.safetensors"]) { Length = files["model.safetensors"].Length + difference } : null);
        HoneException error = await Assert.ThrowsAsync<HoneException>(() => place.PullAsync(hub));
        Assert.Contains("the server offers", error.Message);
        Assert.Null(place.Cache.Find("acme/tiny"));
    }

    [Fact]
    public async Task An_answer_that_never_ends_is_cut_off()
    {
        using Place place = new();
        Dictionary<string, byte[]> files = Model();
        using FakeHub hub = FakeHub.With(files, (request, _) => request.Path.EndsWith("model.safetensors", StringComparison.Ordinal)
            ? new Answer(200, new byte[2_000_000]) { Length = -1 } : null);
        HoneException error = await Assert.ThrowsAsync<HoneException>(() => place.PullAsync(hub));
        Assert.Contains("more than the 100000 bytes it promised", error.Message);
        long kept = Directory.GetFiles(place.Cache.BlobFolder(Tiny), "*.incomplete").Sum(file => new FileInfo(file).Length);
        Assert.Equal(0, kept);
    }

    [Theory]
    [InlineData("model.safetensors")]
    [InlineData("config.json")]
    public async Task A_wrong_content_is_never_kept(string name)
    {
        using Place place = new();
        Dictionary<string, byte[]> files = Model();
        byte[] wrong = [.. files[name]];
        wrong[^1] ^= 1;
        using FakeHub hub = FakeHub.With(files, (request, _) => request.Path.EndsWith($"{FakeHub.Commit}/{name}", StringComparison.Ordinal) ? FakeHub.Part(wrong, request) : null);
        HoneException error = await Assert.ThrowsAsync<HoneException>(() => place.PullAsync(hub, maxAttempts: 2));
        Assert.Contains("the content has hash", error.Message);
        Assert.Null(place.Cache.Find("acme/tiny"));
    }

    [Fact]
    public async Task A_wrong_content_fetched_once_is_fetched_anew()
    {
        using Place place = new();
        Dictionary<string, byte[]> files = Model();
        using FakeHub hub = FakeHub.With(files, (request, times) => request.Path.EndsWith("model.safetensors", StringComparison.Ordinal) && times == 0
            ? new Answer(200, new byte[100_000]) : null);
        string folder = await place.PullAsync(hub);
        Assert.Equal(files["model.safetensors"], File.ReadAllBytes(Path.Combine(folder, "model.safetensors")));
    }

    [Theory]
    [InlineData(401, null, "does not exist, or needs an account")]
    [InlineData(401, "secret", "the token in HF_TOKEN is not valid")]
    [InlineData(403, "secret", "accept its conditions at")]
    [InlineData(404, null, "no revision 'main' or does not exist")]
    [InlineData(418, null, "answer 418, expected the file")]
    public async Task A_refusal_is_explained_and_not_repeated(int status, string? token, string expected)
    {
        using Place place = new();
        using FakeHub hub = new((_, _) => new Answer(status, "{\"error\":\"x\"}"u8.ToArray()));
        HoneException error = await Assert.ThrowsAsync<HoneException>(() => place.PullAsync(hub, token: token));
        Assert.Contains(expected, error.Message);
        Assert.DoesNotContain("secret", error.Message);
        Assert.Single(hub.Requests);
    }

    [Theory]
    [InlineData(429)]
    [InlineData(503)]
    public async Task A_busy_server_is_asked_again_after_the_time_it_names(int status)
    {
        using Place place = new();
        Dictionary<string, byte[]> files = Model();
        using FakeHub hub = FakeHub.With(files, (request, times) => request.Path.StartsWith("/api", StringComparison.Ordinal) && times < 2
            ? new Answer(status, []) { Headers = times == 0 ? new() { ["Retry-After"] = "0" } : new() { ["Retry-After"] = DateTimeOffset.UtcNow.AddSeconds(-5).ToString("R") } } : null);
        await place.PullAsync(hub);
        Assert.Equal(2, place.Reporter.Warnings.Count(warning => warning.Contains($"answer {status}") && warning.Contains("in 0 s")));
    }

    [Fact]
    public async Task A_server_that_asks_for_an_hour_is_given_up()
    {
        using Place place = new();
        using FakeHub hub = new((_, _) => new Answer(429, []) { Headers = { ["Retry-After"] = "3600" } });
        HoneException error = await Assert.ThrowsAsync<HoneException>(() => place.PullAsync(hub));
        Assert.Contains("asks to wait 3600 s", error.Message);
        Assert.Single(hub.Requests);
    }

    [Fact]
    public async Task A_server_that_is_always_busy_is_given_up()
    {
        using Place place = new();
        using FakeHub hub = new((_, _) => new Answer(429, []));
        HoneException error = await Assert.ThrowsAsync<HoneException>(() => place.PullAsync(hub, maxAttempts: 3));
        Assert.Contains("too many requests; gave up after 3 attempts", error.Message);
        Assert.Equal(3, hub.Requests.Count);
    }

    [Fact]
    public async Task A_hub_that_is_not_there_is_named()
    {
        using Place place = new();
        Uri gone;
        using (FakeHub hub = new((_, _) => new Answer(200, []))) gone = hub.Address;
        HoneException error = await Assert.ThrowsAsync<HoneException>(() => place.PullAsync(gone, maxAttempts: 2));
        Assert.Contains("the connection failed", error.Message);
    }

    [Fact]
    public async Task A_hub_without_sizes_and_hashes_still_works()
    {
        using Place place = new();
        Dictionary<string, byte[]> files = Model();
        string listing = $"{{\"sha\":\"{FakeHub.Commit}\",\"siblings\":[{string.Join(",", files.Keys.Select(name => $"{{\"rfilename\":\"{name}\"}}"))}]}}";
        using FakeHub hub = FakeHub.With(files, (request, times) =>
            request.Path.StartsWith("/api", StringComparison.Ordinal) ? new Answer(200, Encoding.UTF8.GetBytes(listing))
            : request.Path.EndsWith("model.safetensors", StringComparison.Ordinal) && times == 0 ? FakeHub.Part(files["model.safetensors"], request) with { CutAfter = 10 } : null);
        string folder = await place.PullAsync(hub);
        Assert.Equal(files["model.safetensors"], File.ReadAllBytes(Path.Combine(folder, "model.safetensors")));
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task Where_the_listing_is_silent_the_etag_is_the_hash(bool lies)
    {
        using Place place = new();
        Dictionary<string, byte[]> files = Model();
        string hash = FakeHub.Sha256(lies ? [1] : files["model.safetensors"]);
        string listing = $"{{\"sha\":\"{FakeHub.Commit}\",\"siblings\":[{{\"rfilename\":\"model.safetensors\"}}]}}";
        using FakeHub storage = new((request, _) => new Answer(200, files["model.safetensors"]) { Headers = { ["ETag"] = "\"of the storage\"" } });
        using FakeHub hub = new((request, _) => request.Path.StartsWith("/api", StringComparison.Ordinal) ? new Answer(200, Encoding.UTF8.GetBytes(listing))
            : new Answer(302, []) { Headers = { ["Location"] = storage.Address.ToString(), ["X-Linked-Etag"] = $"\"{hash}\"", ["X-Linked-Size"] = "100000" } });
        if (lies) Assert.Contains("the content has hash", (await Assert.ThrowsAsync<HoneException>(() => place.PullAsync(hub, maxAttempts: 2))).Message);
        else await place.PullAsync(hub);
        Assert.Equal(!lies, File.Exists(Path.Combine(place.Cache.BlobFolder(Tiny), hash)));
    }

    [Fact]
    public async Task Cancelling_stops_at_once_and_keeps_what_arrived()
    {
        using Place place = new();
        Dictionary<string, byte[]> files = Model();
        using CancellationTokenSource cancel = new();
        using FakeHub hub = FakeHub.With(files, (request, _) =>
        {
            if (!request.Path.EndsWith("model.safetensors", StringComparison.Ordinal)) return null;
            cancel.CancelAfter(50);
            return new Answer(200, files["model.safetensors"]) { StallAfter = 4_000 };
        });
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => place.PullAsync(hub.Address, cancellation: cancel.Token));
        Assert.Null(place.Cache.Find("acme/tiny"));
    }

    internal static Dictionary<string, byte[]> Model()
    {
        byte[] weights = new byte[100_000];
        for (int i = 0; i < weights.Length; i++) weights[i] = (byte)(i * 7 >> 3);
        return new()
        {
            ["README.md"] = "# not needed"u8.ToArray(),
            ["config.json"] = "{\"model_type\":\"llama\"}"u8.ToArray(),
            ["tokenizer.json"] = "{}"u8.ToArray(),
            ["chat_template.jinja"] = "{{ messages }}"u8.ToArray(),
            ["1_Pooling/config.json"] = "{\"a\":1}"u8.ToArray(),
            ["pytorch_model.bin"] = [1, 2, 3],
            ["onnx/model.onnx"] = [1],
            ["model.safetensors"] = weights,
        };
    }

    /// <summary>A cache of its own and a client with short patience.</summary>
    private sealed class Place : IDisposable
    {
        private readonly TempFolder folder = new();

        public Place() => Cache = new HubCache(folder["hub"]);

        public HubCache Cache { get; }

        public CountingReporter Reporter { get; } = new();

        /// <summary>Long, so that a busy machine does not look like a silent server.</summary>
        public TimeSpan Patience { get; init; } = TimeSpan.FromSeconds(30);

        public Task<string> PullAsync(FakeHub hub, int maxAttempts = 4, string? token = null) => PullAsync(hub.Address, maxAttempts, token);

        public async Task<string> PullAsync(Uri address, int maxAttempts = 4, string? token = null, CancellationToken cancellation = default)
        {
            HubOptions options = new()
            {
                Endpoint = address,
                Token = token,
                SilenceTimeout = Patience,
                FirstWait = TimeSpan.FromMilliseconds(1),
                MaxAttempts = maxAttempts,
            };
            using HubClient client = new(options, Cache, Reporter);
            return await client.PullAsync(Tiny, cancellation: cancellation);
        }

        public bool Wanted(string snapshot, string name) => File.Exists(Path.Combine(snapshot, name));

        public void Dispose() => folder.Dispose();
    }
}
