namespace Hone.Tensors.Ops;

/// <summary>Log-probabilities of given tokens under the output projection.</summary>
public static unsafe class HeadLogProbsOp
{
    /// <summary>log softmax(head · hidden_t)[target_t] for every row, in chunks of rows. Rows without a target give 0, no gradient and no work.</summary>
    /// <param name="tape">Tape.</param>
    /// <param name="hidden">[N, C].</param>
    /// <param name="head">[V, C].</param>
    /// <param name="targets">[N] token ids, or <see cref="HeadOptions.Ignore"/>.</param>
    /// <param name="options">Temperature, cap, bias; null for none. Smoothing and z-loss must be 0.</param>
    /// <returns>[N], natural logarithm.</returns>
    /// <exception cref="ArgumentException">Sizes do not fit, or a target is outside the vocabulary.</exception>
    public static Tensor HeadLogProbs(this Tape tape, Tensor hidden, Tensor head, ReadOnlySpan<int> targets, HeadOptions? options = null) =>
        Run(tape, hidden, head, targets, options ?? HeadOptions.Default, null);

    /// <summary>Like <see cref="HeadLogProbs"/>, with each row's entropy in nats, through which no gradient flows; 0 where there is no target.</summary>
    public static (Tensor LogProbs, Tensor Entropy) HeadLogProbsAndEntropy(
        this Tape tape, Tensor hidden, Tensor head, ReadOnlySpan<int> targets, HeadOptions? options = null)
    {
        Tensor entropy = tape.New(hidden.Shape.Rows);
        return (Run(tape, hidden, head, targets, options ?? HeadOptions.Default, entropy), entropy);
    }

    private static Tensor Run(Tape tape, Tensor hidden, Tensor head, ReadOnlySpan<int> targets, HeadOptions options, Tensor? entropy)
    {
        if (options.LabelSmoothing != 0 || options.ZLoss != 0) throw new ArgumentException("log-probabilities know no label smoothing and no z-loss");
        HeadPass pass = new(tape, hidden, head, options);
        Tensor kept = pass.Select(targets, default);
        Tensor result = tape.New(hidden.Shape.Rows, tape.Needs(hidden, head, options.Bias));
        using PooledFloats values = new(tape, 2 * pass.Kept);
        float* entropies = values.Pointer + pass.Kept;
        pass.Outputs = new() { LogProbs = values.Pointer, Entropies = entropy is null ? null : entropies };
        Tensor? slopes = SlopesAhead(tape, hidden, head, options, kept, ref pass), logits = LogitsKept(tape, head, options, kept, ref pass);
        pass.Run();
        Spread(values.Pointer, pass.KeptRows, pass.Kept, result);
        if (entropy is not null) Spread(entropies, pass.KeptRows, pass.Kept, entropy);
        if (result.RequiresGrad)
            tape.Record(new Node { Output = result, Hidden = hidden, Head = head, Options = options, Kept = kept, Count = pass.Kept, Slopes = slopes, Logits = logits });
        return result;
    }

    /// <summary>
    /// Where the head is frozen the gradient of each log-probability by its hidden row is made in the forward pass, while its logits are
    /// there; the way back only has to multiply it by the upstream number.
    /// </summary>
    private static Tensor? SlopesAhead(Tape tape, Tensor hidden, Tensor head, HeadOptions options, Tensor kept, ref HeadPass pass)
    {
        if (!tape.Needs(hidden) || tape.Needs(head, options.Bias)) return null;
        Tensor slopes = tape.New((pass.Kept, head.Shape[1]));
        pass.GradRows = slopes.Pointer;
        pass.Outputs.GradWeights = HeadTargets.WeightsOf(kept);
        new Span<float>(pass.Outputs.GradWeights, pass.Kept).Fill(-1f);
        return slopes;
    }

    /// <summary>
    /// Where the head learns and the logits are few they are kept, turned into the gradients of the log-probabilities, so that they need not be
    /// computed again.
    /// </summary>
    private static Tensor? LogitsKept(Tape tape, Tensor head, HeadOptions options, Tensor kept, ref HeadPass pass)
    {
        if (!tape.Needs(head, options.Bias) || pass.Kept == 0 || !pass.CanKeepLogits) return null;
        Tensor logits = tape.New((pass.Kept, head.Shape[0]));
        pass.KeptLogits = logits.Pointer;
        pass.Outputs.GradWeights = HeadTargets.WeightsOf(kept);
        new Span<float>(pass.Outputs.GradWeights, pass.Kept).Fill(-1f);
        return logits;
    }

