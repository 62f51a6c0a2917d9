using Hone.Core.Recipes;

namespace Hone.Inference.Caches;

/// <summary>Exact fp32 keys and values.</summary>
[Component("fp32")]
public sealed class DenseFormat : IKvFormat
{
    public int? OwnBits => 32;

    public ILayerStore Create(KvLayer layer) => new RowsStore(layer, size => new SingleRows(size), size => new SingleRows(size));
}

/// <summary>Half-precision keys and values, two bytes each.</summary>
[Component("fp16")]
public sealed class HalfFormat : IKvFormat
{
    public bool IsRounded => true;

    public int? OwnBits => 16;

    public ILayerStore Create(KvLayer layer) => new RowsStore(layer, size => new HalfPrecisionRows(size), size => new HalfPrecisionRows(size));
}
