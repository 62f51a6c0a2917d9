using Hone.Inference.Chat;
using Hone.Inference.Embedding;
using Hone.Server.Http;

namespace Hone.Server;

/// <summary>All models of a server by name. The first generating one answers requests that name none.</summary>
public sealed class ServedModels : IDisposable
{
    private readonly Dictionary<string, ServedModel> byName = new(StringComparer.Ordinal);
    private readonly List<ServedModel> all = [];

    /// <summary>In the order they were added.</summary>
    public IReadOnlyList<ServedModel> All => all;

    /// <summary>The base model; null when the server only embeds.</summary>
    public ChatHost? Chat => all.FirstOrDefault(m => m.Chat is not null)?.Chat;

    /// <summary>Adds a generating model with its adapters, each under its own name.</summary>
    /// <param name="name">Name of the base.</param>
    /// <param name="chat">The model; disposed with this.</param>
    /// <exception cref="HoneException">A name is taken.</exception>
    public void Add(string name, ChatHost chat)
    {
        Embedder embedder = Embedder.Of(chat.Loaded, new EmbeddingSettings(), chat.Host.Engine.Options.Workers);
        Add(new ServedModel(name) { Chat = chat, Embedder = embedder });
        foreach (string adapter in chat.Host.Engine.Options.Adapters?.Names ?? []) Add(new ServedModel(adapter) { Chat = chat, Adapter = adapter, Parent = name });
    }

    /// <summary>Adds a model that embeds.</summary>
    /// <exception cref="HoneException">The name is taken.</exception>
    public void Add(string name, Embedder embedder) => Add(new ServedModel(name) { Embedder = embedder });

    /// <summary>The model a request names.</summary>
    internal ServedModel Generating(string? name) => Find(name, m => m.Chat is not null, "generates text");

    /// <summary>The embedding model a request names; a model of its own is preferred where none is named.</summary>
    internal ServedModel Embedding(string? name) => Find(name ?? all.FirstOrDefault(m => m.Chat is null)?.Name, m => m.Embedder is not null, "makes vectors");

    internal bool TryFind(string name, out ServedModel model) => byName.TryGetValue(name, out model!);

    public void Dispose()
    {
        foreach (ChatHost chat in all.Select(m => m.Chat).OfType<ChatHost>().Distinct()) chat.Dispose();
    }

    private void Add(ServedModel model)
    {
        if (!byName.TryAdd(model.Name, model)) throw new HoneException($"two models are named '{model.Name}'. Give each its own name.");
        all.Add(model);
    }

    private ServedModel Find(string? name, Predicate<ServedModel> can, string ability)
    {
        if (string.IsNullOrEmpty(name)) return all.Find(can) ?? throw ApiException.NotFound($"no model here {ability}.", "model_not_found", "model");
        if (!byName.TryGetValue(name, out ServedModel? found)) throw ApiException.NotFound($"there is no model '{ApiException.Shorten(name)}' here. Models: {string.Join(", ", all.Select(m => m.Name))}.", "model_not_found", "model");
        return can(found) ? found : throw ApiException.BadRequest($"the model '{name}' does not {ability.Replace("generates", "generate").Replace("makes", "make")}.", "model");
    }
}
