using System.Numerics.Tensors;

namespace Hone.Inference.Caches;

/// <summary>Mean and covariance of the queries of each head before rotation, accumulated as they pass.</summary>
internal sealed class QueryStatistics
{
    private readonly int sinks;
    private readonly double[][] sums, products;
    private int count;

    /// <param name="layer">The layer.</param>
    /// <param name="sinks">First tokens that are left out.</param>
    public QueryStatistics(KvLayer layer, int sinks)
    {
        this.sinks = sinks;
        sums = [.. Enumerable.Range(0, layer.Attention.Heads).Select(_ => new double[layer.HeadSize])];
        products = [.. Enumerable.Range(0, layer.Attention.Heads).Select(_ => new double[layer.HeadSize * layer.HeadSize])];
    }

    private QueryStatistics(QueryStatistics origin)
    {
        (sinks, count) = (origin.sinks, origin.count);
        sums = [.. origin.sums.Select(s => (double[])s.Clone())];
        products = [.. origin.products.Select(p => (double[])p.Clone())];
    }

    public void Observe(IKvView view, ReadOnlySpan<float> queries)
    {
        KvLayer layer = view.Layer;
        int size = layer.HeadSize, width = layer.Attention.Heads * size, rows = queries.Length / width, first = view.NextPosition - rows;
        int skip = Math.Clamp(sinks - first, 0, rows);
        float[] plain = queries[(skip * width)..].ToArray();
        layer.Rotate(plain, [.. Enumerable.Range(first + skip, rows - skip).Select(p => -p)]);
        double factor = layer.RotationFactor;
        double[] query = new double[size];
        for (int r = 0; r < plain.Length / width; r++)
            for (int h = 0; h < sums.Length; h++)
            {
                for (int i = 0; i < size; i++) query[i] = plain[r * width + h * size + i] / factor;
                TensorPrimitives.Add(sums[h], query, sums[h]);
                for (int i = 0; i < size; i++)
                {
                    Span<double> row = products[h].AsSpan(i * size, size);
                    TensorPrimitives.MultiplyAdd(query, query[i], row, row);
                }
            }
        count += rows - skip;
    }

    /// <summary>Mean [D] and covariance [D, D] (divided by n) of a query head, as if turned by the mean rotation.</summary>
    /// <param name="head">Query head.</param>
    /// <param name="rotation">Mean cosines and sines.</param>
    public (double[] Mean, double[] Covariance) Rotated(int head, double[] rotation)
    {
        int size = sums[head].Length, n = Math.Max(1, count);
        double[] mean = [.. sums[head].Select(s => s / n)], covariance = new double[size * size];
        for (int i = 0; i < size; i++)
            for (int j = 0; j < size; j++) covariance[i * size + j] = products[head][i * size + j] / n - mean[i] * mean[j];
        Turn(mean, 1, size, rotation);
        for (int i = 0; i < size; i++) Turn(covariance.AsSpan(i * size), 1, size, rotation);
        for (int j = 0; j < size; j++) Turn(covariance.AsSpan(j), size, size, rotation);
        return (mean, covariance);
    }

    public QueryStatistics Fork() => new(this);

    /// <summary>R · x with R = diag(cos) + diag(sin) · (the quarter turn of pairs i, i + pairs).</summary>
    private static void Turn(Span<double> x, int step, int size, double[] rotation)
    {
        int pairs = rotation.Length / 2;
        for (int i = 0; i < pairs; i++)
        {
            double a = x[i * step], b = x[(pairs + i) * step];
            (x[i * step], x[(pairs + i) * step]) = (a * rotation[i] - b * rotation[pairs + i], b * rotation[i] + a * rotation[pairs + i]);
        }
    }
}
