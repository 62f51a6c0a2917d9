using Hone.Core;
using Hone.Tensors;
using Hone.Tensors.Ops;

namespace Hone.Models.Decoder;

/// <summary>The vectors of all tokens: a parameter, or a frozen quantised matrix.</summary>
internal sealed class EmbeddingTable
{
    private readonly Parameter? table;
    private readonly QuantizedMatrix? quantized;

    public EmbeddingTable(Parameter table) => this.table = table;

    public EmbeddingTable(QuantizedMatrix quantized) => this.quantized = quantized;

    /// <summary>The table as a parameter.</summary>
    /// <exception cref="HoneException">It is quantised.</exception>
    public Parameter Table => table
        ?? throw new HoneException($"the embedding table is kept in {quantized!.Type}, which cannot be trained, merged or saved. Load the model with full weights.");

    /// <summary>[N] ids → [N, C].</summary>
    public Tensor Forward(Tape tape, int[] ids, float scale) =>
        quantized is null ? tape.Embedding(table!.Value, ids, scale) : tape.FrozenEmbedding(quantized, ids, scale);

    /// <summary>The output projection that shares the table.</summary>
    public LinearLayer AsHead(string name) => quantized is null ? new(name, table!, null) : new(name, quantized, null);
}
