using System.Numerics.Tensors;
using Hone.Tensors.Threads;

namespace Hone.Tensors.Ops;

/// <summary>Scaled dot-product attention. Vaswani et al. 2017, arXiv:1706.03762, eq. 1.</summary>
public static unsafe class AttentionOp
{
    /// <summary>
    /// softmax(scale · q kᵀ) v within each sequence, in blocks with an online softmax (Dao 2023, arXiv:2307.08691, algorithms 1
    /// and 2): only the logarithm of each row's sum is kept for the way back, so memory is linear in the tokens.
    /// </summary>
    /// <param name="tape">Tape.</param>
    /// <param name="q">[N, H · D].</param>
    /// <param name="k">[N, K · D].</param>
    /// <param name="v">[N, K · Dv].</param>
    /// <param name="segments">Sequences; no token sees another sequence.</param>
    /// <param name="options">Heads, scale, mask.</param>
    /// <returns>[N, H · Dv].</returns>
    /// <exception cref="ArgumentException">Sizes do not fit.</exception>
    public static Tensor Attention(this Tape tape, Tensor q, Tensor k, Tensor v, Segments segments, AttentionOptions options) =>
        tape.Attention(q, k, v, segments, segments, options);

    /// <summary>
    /// Like the other overload with fewer (or more) queries than keys: the queries of a sequence are its last positions, as when
    /// earlier keys come from a cache. A query that sees nothing gives 0 and no gradient.
    /// </summary>
    public static Tensor Attention(
        this Tape tape, Tensor q, Tensor k, Tensor v, Segments queries, Segments keys, AttentionOptions options)
    {
        AttentionSizes sizes = new(q, k, v, queries, keys, options);
        bool needs = tape.Needs(q, k, v);
        Tensor y = tape.New((sizes.Queries, options.Heads * sizes.ValueSize), needs);
        Tensor? logSums = needs ? tape.New((sizes.Queries, options.Heads)) : null;
        using PooledFloats scratch = new(tape, tape.Workers.Threads * AttentionForward.ScratchFloats(options, sizes));
        AttentionForward job = new(queries, keys, options, sizes, q.Pointer, k.Pointer, v.Pointer, y.Pointer, logSums is null ? null : logSums.Pointer, scratch.Pointer);
        int next = 0;
        job.Start(&next, tape.Workers);
        if (needs)
            tape.Record(new Node { Output = y, Q = q, K = k, V = v, LogSums = logSums!, Queries = queries, Keys = keys, Options = options, Sizes = sizes });
        return y;
    }

    private sealed class Node : BackwardNode
    {
        public required Tensor Q { get; init; }

        public required Tensor K { get; init; }

        public required Tensor V { get; init; }

        public required Tensor LogSums { get; init; }

        public required Segments Queries { get; init; }

        public required Segments Keys { get; init; }

        public required AttentionOptions Options { get; init; }

        public required AttentionSizes Sizes { get; init; }

        public override void Backward(Tape tape)
        {
            float* dq = Q.RequiresGrad ? Q.BeginScatterGrad() : null;
            float* dk = K.RequiresGrad ? K.BeginScatterGrad() : null;
            float* dv = V.RequiresGrad ? V.BeginScatterGrad() : null;
            using PooledFloats scratch = new(tape, tape.Workers.Threads * AttentionBackward.ScratchFloats(Options, Sizes));
            using PooledFloats inner = new(tape, Sizes.Queries * Options.Heads);
            fixed (float* dy = Output.Grad)
            {
                RowDots(tape, dy, inner.Pointer);
                AttentionBackward job = new(Queries, Keys, Options, Sizes, Q.Pointer, K.Pointer, V.Pointer, dy, LogSums.Pointer, inner.Pointer,
                    dq, dk, dv, scratch.Pointer);
                int next = 0;
                job.Start(&next, tape.Workers);
            }
        }

        // rowsum(dO ∘ O), D in algorithm 2
        private void RowDots(Tape tape, float* dy, float* target)
        {
            DotJob job = new(Output.Pointer, dy, target, Sizes.ValueSize);
            tape.Workers.For(Sizes.Queries * Options.Heads, RmsNormOp.RowGrain(Sizes.ValueSize), ref job);
        }
    }

    private readonly struct DotJob(float* y, float* dy, float* target, int size) : IRangeJob
    {
        public void Run(int worker, int start, int end)
        {
            for (int r = start; r < end; r++)
                target[r] = TensorPrimitives.Dot(new ReadOnlySpan<float>(y + (long)r * size, size), new ReadOnlySpan<float>(dy + (long)r * size, size));
        }
    }
}
