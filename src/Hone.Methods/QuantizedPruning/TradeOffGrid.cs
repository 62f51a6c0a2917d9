using Hone.Core;
using Hone.Inference.Caches;

namespace Hone.Methods.QuantizedPruning;

/// <summary>A point of the trade-off between tokens and precision.</summary>
/// <param name="Bits">Bits of a number.</param>
/// <param name="Tokens">Tokens kept for each head.</param>
public readonly record struct TradeOffPoint(int Bits, int Tokens);

/// <summary>
/// Token and precision combinations of equal memory: b₀ tokens in 16 bits, twice as many in 8, four times in 4, eight times in 2. Zhang
/// et al. 2024, arXiv:2412.12706, section 3. The paper's grid is nominal; counted with scales and zero points, fewer tokens fit.
/// </summary>
public static class TradeOffGrid
{
    /// <summary>The paper's grid.</summary>
    /// <param name="budget">b₀, tokens in 16 bits.</param>
    /// <param name="most">Tokens there are.</param>
    public static IReadOnlyList<TradeOffPoint> Nominal(int budget, int most) =>
        [.. new[] { 16, 8, 4, 2 }.Select(bits => new TradeOffPoint(bits, Math.Min(most, budget * 16 / bits)))];

    /// <summary>The same bytes in truth: as many tokens as the scales leave room for.</summary>
    /// <param name="budget">b₀, tokens in 16 bits.</param>
    /// <param name="most">Tokens there are.</param>
    /// <param name="kvHeads">K.</param>
    /// <param name="headSize">D.</param>
    /// <param name="group">Numbers that share a scale and a zero point of two bytes each.</param>
    /// <exception cref="HoneException">The budget is below one token.</exception>
    public static IReadOnlyList<TradeOffPoint> Equal(int budget, int most, int kvHeads, int headSize, int group)
    {
        if (budget < 1) throw new HoneException($"a budget of {budget} tokens in 16 bits; expected at least 1.");
        long bytes = new KvByteFormula(kvHeads, headSize, 16, 1, 0, 0, 2).Layer(budget, 0);
        return [.. new[] { 16, 8, 4, 2 }.Select(bits => new TradeOffPoint(bits, Math.Clamp(
            bits == 16 ? budget : new KvByteFormula(kvHeads, headSize, bits, group, 2, 2, 2).Tokens(bytes), 1, most)))];
    }
}
