namespace Hone.Tensors.Ops;

/// <summary>The rows that take part in a pass over the output projection: three pooled arrays, indices, targets and weights, side by side.</summary>
internal static unsafe class HeadTargets
{
    /// <summary>Rows with a target and a weight other than 0, checked; lives until the tape is reset.</summary>
    public static Tensor Select(
        Tape tape, Shape hidden, int vocabulary, ReadOnlySpan<int> targets, ReadOnlySpan<float> weights, out int count)
    {
        int rows = hidden.Rows;
        if (targets.Length != rows || (weights.Length != 0 && weights.Length != rows))
            throw new ArgumentException($"head: hidden {hidden}, {targets.Length} targets, {weights.Length} weights");
        Tensor memory = tape.New((3, Math.Max(1, rows)));
        int* keptRows = RowsOf(memory), keptTargets = TargetsOf(memory);
        float* keptWeights = WeightsOf(memory);
        count = 0;
        for (int t = 0; t < rows; t++)
        {
            float weight = weights.Length == 0 ? 1f : weights[t];
            if (targets[t] == HeadOptions.Ignore || weight == 0) continue;
            if ((uint)targets[t] >= (uint)vocabulary) throw new ArgumentException($"head: target {targets[t]} at {t}, vocabulary {vocabulary}");
            (keptRows[count], keptTargets[count], keptWeights[count]) = (t, targets[t], weight);
            count++;
        }
        return memory;
    }

    public static int* RowsOf(Tensor memory) => (int*)memory.Pointer;

    public static int* TargetsOf(Tensor memory) => (int*)memory.Pointer + memory.Shape[1];

    public static float* WeightsOf(Tensor memory) => memory.Pointer + 2 * memory.Shape[1];
}
