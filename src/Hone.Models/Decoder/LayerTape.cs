using Hone.Tensors;

namespace Hone.Models.Decoder;

/// <summary>
/// Runs a model's layers so that, without a way back, memory is needed for one layer at a time: what a layer computed on the way is
/// given back as soon as its result is known, and the next layer works in the same, still cached, memory. 512 tokens of a model of
/// 135 million weights take 740 MB of activations otherwise. A tape that records keeps everything, as it has to.
/// </summary>
internal sealed class LayerTape(Tape outer) : IDisposable
{
    private readonly Tape? inner = outer.Recording ? null : new Tape(outer.Workers, outer.Memory, recording: false);

    /// <summary>Runs a layer on the tape it is given and keeps its result on the outer one.</summary>
    public Tensor Run(Func<Tape, Tensor> layer)
    {
        if (inner is null) return layer(outer);
        Tensor result = layer(inner);
        Tensor kept = outer.Constant(result.Shape, result.Data);
        inner.Reset();
        return kept;
    }

    public void Dispose() => inner?.Dispose();
}
