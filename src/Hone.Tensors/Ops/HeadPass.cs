using System.Numerics.Tensors;
using Hone.Tensors.Kernels;
using Hone.Tensors.Threads;

namespace Hone.Tensors.Ops;

/// <summary>
/// Walks the rows that have a target in chunks: products with the output projection, log-softmax, and where asked for the
/// gradients, so that rows × vocabulary never exists as a whole and rows without a target cost nothing.
/// </summary>
internal unsafe ref struct HeadPass
{
    /// <summary>
    /// Most logits held at once: 64 MB, 340 rows of a vocabulary of 49 152. Every chunk reads the whole head and adds to its whole gradient,
    /// so few rows per chunk make the pass one of memory instead of arithmetic.
    /// </summary>
    private const int ChunkFloats = 1 << 24;

    private readonly Tape tape;
    private readonly Tensor hidden, head;
    private readonly HeadOptions options;
    private readonly int vocabulary, width;

    public HeadPass(Tape tape, Tensor hidden, Tensor head, HeadOptions options)
    {
        if (head.Shape.Rank != 2 || head.Shape[1] != hidden.Shape.Last) throw new ArgumentException($"head: hidden {hidden.Shape}, head {head.Shape}");
        if (options.Bias is { } bias && bias.Count != head.Shape[0]) throw new ArgumentException($"head: head {head.Shape}, bias {bias.Shape}");
        HeadOptions.Check(options);
        (this.tape, this.hidden, this.head, this.options) = (tape, hidden, head, options);
        (vocabulary, width) = (head.Shape[0], head.Shape[1]);
    }

    /// <summary>[kept] indices of the rows to work on, and their targets.</summary>
    public int* KeptRows, KeptTargets;

    /// <summary>Number of rows to work on.</summary>
    public int Kept;

    /// <summary>Takes the rows that have a target, and weights other than 0 where there are any.</summary>
    public Tensor Select(ReadOnlySpan<int> targets, ReadOnlySpan<float> weights)
    {
        Tensor kept = HeadTargets.Select(tape, hidden.Shape, vocabulary, targets, weights, out Kept);
        KeptRows = HeadTargets.RowsOf(kept);
        KeptTargets = HeadTargets.TargetsOf(kept);
        return kept;
    }

    /// <summary>Results per kept row.</summary>
    public HeadRowOutputs Outputs;

    /// <summary>[kept, C] gradient of the hidden rows, overwritten; null for none.</summary>
    public float* GradRows;

    /// <summary>[V, C], added to; null for none.</summary>
    public float* GradHead;

    /// <summary>[V], added to; null for none.</summary>
    public float* GradBias;

    /// <summary>[kept, V] where the logits, or their gradients, stay; null where they are thrown away chunk by chunk.</summary>
    public float* KeptLogits;

    /// <summary>Whether the logits of all rows are few enough to be kept for the way back.</summary>
    public readonly bool CanKeepLogits => (long)Kept * vocabulary <= ChunkFloats;

    public void Run()
    {
        int chunk = ChunkRows();
        if (chunk == 0) return;
        using PooledFloats logits = new(tape, KeptLogits != null ? 1 : checked(chunk * vocabulary));
        using PooledFloats rows = new(tape, chunk * width);
        using PooledFloats extra = new(tape, tape.Workers.Threads * HeadRowJob.ScratchRows * vocabulary);
        for (int first = 0; first < Kept; first += chunk)
            Chunk(first, Math.Min(chunk, Kept - first), KeptLogits != null ? KeptLogits + (long)first * vocabulary : logits.Pointer, rows.Pointer, extra.Pointer);
    }

    /// <summary>Only the way back, from the logits' gradients in <see cref="KeptLogits"/>.</summary>
    public readonly void RunBack()
    {
        int chunk = ChunkRows();
        if (chunk == 0) return;
        using PooledFloats gathered = new(tape, chunk * width);
        for (int first = 0; first < Kept; first += chunk)
        {
            int rows = Math.Min(chunk, Kept - first);
            AddGradients(first, rows, KeptLogits + (long)first * vocabulary, Hidden(first, rows, gathered.Pointer));
        }
    }

    private readonly int ChunkRows() => Math.Min(Kept, Math.Clamp(ChunkFloats / vocabulary, 16, 1024));

    private readonly void Chunk(int first, int rows, float* logits, float* gathered, float* extra)
    {
        WorkerPool workers = tape.Workers;
        float* x = Hidden(first, rows, gathered);
        Gemm.Run(workers, false, true, rows, vocabulary, width, x, width, head.Pointer, width, logits, vocabulary, false);
        HeadRowJob job = new(logits, vocabulary, options.Bias is { } bias ? bias.Pointer : null, KeptTargets + first, options, From(first), extra);
        workers.For(rows, 1, ref job);
        AddGradients(first, rows, logits, x);
    }

    /// <summary>The hidden rows of a chunk, where they lie if they are adjacent, else gathered.</summary>
    private readonly float* Hidden(int first, int rows, float* gathered)
    {
        if (KeptRows[first + rows - 1] - KeptRows[first] == rows - 1) return hidden.Pointer + (long)KeptRows[first] * width;
        for (int r = 0; r < rows; r++)
            new ReadOnlySpan<float>(hidden.Pointer + (long)KeptRows[first + r] * width, width).CopyTo(new(gathered + (long)r * width, width));
        return gathered;
    }

    private readonly void AddGradients(int first, int rows, float* logits, float* x)
    {
        WorkerPool workers = tape.Workers;
        if (GradRows != null)
            Gemm.Run(workers, false, false, rows, width, vocabulary, logits, vocabulary, head.Pointer, width, GradRows + (long)first * width, width, false);
        if (GradHead != null)
            Gemm.Run(workers, true, false, vocabulary, width, rows, logits, vocabulary, x, width, GradHead, width, true);
        if (GradBias != null) ColumnSums.AddTo(workers, logits, rows, vocabulary, GradBias);
    }

    private readonly HeadRowOutputs From(int first) => new()
    {
        LogProbs = Outputs.LogProbs == null ? null : Outputs.LogProbs + first,
        Losses = Outputs.Losses == null ? null : Outputs.Losses + first,
        Entropies = Outputs.Entropies == null ? null : Outputs.Entropies + first,
        GradWeights = Outputs.GradWeights == null ? null : Outputs.GradWeights + first,
    };

    /// <summary>Adds factor · rows to the gradient's rows at the given places.</summary>
    public static void ScatterRows(float* rows, int* places, int count, int width, float factor, float* target)
    {
        for (int r = 0; r < count; r++)
        {
            Span<float> to = new(target + (long)places[r] * width, width);
            TensorPrimitives.MultiplyAdd(new ReadOnlySpan<float>(rows + (long)r * width, width), factor, to, to);
        }
    }
}
