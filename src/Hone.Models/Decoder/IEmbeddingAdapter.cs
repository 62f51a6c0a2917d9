using Hone.Tensors;

namespace Hone.Models.Decoder;

/// <summary>Something added to the embedding's lookup without changing the table.</summary>
public interface IEmbeddingAdapter
{
    /// <summary>The looked-up rows with the adapter's part.</summary>
    /// <param name="tape">Tape of this pass.</param>
    /// <param name="ids">[N] token ids.</param>
    /// <param name="embedded">[N, C] the table's rows, times <paramref name="scale"/>.</param>
    /// <param name="scale">Factor the model puts on embeddings.</param>
    /// <returns>[N, C].</returns>
    Tensor Apply(Tape tape, ReadOnlySpan<int> ids, Tensor embedded, float scale);
}
