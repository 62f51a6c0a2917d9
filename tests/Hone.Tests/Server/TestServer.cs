using System.Net.Http.Json;
using System.Text.Json.Nodes;
using Hone.Cli;
using Hone.Core;
using Hone.Inference;
using Hone.Inference.Adapters;
using Hone.Inference.Caches;
using Hone.Inference.Chat;
using Hone.Models.Decoder;
using Hone.Models.Loading;
using Hone.Server;
using Hone.Training.Adapters;

namespace Hone.Tests.Server;

/// <summary>A server at a free port of this machine with the small model that comes with Hone, and two adapters.</summary>
public sealed class TestServer : IAsyncLifetime
{
    private readonly ServerOptions options;
    private ServedModels? models;
    private HoneServer? server;

    public TestServer() : this(new ServerOptions()) { }

    internal TestServer(ServerOptions options) => this.options = options with { Port = 0 };

    public Uri Address => server!.Address;

    public HttpClient Http { get; private set; } = null!;

    internal HoneServer Server => server!;

    internal ChatHost Chat { get; private set; } = null!;

    internal int PrefixTokens { get; init; } = 4096;

    /// <summary>Cache settings as <c>--kv</c> takes them; null for exact ones.</summary>
    internal string? Kv { get; init; }

    public async ValueTask InitializeAsync()
    {
        LoadedModel loaded = WithContext(ModelLoader.Load(Assets.Require("models/seed-weak")));
        AdapterSet adapters = new(loaded.Model);
        adapters.Add("loud", Adapter(1));
        adapters.Add("quiet", Adapter(2));
        Chat = new ChatHost(loaded, new EngineOptions
        {
            Adapters = adapters,
            PrefixTokens = PrefixTokens,
            TakeTurns = true,
            MaxSequences = options.MaxSequences,
            CreateCache = Kv is null ? null : KvPlan.Factory(KvPlan.Parse(Kv, RecipeLibrary.Components), loaded.Model),
        });
        models = new ServedModels();
        models.Add("seed", Chat);
        server = await HoneServer.StartAsync(models, options);
        Http = new HttpClient { BaseAddress = server.Address, Timeout = TimeSpan.FromSeconds(100) };
    }

    public async ValueTask DisposeAsync()
    {
        Http.Dispose();
        await server!.DisposeAsync();
        models!.Dispose();
    }

    /// <summary>The same weights with room for descriptions of tools: 2,048 tokens.</summary>
    private static LoadedModel WithContext(LoadedModel loaded)
    {
        LanguageModel model = new(loaded.Model.Config.With("max_position_embeddings", 2048));
        foreach (Hone.Tensors.Parameter parameter in loaded.Model.Parameters) parameter.Value.Data.CopyTo(model[parameter.Name].Value.Data);
        return new LoadedModel(model, loaded.Generation, loaded.Tokenizer);
    }

    /// <summary>Sends a JSON body and gives status and reply.</summary>
    internal async Task<(int Status, JsonNode Reply)> PostAsync(string path, string json)
    {
        using StringContent content = new(json, System.Text.Encoding.UTF8, "application/json");
        using HttpResponseMessage response = await Http.PostAsync(path, content);
        return ((int)response.StatusCode, (await response.Content.ReadFromJsonAsync<JsonNode>())!);
    }

    /// <summary>The same for a request that must succeed.</summary>
    internal async Task<JsonNode> OkAsync(string path, string json)
    {
        (int status, JsonNode reply) = await PostAsync(path, json);
        Assert.True(status == 200, $"{status}: {reply}");
        return reply;
    }

    /// <summary>The events of a streamed reply.</summary>
    internal async Task<List<JsonNode>> StreamAsync(string path, string json)
    {
        using HttpRequestMessage request = new(HttpMethod.Post, path) { Content = new StringContent(json, System.Text.Encoding.UTF8, "application/json") };
        using HttpResponseMessage response = await Http.SendAsync(request, HttpCompletionOption.ResponseHeadersRead);
        string text = await response.Content.ReadAsStringAsync();
        Assert.Equal("text/event-stream", response.Content.Headers.ContentType!.MediaType);
        Assert.EndsWith("data: [DONE]\n\n", text);
        return [.. text.Split("\n\n", StringSplitOptions.RemoveEmptyEntries).SkipLast(1).Select(line => JsonNode.Parse(line["data: ".Length..])!)];
    }

    internal static Action<LanguageModel> Adapter(int seed) => model =>
    {
        RandomStream random = new(seed, "adapter");
        LoraModel lora = LoraModel.Attach(model, new LoraConfig { Rank = 2, Alpha = 8, Targets = ["q_proj", "down_proj"] }, random);
        foreach (LoraLayer layer in lora.Layers) random.Derive(layer.Layer.Name + "/b").FillNormal(layer.B.Value.Data, 0, 0.6f);
    };
}
