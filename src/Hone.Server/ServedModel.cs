using Hone.Inference.Chat;
using Hone.Inference.Embedding;

namespace Hone.Server;

/// <summary>A model under the name requests use.</summary>
/// <param name="Name">The name.</param>
public sealed record ServedModel(string Name)
{
    /// <summary>Generates; null for a model that only embeds.</summary>
    public ChatHost? Chat { get; init; }

    /// <summary>Name of the adapter; null for the base.</summary>
    public string? Adapter { get; init; }

    /// <summary>Makes vectors; null where that is done by pooling the decoder's hidden states.</summary>
    public Embedder? Embedder { get; init; }

    /// <summary>The name of the base model, for an adapter.</summary>
    public string? Parent { get; init; }
}
