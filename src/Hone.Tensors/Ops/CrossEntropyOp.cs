using System.Numerics.Tensors;
using Hone.Tensors.Threads;

namespace Hone.Tensors.Ops;

/// <summary>Cross-entropy of logits that already exist, e.g. of a classifier; for language models see LinearCrossEntropy.</summary>
public static unsafe class CrossEntropyOp
{
    /// <summary>Σ_t weight_t · loss_t of the rows that have a target, as <see cref="LinearCrossEntropyOp"/> defines it.</summary>
    /// <param name="tape">Tape.</param>
    /// <param name="logits">[N, V].</param>
    /// <param name="targets">[N] indices, or <see cref="HeadOptions.Ignore"/>.</param>
    /// <param name="weights">[N], or empty for 1 everywhere.</param>
    /// <param name="options">Temperature, cap, smoothing, z-loss; its bias is added as a constant.</param>
    /// <returns>A scalar; 0 when no row has a target.</returns>
    /// <exception cref="ArgumentException">Sizes do not fit, or a target is outside the vocabulary.</exception>
    public static Tensor CrossEntropy(
        this Tape tape, Tensor logits, ReadOnlySpan<int> targets, ReadOnlySpan<float> weights = default, HeadOptions? options = null)
    {
        options ??= HeadOptions.Default;
        int vocabulary = logits.Shape.Last;
        HeadOptions.Check(options);
        if (options.Bias is { RequiresGrad: true }) throw new ArgumentException("cross-entropy: the bias takes no gradient here, add it to the logits");
        Tensor kept = HeadTargets.Select(tape, logits.Shape, vocabulary, targets, weights, out int count);
        Tensor loss = tape.New(Shape.Scalar, tape.Needs(logits));
        Tensor work = tape.New((count, vocabulary));
        int* rows = HeadTargets.RowsOf(kept);
        for (int r = 0; r < count; r++) logits.Data.Slice(rows[r] * vocabulary, vocabulary).CopyTo(work.Data[(r * vocabulary)..]);
        using PooledFloats losses = new(tape, count);
        using PooledFloats extra = new(tape, tape.Workers.Threads * HeadRowJob.ScratchRows * vocabulary);
        float* rowWeights = HeadTargets.WeightsOf(kept);
        HeadRowOutputs outputs = new() { Losses = losses.Pointer, GradWeights = loss.RequiresGrad ? rowWeights : null };
        float* bias = options.Bias is { } term ? term.Pointer : null;
        HeadRowJob job = new(work.Pointer, vocabulary, bias, HeadTargets.TargetsOf(kept), options, outputs, extra.Pointer);
        tape.Workers.For(count, 1, ref job);
        double sum = 0;
        for (int r = 0; r < count; r++) sum += (double)rowWeights[r] * losses.Pointer[r];
        *loss.Pointer = (float)sum;
        if (loss.RequiresGrad) tape.Record(new Node { Output = loss, Logits = logits, Grad = work, Kept = kept });
        return loss;
    }

    private sealed class Node : BackwardNode
    {
        public required Tensor Logits { get; init; }

        public required Tensor Grad { get; init; }

        public required Tensor Kept { get; init; }

        public override void Backward(Tape tape) => HeadPass.ScatterRows(
            Grad.Pointer, HeadTargets.RowsOf(Kept), Grad.Shape[0], Grad.Shape[1], Output.Grad[0], Logits.BeginScatterGrad());
    }
}
