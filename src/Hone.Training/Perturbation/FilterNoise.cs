using System.Numerics.Tensors;
using Hone.Core;
using Hone.Tensors.Ops;

namespace Hone.Training.Perturbation;

/// <summary>
/// Gaussian noise of one layer, scaled by rows: ε_ij ~ N(0, σ² ‖W'_i‖² / n). Li et al., "Flat-LoRA", arXiv:2409.14396, equation 7. The
/// numbers of a row are a function of the stream and the row alone, so they are drawn again instead of being kept, on any number of threads.
/// </summary>
public sealed class FilterNoise : IWeightNoise
{
    private const float Unit = 1f / (1 << 24);
    private readonly RandomStream random;
    private readonly float[] deviations;

    /// <param name="random">The layer's own stream.</param>
    /// <param name="rowNorms">[outputs] ‖W'_i‖.</param>
    /// <param name="inputs">n.</param>
    /// <param name="sigma">σ.</param>
    public FilterNoise(RandomStream random, ReadOnlySpan<float> rowNorms, int inputs, double sigma)
    {
        this.random = random;
        deviations = new float[rowNorms.Length];
        TensorPrimitives.Multiply(rowNorms, (float)(sigma / Math.Sqrt(inputs)), deviations);
    }

    /// <summary>[outputs] standard deviation of each row.</summary>
    public ReadOnlySpan<float> Deviations => deviations;

    /// <inheritdoc/>
    public void AddTo(int row, Span<float> weights)
    {
        if (deviations[row] == 0) return;
        Span<float> noise = Room(2 * weights.Length + 2), target = noise[..weights.Length];
        Fill(random.Derive(row), target, noise[weights.Length..]);
        TensorPrimitives.MultiplyAdd(target, deviations[row], weights, weights);
    }

    [ThreadStatic]
    private static float[]? memory;

    private static Span<float> Room(int count) => (memory is not null && memory.Length >= count ? memory : memory = new float[count]).AsSpan(0, count);

    /// <summary>
    /// Standard normal numbers by Box and Muller's transform, both of each pair used and a whole row at a time: several times as fast as
    /// <see cref="RandomStream.NextNormal"/>, which is exact to double precision where this is to single (24 random bits, nothing beyond 5.9).
    /// </summary>
    /// <param name="random">Stream.</param>
    /// <param name="target">[n].</param>
    /// <param name="scratch">At least n + 1 numbers.</param>
    internal static void Fill(RandomStream random, Span<float> target, Span<float> scratch)
    {
        int half = (target.Length + 1) / 2;
        Span<float> radius = scratch[..half], angle = scratch.Slice(half, half);
        for (int i = 0; i < half; i++)
        {
            radius[i] = ((random.NextUInt32() >> 8) + 0.5f) * Unit;
            angle[i] = (random.NextUInt32() >> 8) * (2 * MathF.PI * Unit);
        }
        TensorPrimitives.Log(radius, radius);
        TensorPrimitives.Multiply(radius, -2f, radius);
        TensorPrimitives.Sqrt(radius, radius);
        Span<float> first = target[..half], second = target[half..];
        TensorPrimitives.Cos(angle, first);
        TensorPrimitives.Multiply(first, radius, first);
        TensorPrimitives.Sin(angle[..second.Length], second);
        TensorPrimitives.Multiply(second, radius[..second.Length], second);
    }
}
