using MathNet.Numerics.LinearAlgebra;
using MathNet.Numerics.LinearAlgebra.Factorization;

namespace Hone.Training.Adapters;

/// <summary>
/// Starting from the principal part of the weights: Meng et al., "PiSSA", arXiv:2404.02948. A = √(S_r/s) V_rᵀ, B = U_r √(S_r/s), and
/// the base keeps the residual W − sBA. On disk the adapter is of rank 2r on the original base, sBA − sB₀A₀, so that it can be used
/// like any LoRA.
/// </summary>
internal sealed class Pissa
{
    private readonly Dictionary<LoraLayer, (float[] A, float[] B)> start = [];

    /// <summary>Sets a layer's factors and takes their product out of its weight.</summary>
    public void Initialise(LoraLayer layer)
    {
        (int outputs, int inputs, int rank) = (layer.Layer.Outputs, layer.Layer.Inputs, layer.Rank);
        Span<float> weight = layer.Layer.Weight.Value.Data, a = layer.A.Value.Data, b = layer.B.Value.Data;
        Svd<double> svd = LowRank.Decompose(weight, outputs, inputs);
        for (int k = 0; k < rank; k++)
        {
            double root = Math.Sqrt(svd.S[k] / layer.Scaling);
            for (int i = 0; i < inputs; i++) a[k * inputs + i] = (float)(root * svd.VT[k, i]);
            for (int o = 0; o < outputs; o++) b[o * rank + k] = (float)(root * svd.U[o, k]);
        }
        start[layer] = (a.ToArray(), b.ToArray());
        for (int o = 0; o < outputs; o++)
            for (int i = 0; i < inputs; i++)
            {
                double product = 0;
                for (int k = 0; k < rank; k++) product += (double)b[o * rank + k] * a[k * inputs + i];
                weight[o * inputs + i] = (float)(weight[o * inputs + i] - layer.Scaling * product);
            }
    }

    /// <summary>Factors of rank 2r whose product is the change against the original weight: A = [A; −A₀], B = [B, B₀].</summary>
    public (float[] A, float[] B) Converted(LoraLayer layer)
    {
        (float[] a0, float[] b0) = start[layer];
        (int rank, int outputs) = (layer.Rank, layer.Layer.Outputs);
        float[] a = [.. layer.A.Value.Data, .. a0.Select(x => -x)];
        float[] b = new float[2 * b0.Length];
        for (int o = 0; o < outputs; o++)
        {
            layer.B.Value.Data.Slice(o * rank, rank).CopyTo(b.AsSpan(2 * o * rank));
            b0.AsSpan(o * rank, rank).CopyTo(b.AsSpan((2 * o + 1) * rank));
        }
        return (a, b);
    }

    /// <summary>The configuration of the converted adapter: twice the rank at the same scaling.</summary>
    public static LoraConfig Converted(LoraConfig config)
    {
        double factor = config.RankStabilised ? Math.Sqrt(2) : 2;
        return config with
        {
            Rank = 2 * config.Rank,
            Alpha = factor * config.Alpha,
            Init = LoraConfig.DefaultInit,
            RankPattern = config.RankPattern.ToDictionary(p => p.Key, p => 2 * p.Value),
            AlphaPattern = config.AlphaPattern.ToDictionary(p => p.Key, p => factor * p.Value),
        };
    }
}

/// <summary>Singular value decompositions of weights.</summary>
internal static class LowRank
{
    /// <param name="values">[rows, cols] row by row.</param>
    public static Svd<double> Decompose(ReadOnlySpan<float> values, int rows, int columns)
    {
        Matrix<double> matrix = Matrix<double>.Build.Dense(rows, columns);
        for (int r = 0; r < rows; r++)
            for (int c = 0; c < columns; c++) matrix[r, c] = values[r * columns + c];
        return matrix.Svd();
    }
}
