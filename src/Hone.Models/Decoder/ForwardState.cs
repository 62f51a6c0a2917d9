using Hone.Tensors;

namespace Hone.Models.Decoder;

/// <summary>Looks into a forward pass: probes, calibration, retrieval heads.</summary>
public interface IForwardTap
{
    /// <summary>The residual stream: layer 0 is the embedding, layer l the result of the l-th block, except that the last one is handed over after the final norm, as in transformers' <c>hidden_states</c>.</summary>
    /// <param name="layer">0 to number of layers.</param>
    /// <param name="hidden">[N, C]; valid during the call.</param>
    void Hidden(int layer, Tensor hidden);
}

/// <summary>What a forward pass is given besides its tokens.</summary>
public sealed class ForwardState
{
    /// <summary>One cache per sequence of the batch: keys and values are appended and attended to. Null for whole sequences (training, scoring).</summary>
    public IReadOnlyList<IKvCache>? Caches { get; init; }

    /// <summary>Who looks in.</summary>
    public IForwardTap? Tap { get; init; }

    /// <summary>Keep only each block's input for the way back and compute the rest again: less memory, a third more work.</summary>
    public bool Recompute { get; init; }

    internal static ForwardState Plain { get; } = new();
}
