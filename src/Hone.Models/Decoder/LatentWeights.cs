using Hone.Models.Config;
using Hone.Tensors;

namespace Hone.Models.Decoder;

/// <summary>The matrices that read un-rotated keys and values from the latent, and which rows belong to which head.</summary>
internal sealed class LatentWeights
{
    private readonly Tensor? keys;
    private readonly Tensor values;
    private readonly int keyStride, valueStride, valueStart;

    private LatentWeights(Tensor? keys, Tensor values, int keyStride, int valueStride, int valueStart, ModelConfig config)
    {
        (this.keys, this.values, this.keyStride, this.valueStride, this.valueStart) = (keys, values, keyStride, valueStride, valueStart);
        LatentConfig latent = config.Latent!;
        (Width, Rotated, Plain, ValueSize) = (latent.Width, 2 * latent.Chunks, config.HeadSize - 2 * latent.Chunks, config.HeadSize);
        (KeyRank, ValueRank, ValueOffset) = (latent.KeyRank, latent.ValueRank, latent.IsJoint ? 0 : latent.KeyRank);
    }

    /// <summary>c.</summary>
    public int Width { get; }

    /// <summary>2r.</summary>
    public int Rotated { get; }

    /// <summary>D - 2r.</summary>
    public int Plain { get; }

    /// <summary>D.</summary>
    public int ValueSize { get; }

    /// <summary>Numbers of the latent that keys read, from its start.</summary>
    public int KeyRank { get; }

    /// <summary>Numbers of the latent that values read.</summary>
    public int ValueRank { get; }

    /// <summary>Where they start.</summary>
    public int ValueOffset { get; }

    /// <summary>One matrix [K · (D - 2r + D), c], each head's keys before its values.</summary>
    public static LatentWeights Joint(Tensor up, ModelConfig config)
    {
        int plain = config.HeadSize - 2 * config.Latent!.Chunks, stride = plain + config.HeadSize;
        return new(up, up, stride, stride, plain, config);
    }

    /// <summary>Two matrices, [K · (D - 2r), c_k] and [K · D, c_v].</summary>
    public static LatentWeights Separate(Tensor? keyUp, Tensor valueUp, ModelConfig config) =>
        new(keyUp, valueUp, config.HeadSize - 2 * config.Latent!.Chunks, config.HeadSize, 0, config);

    /// <summary>[KeyRank] what channel <paramref name="channel"/> of a head's un-rotated key is made of.</summary>
    public ReadOnlySpan<float> KeyRow(int head, int channel) => keys!.Data.Slice((head * keyStride + channel) * KeyRank, KeyRank);

    /// <summary>[ValueRank] what channel <paramref name="channel"/> of a head's value is made of.</summary>
    public ReadOnlySpan<float> ValueRow(int head, int channel) => values.Data.Slice((head * valueStride + valueStart + channel) * ValueRank, ValueRank);
}
