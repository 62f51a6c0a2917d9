using Hone.Core;
using MathNet.Numerics.LinearAlgebra.Factorization;

namespace Hone.Training.Adapters;

/// <summary>One module's part of <see cref="AdapterCombination"/>.</summary>
internal static class FactorCombination
{
    public static LoraFactors Combine(CombinationType type, LoraFactors[] parts, IReadOnlyList<double> weights, double density, int svdRank)
    {
        LoraFactors first = parts[0];
        if (type == CombinationType.Cat) return Concatenated(parts, weights);
        if (type == CombinationType.Svd) return Approximated(parts, weights, svdRank > 0 ? svdRank : parts.Max(p => p.Rank));
        if (parts.Any(p => p.Rank != first.Rank))
            throw new HoneException($"all adapters must have the same rank for this combination, found {string.Join(", ", parts.Select(p => p.Rank))}. Use cat or svd.");
        double[] size = [.. parts.Select((p, i) => Math.Sqrt(Math.Abs(weights[i]) * p.Scaling))];
        double[] signed = [.. size.Select((s, i) => weights[i] < 0 ? -s : s)];
        float[] Merge(IEnumerable<float[]> tensors, double[] w) => type switch
        {
            CombinationType.Linear => WeightedSum([.. tensors], w),
            CombinationType.Ties => Ties([.. tensors.Select(t => Pruned(t, density))], w),
            _ => WeightedSum([.. tensors.Select(t => Pruned(t, density))], w),
        };
        return first with { Scaling = 1, A = Merge(parts.Select(p => p.A), signed), B = Merge(parts.Select(p => p.B), size) };
    }

    /// <summary>A = [w₁s₁A₁; w₂s₂A₂ …], B = [B₁, B₂ …].</summary>
    private static LoraFactors Concatenated(LoraFactors[] parts, IReadOnlyList<double> weights)
    {
        int rank = parts.Sum(p => p.Rank), outputs = parts[0].Outputs;
        float[] a = [.. parts.SelectMany((p, i) => p.A.Select(x => (float)(x * (weights[i] * p.Scaling))))];
        float[] b = new float[outputs * rank];
        for (int o = 0, at = 0; o < outputs; o++)
            foreach (LoraFactors part in parts)
            {
                part.B.AsSpan(o * part.Rank, part.Rank).CopyTo(b.AsSpan(at));
                at += part.Rank;
            }
        return new(rank, outputs, parts[0].Inputs, 1, a, b);
    }

    /// <summary>B = U_r S_r and A = V_rᵀ of the weighted sum's singular value decomposition.</summary>
    private static LoraFactors Approximated(LoraFactors[] parts, IReadOnlyList<double> weights, int rank)
    {
        (int outputs, int inputs) = (parts[0].Outputs, parts[0].Inputs);
        rank = Math.Min(rank, Math.Min(outputs, inputs));
        Svd<double> svd = LowRank.Decompose(WeightedDelta(parts, weights), outputs, inputs);
        float[] a = new float[rank * inputs], b = new float[outputs * rank];
        for (int k = 0; k < rank; k++)
        {
            for (int i = 0; i < inputs; i++) a[k * inputs + i] = (float)svd.VT[k, i];
            for (int o = 0; o < outputs; o++) b[o * rank + k] = (float)(svd.U[o, k] * svd.S[k]);
        }
        return new(rank, outputs, inputs, 1, a, b);
    }

    private static float[] WeightedDelta(LoraFactors[] parts, IReadOnlyList<double> weights)
    {
        (int outputs, int inputs) = (parts[0].Outputs, parts[0].Inputs);
        double[] sum = new double[outputs * inputs];
        for (int p = 0; p < parts.Length; p++)
            for (int o = 0; o < outputs; o++)
                for (int k = 0; k < parts[p].Rank; k++)
                {
                    double factor = weights[p] * parts[p].Scaling * parts[p].B[o * parts[p].Rank + k];
                    for (int i = 0; i < inputs; i++) sum[o * inputs + i] += factor * parts[p].A[k * inputs + i];
                }
        return [.. sum.Select(x => (float)x)];
    }

    private static float[] WeightedSum(float[][] tensors, double[] weights)
    {
        float[] result = new float[tensors[0].Length];
        for (int i = 0; i < result.Length; i++)
        {
            double sum = 0;
            for (int t = 0; t < tensors.Length; t++) sum += weights[t] * tensors[t][i];
            result[i] = (float)sum;
        }
        return result;
    }

    /// <summary>Keeps the ⌊density · n⌋ numbers of largest magnitude.</summary>
    private static float[] Pruned(float[] tensor, double density)
    {
        if (!(density is > 0 and <= 1)) throw new HoneException($"density {density}: a share above 0 and at most 1 was expected.");
        float[] result = new float[tensor.Length];
        foreach (int index in Enumerable.Range(0, tensor.Length).OrderByDescending(i => Math.Abs(tensor[i])).Take((int)(density * tensor.Length)))
            result[index] = tensor[index];
        return result;
    }

    /// <summary>The sign with the larger total wins; the weighted numbers of that sign are averaged.</summary>
    private static float[] Ties(float[][] tensors, double[] weights)
    {
        float[] result = new float[tensors[0].Length];
        for (int i = 0; i < result.Length; i++)
        {
            int majority = tensors.Sum(t => (double)t[i]) >= 0 ? 1 : -1;
            double sum = 0;
            int count = 0;
            for (int t = 0; t < tensors.Length; t++)
            {
                if (Math.Sign(tensors[t][i]) != majority) continue;
                sum += weights[t] * tensors[t][i];
                count++;
            }
            result[i] = (float)(sum / Math.Max(1, count));
        }
        return result;
    }
}
