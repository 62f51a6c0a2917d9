namespace Hone.Tensors.Ops;

/// <summary>The rows that take part in a pass over the output projection: three pooled arrays, indices, targets and weights, side by side.</summary>
internal static unsafe class HeadTargets
{
    /// <summary>Rows with a target and a weight other than 0, checked; lives until the tape is reset.</summary>
    public static Tensor Select(
        Tape tape, Tensor hidden, Tensor head, ReadOnlySpan<int> targets, ReadOnlySpan<float> weights, ref HeadPass pass)
    {
        int rows = hidden.Shape.Rows, vocabulary = head.Shape[0];
        if (targets.Length != rows || (weights.Length != 0 && weights.Length != rows))
            throw new ArgumentException($"head: hidden {hidden.Shape}, {targets.Length} targets, {weights.Length} weights");
        Tensor memory = tape.New((3, Math.Max(1, rows)));
        pass.KeptRows = RowsOf(memory);
        pass.KeptTargets = TargetsOf(memory);
        float* kept = WeightsOf(memory);
        int count = 0;
        for (int t = 0; t < rows; t++)
        {
            float weight = weights.Length == 0 ? 1f : weights[t];
            if (targets[t] == HeadOptions.Ignore || weight == 0) continue;
            if ((uint)targets[t] >= (uint)vocabulary) throw new ArgumentException($"head: target {targets[t]} at {t}, vocabulary {vocabulary}");
            (pass.KeptRows[count], pass.KeptTargets[count], kept[count]) = (t, targets[t], weight);
            count++;
        }
        pass.Kept = count;
        return memory;
    }

    public static int* RowsOf(Tensor memory) => (int*)memory.Pointer;

    public static int* TargetsOf(Tensor memory) => (int*)memory.Pointer + memory.Shape[1];

    public static float* WeightsOf(Tensor memory) => memory.Pointer + 2 * memory.Shape[1];
}
