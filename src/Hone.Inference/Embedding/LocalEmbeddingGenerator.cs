using Hone.Core;
using Microsoft.Extensions.AI;

namespace Hone.Inference.Embedding;

/// <summary>A local embedding model as <see cref="IEmbeddingGenerator{TInput, TEmbedding}"/>. Thread-safe: one call computes at a time.</summary>
/// <param name="embedder">The model; from now on used by this alone.</param>
/// <param name="name">Its name in the metadata.</param>
public sealed class LocalEmbeddingGenerator(Embedder embedder, string name = "") : IEmbeddingGenerator<string, Embedding<float>>
{
    private readonly SemaphoreSlim turn = new(1);
    private readonly EmbeddingGeneratorMetadata metadata = new("hone", null, name, embedder.Size);

    /// <inheritdoc/>
    /// <exception cref="HoneException">A text without tokens, or another length asked for than the model has.</exception>
    public async Task<GeneratedEmbeddings<Embedding<float>>> GenerateAsync(
        IEnumerable<string> values, EmbeddingGenerationOptions? options = null, CancellationToken cancellationToken = default)
    {
        if (options?.Dimensions is { } wanted && wanted != embedder.Size) throw new HoneException($"vectors of {wanted} numbers were asked for; this model makes {embedder.Size}.");
        string[] texts = [.. values];
        await turn.WaitAsync(cancellationToken).ConfigureAwait(false);
        try
        {
            return await Task.Run(() => Generate(texts), cancellationToken).ConfigureAwait(false);
        }
        finally
        {
            turn.Release();
        }
    }

    /// <inheritdoc/>
    public object? GetService(Type serviceType, object? serviceKey = null) =>
        serviceKey is not null ? null
        : serviceType == typeof(EmbeddingGeneratorMetadata) ? metadata
        : serviceType == typeof(Embedder) ? embedder
        : serviceType.IsInstanceOfType(this) ? this
        : null;

    public void Dispose() => turn.Dispose();

    private GeneratedEmbeddings<Embedding<float>> Generate(string[] texts)
    {
        int[][] ids = [.. texts.Select(embedder.Tokenize)];
        int tokens = ids.Sum(i => i.Length);
        return new(embedder.EmbedIds(ids).Select(vector => new Embedding<float>(vector) { ModelId = name }))
        {
            Usage = new UsageDetails { InputTokenCount = tokens, TotalTokenCount = tokens },
        };
    }
}
