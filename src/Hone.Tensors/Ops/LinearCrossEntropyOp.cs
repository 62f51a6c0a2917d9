using System.Numerics.Tensors;

namespace Hone.Tensors.Ops;

/// <summary>Cross-entropy fused with the output projection.</summary>
public static unsafe class LinearCrossEntropyOp
{
    /// <summary>
    /// Σ_t weight_t · loss_t with loss_t = -log softmax(head · hidden_t)[target_t], plus smoothing and z-loss as the options say.
    /// When recording, gradients are computed chunk by chunk in the forward pass: logits exist once and never as a whole.
    /// Rows without a target or with weight 0 take no part and cost nothing; with none left the result is 0.
    /// </summary>
    /// <param name="tape">Tape.</param>
    /// <param name="hidden">[N, C].</param>
    /// <param name="head">[V, C].</param>
    /// <param name="targets">[N] token ids, or <see cref="HeadOptions.Ignore"/>.</param>
    /// <param name="weights">[N], or empty for 1 everywhere.</param>
    /// <param name="options">Temperature, cap, bias, smoothing; null for none.</param>
    /// <returns>A scalar.</returns>
    /// <exception cref="ArgumentException">Sizes do not fit, or a target is outside the vocabulary.</exception>
    public static Tensor LinearCrossEntropy(
        this Tape tape, Tensor hidden, Tensor head, ReadOnlySpan<int> targets, ReadOnlySpan<float> weights = default, HeadOptions? options = null)
    {
        options ??= HeadOptions.Default;
        HeadPass pass = new(tape, hidden, head, options);
        Tensor kept = pass.Select(targets, weights);
        Tensor loss = tape.New(Shape.Scalar, tape.Needs(hidden, head, options.Bias));
        Node? node = null;
        if (loss.RequiresGrad)
        {
            node = new Node { Output = loss, Hidden = hidden, Head = head, Bias = options.Bias, Kept = kept, Count = pass.Kept };
            node.Prepare(tape, ref pass);
        }
        using PooledFloats losses = new(tape, pass.Kept);
        float* rowWeights = HeadTargets.WeightsOf(kept);
        pass.Outputs = new() { Losses = losses.Pointer, GradWeights = node is null ? null : rowWeights };
        pass.Run();
        double sum = 0;
        for (int r = 0; r < pass.Kept; r++) sum += (double)rowWeights[r] * losses.Pointer[r];
        *loss.Pointer = (float)sum;
        if (node is not null) tape.Record(node);
        return loss;
    }

    private sealed class Node : BackwardNode
    {
        private Tensor? gradRows, gradHead, gradBias;

        public required Tensor Hidden { get; init; }

        public required Tensor Head { get; init; }

        public required Tensor? Bias { get; init; }

        public required Tensor Kept { get; init; }

        public required int Count { get; init; }

        public void Prepare(Tape tape, ref HeadPass pass)
        {
            if (Hidden.RequiresGrad) gradRows = tape.New((Count, Head.Shape[1]));
            if (Head.RequiresGrad) gradHead = Cleared(tape, Head.Shape);
            if (Bias is { RequiresGrad: true }) gradBias = Cleared(tape, Bias.Shape);
            pass.GradRows = gradRows is null ? null : gradRows.Pointer;
            pass.GradHead = gradHead is null ? null : gradHead.Pointer;
            pass.GradBias = gradBias is null ? null : gradBias.Pointer;
        }

        private static Tensor Cleared(Tape tape, Shape shape)
        {
            Tensor tensor = tape.New(shape);
            tensor.Data.Clear();
            return tensor;
        }

        public override void Backward(Tape tape)
        {
            float upstream = Output.Grad[0];
            if (gradRows is not null)
                HeadPass.ScatterRows(gradRows.Pointer, HeadTargets.RowsOf(Kept), Count, Head.Shape[1], upstream, Hidden.BeginScatterGrad());
            AddScaled(Head, gradHead, upstream);
            AddScaled(Bias, gradBias, upstream);
            gradRows?.Release();
        }

        private static void AddScaled(Tensor? parameter, Tensor? grad, float upstream)
        {
            if (parameter is null || grad is null) return;
            bool add = parameter.BeginGrad(out float* target);
            Span<float> to = new(target, parameter.Count);
            if (add) TensorPrimitives.MultiplyAdd(grad.Data, upstream, to, to);
            else TensorPrimitives.Multiply(grad.Data, upstream, to);
            grad.Release(); // as large as the head: the rest of the backward pass can use the memory
        }
    }
}