    private static void Spread(float* values, int* rows, int count, Tensor target)
    {
        target.Data.Clear();
        for (int r = 0; r < count; r++) target.Pointer[rows[r]] = values[r];
    }

    private sealed class Node : BackwardNode
    {
        public required Tensor Hidden { get; init; }

        public required Tensor Head { get; init; }

        public required HeadOptions Options { get; init; }

        public required Tensor Kept { get; init; }

        public required int Count { get; init; }

        public required Tensor? Slopes { get; init; }

        public required Tensor? Logits { get; init; }

        public override void Backward(Tape tape)
        {
            if (Slopes is not null) AddSlopes(Slopes, HeadTargets.RowsOf(Kept));
            else if (Logits is not null) FromLogits(tape, Logits);
            else ComputeAgain(tape);
        }

        private void AddSlopes(Tensor slopes, int* rows)
        {
            int width = Head.Shape[1];
            float* target = Hidden.BeginScatterGrad();
            ReadOnlySpan<float> upstream = Output.Grad;
            for (int r = 0; r < Count; r++) RowLoops.AddScaled(slopes.Data.Slice(r * width, width), upstream[rows[r]], new(target + (long)rows[r] * width, width));
            slopes.Release();
        }

        private void FromLogits(Tape tape, Tensor logits)
        {
            HeadPass pass = new(tape, Hidden, Head, Options) { KeptRows = HeadTargets.RowsOf(Kept), KeptTargets = HeadTargets.TargetsOf(Kept), Kept = Count, KeptLogits = logits.Pointer };
            int vocabulary = Head.Shape[0];
            ReadOnlySpan<float> upstream = Output.Grad;
            for (int r = 0; r < Count; r++)
            {
                Span<float> row = logits.Data.Slice(r * vocabulary, vocabulary);
                System.Numerics.Tensors.TensorPrimitives.Multiply(row, upstream[pass.KeptRows[r]], row);
            }
            AddGradients(tape, ref pass, isForward: false);
            logits.Release();
        }

        // The logits are computed again: keeping them would need rows × vocabulary.
        private void ComputeAgain(Tape tape)
        {
            HeadPass pass = new(tape, Hidden, Head, Options) { KeptRows = HeadTargets.RowsOf(Kept), KeptTargets = HeadTargets.TargetsOf(Kept) };
            pass.Kept = DropZeros(pass.KeptRows, pass.KeptTargets, HeadTargets.WeightsOf(Kept));
            pass.Outputs = new() { GradWeights = HeadTargets.WeightsOf(Kept) };
            AddGradients(tape, ref pass, isForward: true);
        }

        private void AddGradients(Tape tape, ref HeadPass pass, bool isForward)
        {
            int width = Head.Shape[1];
            using PooledFloats rows = new(tape, Hidden.RequiresGrad ? pass.Kept * width : 0);
            if (Hidden.RequiresGrad) pass.GradRows = rows.Pointer;
            if (Head.RequiresGrad) pass.GradHead = Head.BeginScatterGrad();
            if (Options.Bias is { RequiresGrad: true } bias) pass.GradBias = bias.BeginScatterGrad();
            if (isForward) pass.Run();
            else pass.RunBack();
            if (Hidden.RequiresGrad) HeadPass.ScatterRows(rows.Pointer, pass.KeptRows, pass.Kept, width, 1f, Hidden.BeginScatterGrad());
        }

        // The gradient of a log-probability is minus that of the loss; rows whose upstream gradient is 0 drop out.
        private int DropZeros(int* rows, int* targets, float* weights)
        {
            ReadOnlySpan<float> upstream = Output.Grad;
            int count = 0;
            for (int r = 0; r < Count; r++)
            {
                float weight = -upstream[rows[r]];
                if (weight == 0) continue;
                (rows[count], targets[count], weights[count]) = (rows[r], targets[r], weight);
                count++;
            }
            return count;
        }
    }
}
