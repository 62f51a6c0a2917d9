namespace Hone.Tensors.Ops;

/// <summary>How an output projection's products become log-probabilities, and what the loss adds to the negative log-likelihood.</summary>
public sealed record HeadOptions
{
    /// <summary>Target that means: no prediction is asked for here.</summary>
    public const int Ignore = -100;

    /// <summary>Plain log-softmax.</summary>
    public static HeadOptions Default { get; } = new();

    /// <summary>Logits are divided by it, after <see cref="Softcap"/>. Positive.</summary>
    public float Temperature { get; init; } = 1f;

    /// <summary>Logits z become cap · tanh(z / cap); 0 for none.</summary>
    public float Softcap { get; init; }

    /// <summary>[V], added to the products; null for none.</summary>
    public Tensor? Bias { get; init; }

    /// <summary>
    /// Share e in [0, 1] of the target that is spread over the whole vocabulary, the target included: the loss is
    /// (1 - e) · nll + e · mean(-log p). Szegedy et al. 2015, arXiv:1512.00567, section 7. Only for the loss.
    /// </summary>
    public float LabelSmoothing { get; init; }

    /// <summary>Factor on the square of the logarithm of the softmax's sum, which keeps logits from drifting. Only for the loss.</summary>
    public float ZLoss { get; init; }

    /// <summary>Throws unless the settings make sense.</summary>
    internal static void Check(HeadOptions options)
    {
        if (!(options.Temperature > 0)) throw new ArgumentException($"head: temperature {options.Temperature}, a positive number is needed");
        if (!(options.Softcap >= 0)) throw new ArgumentException($"head: softcap {options.Softcap}, 0 or a positive number is needed");
        if (!(options.LabelSmoothing is >= 0 and <= 1)) throw new ArgumentException($"head: label smoothing {options.LabelSmoothing}, a share in [0, 1] is needed");
    }
}
