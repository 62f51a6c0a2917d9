using Hone.Core;
using Hone.Models.Config;

namespace Hone.Methods.EliteKv;

/// <summary>Sizes of a converted model's cache. Formulas of EliteKV, arXiv:2503.01586, for K key heads where the paper has as many as query heads.</summary>
/// <param name="Chunks">r, chunks that rotate in each key head.</param>
/// <param name="KeyRank">c of J-LRD, or c_k of S-LRD.</param>
/// <param name="ValueRank">c_v of S-LRD; 0 in J-LRD.</param>
public readonly record struct EliteShape(int Chunks, int KeyRank, int ValueRank = 0)
{
    /// <summary>One latent for keys and values.</summary>
    public bool IsJoint => ValueRank == 0;

    /// <summary>c, numbers of latent for a token and layer.</summary>
    public int Width => KeyRank + ValueRank;

    /// <summary>(2 r K + c) / (2 K D): what the cache takes of the full one.</summary>
    public double Ratio(int kvHeads, int headSize) => (2.0 * Chunks * kvHeads + Width) / (2.0 * kvHeads * headSize);

    /// <summary>
    /// The widest joint latent that adds no weights: c (d + K (2D − 2r)) ≤ d K (2D − 2r).
    /// </summary>
    public static double NoGrowthBound(int hiddenSize, int kvHeads, int headSize, int chunks)
    {
        double columns = kvHeads * (2.0 * headSize - 2 * chunks);
        return hiddenSize * columns / (hiddenSize + columns);
    }

    /// <summary>The shape of a cache of <paramref name="ratio"/> with so many chunks, the rest being latent; null when none is left.</summary>
    public static EliteShape? ForRatio(ModelConfig config, double ratio, int chunks)
    {
        int width = (int)(ratio * 2 * config.KvWidth) - 2 * chunks * config.KvHeads;
        int most = Math.Min(config.HiddenSize, config.KvHeads * (2 * config.HeadSize - 2 * chunks));
        return width < 1 || chunks > config.HeadSize / 2 ? null : new EliteShape(chunks, Math.Min(width, most));
    }

    /// <summary>Refuses sizes that the model has no room for.</summary>
    /// <exception cref="HoneException">Chunks or ranks out of range.</exception>
    public void Check(ModelConfig config)
    {
        int half = config.HeadSize / 2, plain = config.HeadSize - 2 * Chunks, d = config.HiddenSize;
        if (Chunks < 0 || Chunks > half) throw new HoneException($"{Chunks} chunks of a head of {config.HeadSize} channels cannot rotate; give 0 to {half}.");
        int most = Math.Min(d, config.KvHeads * (IsJoint ? plain + config.HeadSize : plain));
        if (KeyRank > most || KeyRank < (IsJoint || plain > 0 ? 1 : 0))
            throw new HoneException($"a latent of {KeyRank} is out of range; with {Chunks} chunks this model allows 1 to {most}.");
        if (!IsJoint && (ValueRank < 1 || ValueRank > Math.Min(d, config.KvWidth)))
            throw new HoneException($"a latent of {ValueRank} for values is out of range; this model allows 1 to {Math.Min(d, config.KvWidth)}.");
    }
}
