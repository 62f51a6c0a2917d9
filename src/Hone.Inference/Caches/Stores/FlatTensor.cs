using Hone.Tensors.Kernels.Cache;

namespace Hone.Inference.Caches;

/// <summary>Keys or values of a whole layer, rounded together.</summary>
internal sealed class FlatTensor
{
    private readonly FlatGroups groups;
    private readonly int bits;
    private readonly byte[] codes;
    private readonly float[] scales, lows;

    /// <summary>Rounds.</summary>
    /// <param name="numbers">[K, tokens, D].</param>
    /// <param name="groups">How they are grouped.</param>
    /// <param name="bits">2, 4 or 8.</param>
    /// <param name="halfQuadratic">Zero points by optimisation instead of the range.</param>
    public FlatTensor(float[] numbers, FlatGroups groups, int bits, bool halfQuadratic)
    {
        groups.Check();
        (this.groups, this.bits) = (groups, bits);
        (scales, lows) = (new float[groups.Groups], new float[groups.Groups]);
        byte[] all = new byte[groups.Count];
        if (halfQuadratic) RoundOptimised(numbers, all);
        else RoundByRange(numbers, all);
        codes = new byte[CodePacking.Bytes(all.Length, bits)];
        CodePacking.Pack(all, bits, codes);
    }

    public long Bytes => codes.Length + 8L * scales.Length;

    /// <summary>[K, tokens, D].</summary>
    public float[] Read()
    {
        byte[] all = new byte[groups.Count];
        CodePacking.Unpack(codes, bits, all);
        float[] numbers = new float[groups.Count];
        for (int g = 0; g < groups.Groups; g++)
            for (int i = 0; i < groups.Size; i++)
            {
                int place = groups.Place(g, i);
                numbers[place] = all[place] * scales[g] + lows[g];
            }
        return numbers;
    }

    private void RoundByRange(float[] numbers, byte[] all)
    {
        float[] group = new float[groups.Size];
        byte[] own = new byte[groups.Size];
        for (int g = 0; g < groups.Groups; g++)
        {
            for (int i = 0; i < group.Length; i++) group[i] = numbers[groups.Place(g, i)];
            (scales[g], lows[g]) = GroupQuantizer.Range(group, bits);
            GroupQuantizer.Encode(group, bits, scales[g], lows[g], own);
            for (int i = 0; i < group.Length; i++) all[groups.Place(g, i)] = own[i];
        }
    }

    private void RoundOptimised(float[] numbers, byte[] all)
    {
        float[] zeros = new float[groups.Groups];
        HalfQuadratic.Fit(numbers, groups, bits, scales, zeros);
        for (int g = 0; g < groups.Groups; g++)
        {
            for (int i = 0; i < groups.Size; i++) all[groups.Place(g, i)] = HalfQuadratic.Encode(numbers[groups.Place(g, i)], scales[g], zeros[g], bits);
            (scales[g], lows[g]) = (1 / scales[g], -zeros[g] / scales[g]);
        }
    }
}
