using Hone.Core;
using Hone.Models.Decoder;

namespace Hone.Inference.Adapters;

/// <summary>
/// Several adapters side by side on one base model: each sequence of a batch goes through its own, the base's weights are read
/// once for all. Before each pass the engine tells which rows belong to which adapter. Not thread-safe; the engine that was
/// given the set is the only one that may use the model.
/// </summary>
public sealed class AdapterSet
{
    private readonly LanguageModel model;
    private readonly List<string> names = [];
    private readonly Dictionary<LinearLayer, RoutedLinear> layers = [];
    private RoutedEmbedding? embedding;

    /// <param name="model">The base, without adapters of its own.</param>
    /// <exception cref="HoneException">A mixture of experts: a row's place tells nothing there about its sequence.</exception>
    public AdapterSet(LanguageModel model)
    {
        if (model.Config.Moe is not null) throw new HoneException("adapters side by side are not possible on a mixture of experts. Serve the adapter merged into its base.");
        this.model = model;
    }

    /// <summary>Names of the adapters; number i of the engine is entry i - 1, 0 is the base.</summary>
    public IReadOnlyList<string> Names => names;

    /// <summary>Rows of the coming pass, and of its logits.</summary>
    internal AdapterRuns Tokens { get; } = new();

    /// <inheritdoc cref="Tokens"/>
    internal AdapterRuns Logits { get; } = new();

    /// <summary>Adds an adapter.</summary>
    /// <param name="name">By which requests ask for it.</param>
    /// <param name="attach">Puts it on the model's layers; what it puts there is taken over. Must not change weights.</param>
    /// <exception cref="HoneException">The name is taken.</exception>
    public void Add(string name, Action<LanguageModel> attach)
    {
        if (names.Contains(name)) throw new HoneException($"two adapters are named '{name}'. Give each its own name.");
        LinearLayer[] all = [.. model.LinearLayers, model.Head];
        foreach (LinearLayer layer in all) layer.Adapters.Clear();
        model.EmbeddingAdapter = null;
        attach(model);
        names.Add(name);
        int number = names.Count;
        foreach (LinearLayer layer in all.Where(l => l.Adapters.Count > 0))
        {
            if (!layers.TryGetValue(layer, out RoutedLinear? routed)) layers[layer] = routed = new RoutedLinear(layer == model.Head ? Logits : Tokens);
            routed.Add(number, [.. layer.Adapters]);
        }
        if (model.EmbeddingAdapter is { } found) (embedding ??= new RoutedEmbedding(Tokens)).Add(number, found);
        foreach (LinearLayer layer in all)
        {
            layer.Adapters.Clear();
            if (layers.TryGetValue(layer, out RoutedLinear? routed)) layer.Adapters.Add(routed);
        }
        model.EmbeddingAdapter = embedding;
    }

    /// <summary>Sends the coming passes of others than the engine through the base alone. Call on the engine's thread.</summary>
    public void UseBase()
    {
        Tokens.Clear();
        Logits.Clear();
    }

    /// <summary>Number of an adapter; 0 for null, the base.</summary>
    /// <exception cref="HoneException">No such adapter.</exception>
    internal int NumberOf(string? name) =>
        name is null ? 0 : names.IndexOf(name) is >= 0 and int index ? index + 1 : throw HoneException.Unknown("adapter", name, names);
}

/// <summary>Which rows of a matrix belong to which adapter: runs of rows, from the first on.</summary>
internal sealed class AdapterRuns
{
    private readonly List<(int Adapter, int Rows)> runs = [];

    public IReadOnlyList<(int Adapter, int Rows)> Runs => runs;

    public void Clear() => runs.Clear();

    public void Add(int adapter, int rows)
    {
        if (rows == 0) return;
        if (runs.Count > 0 && runs[^1].Adapter == adapter) runs[^1] = (adapter, runs[^1].Rows + rows);
        else runs.Add((adapter, rows));
    }
}
