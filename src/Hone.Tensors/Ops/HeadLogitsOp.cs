namespace Hone.Tensors.Ops;

/// <summary>Plain logits, where they are really needed.</summary>
public static class HeadLogitsOp
{
    /// <summary>Logits of chosen rows: head · hidden + bias, capped and divided by the temperature as the options say.</summary>
    /// <param name="tape">Tape.</param>
    /// <param name="hidden">[N, C].</param>
    /// <param name="head">[V, C].</param>
    /// <param name="rows">Which rows, e.g. each sequence's last; copied.</param>
    /// <param name="options">Temperature, cap, bias; null for none. Smoothing and z-loss play no part.</param>
    /// <returns>[rows, V].</returns>
    /// <exception cref="ArgumentException">Sizes do not fit.</exception>
    public static Tensor HeadLogits(this Tape tape, Tensor hidden, Tensor head, ReadOnlySpan<int> rows, HeadOptions? options = null)
    {
        options ??= HeadOptions.Default;
        HeadOptions.Check(options);
        Tensor logits = tape.Linear(tape.Rows(hidden, rows), head, options.Bias);
        if (options.Softcap > 0) logits = tape.Softcap(logits, options.Softcap);
        return options.Temperature == 1f ? logits : tape.Scale(logits, 1f / options.Temperature);
    }
}
