namespace Hone.Models.Decoder;

/// <summary>
/// A cache of one layer that holds what a latent model needs and no more: the rotated part of the keys and the latent that the rest of
/// keys and values is read from. Its layer attends to it directly.
/// </summary>
public interface ILatentLayerCache : ILayerCache
{
    /// <summary>[Length, K · 2r] the rotated chunks of all key heads, pairs beside each other.</summary>
    ReadOnlySpan<float> Rotated { get; }

    /// <summary>[Length, c].</summary>
    ReadOnlySpan<float> Latents { get; }
}
