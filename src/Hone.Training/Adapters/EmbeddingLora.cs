using System.Numerics.Tensors;
using Hone.Models.Decoder;
using Hone.Tensors;
using Hone.Tensors.Ops;
using Tensor = Hone.Tensors.Tensor;

namespace Hone.Training.Adapters;

/// <summary>
/// The low-rank part of an embedding table: row i becomes W_i + s · (B A)ᵀ_i, with PEFT's A [r, V] and B [C, r]. Only the lookup
/// changes; a head that shares the table keeps the old one.
/// </summary>
public sealed class EmbeddingLora : IEmbeddingAdapter
{
    internal EmbeddingLora(Parameter table, int rank, double scaling)
    {
        (Table, Scaling) = (table, (float)scaling);
        string module = ModuleNames.Of(table.Name);
        A = new Parameter($"{module}.lora_embedding_A", Tensor.Create((rank, table.Value.Shape[0]), true));
        B = new Parameter($"{module}.lora_embedding_B", Tensor.Create((table.Value.Shape[1], rank), true));
    }

    /// <summary>[V, C].</summary>
    public Parameter Table { get; }

    /// <summary>[r, V].</summary>
    public Parameter A { get; }

    /// <summary>[C, r].</summary>
    public Parameter B { get; }

    public int Rank => A.Value.Shape[0];

    /// <summary>s.</summary>
    public float Scaling { get; }

    public bool IsEnabled { get; set; } = true;

    /// <inheritdoc/>
    public Tensor Apply(Tape tape, ReadOnlySpan<int> ids, Tensor embedded, float scale)
    {
        if (!IsEnabled) return embedded;
        Tensor low = tape.Embedding(tape.Transpose(A.Value, 0, 1), ids);
        return tape.Add(embedded, tape.Scale(tape.Linear(low, B.Value), Scaling * scale));
    }

    /// <summary>W + s · (B A)ᵀ, [V, C].</summary>
    internal float[] Merged()
    {
        float[] result = Table.Value.Data.ToArray();
        (int rows, int width) = (Table.Value.Shape[0], Table.Value.Shape[1]);
        float[] column = new float[width];
        for (int k = 0; k < Rank; k++)
        {
            for (int c = 0; c < width; c++) column[c] = Scaling * B.Value.Data[c * Rank + k];
            for (int v = 0; v < rows; v++)
            {
                Span<float> target = result.AsSpan(v * width, width);
                TensorPrimitives.MultiplyAdd(column, A.Value.Data[k * rows + v], target, target);
            }
        }
        return result;
    }
}
