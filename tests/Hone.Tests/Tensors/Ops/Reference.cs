using Hone.Tensors;
using Hone.Tensors.Ops;

namespace Hone.Tests.Tensors.Ops;

/// <summary>Operations in plain double-precision loops, written from their formulas and sharing nothing with the code under test.</summary>
internal static class Reference
{
    public static double[] MatMul(double[] a, double[] b, int m, int n, int k, bool transposeA, bool transposeB)
    {
        double[] c = new double[m * n];
        for (int i = 0; i < m; i++)
            for (int j = 0; j < n; j++)
                for (int p = 0; p < k; p++)
                    c[i * n + j] += (transposeA ? a[p * m + i] : a[i * k + p]) * (transposeB ? b[j * k + p] : b[p * n + j]);
        return c;
    }

    public static double[] Linear(double[] x, double[] weight, double[]? bias, int width)
    {
        int outputs = weight.Length / width, rows = x.Length / width;
        double[] y = MatMul(x, weight, rows, outputs, width, false, true);
        if (bias is not null)
            for (int i = 0; i < y.Length; i++) y[i] += bias[i % outputs];
        return y;
    }

    /// <summary>f over broadcast operands.</summary>
    public static double[] Broadcast(double[] a, Shape shapeA, double[] b, Shape shapeB, Func<double, double, double> f)
    {
        int[] sizesA = Pad(shapeA), sizesB = Pad(shapeB), sizes = [.. sizesA.Zip(sizesB, Math.Max)];
        List<double> result = [];
        for (int i = 0; i < sizes[0]; i++)
            for (int j = 0; j < sizes[1]; j++)
                for (int k = 0; k < sizes[2]; k++)
                    for (int l = 0; l < sizes[3]; l++)
                        result.Add(f(a[Place(sizesA, i, j, k, l)], b[Place(sizesB, i, j, k, l)]));
        return [.. result];
    }

    private static int[] Pad(Shape shape) =>
        [.. Enumerable.Repeat(1, 4 - shape.Rank), .. Enumerable.Range(0, shape.Rank).Select(i => shape[i])];

    private static int Place(int[] sizes, params int[] index)
    {
        int place = 0;
        for (int i = 0; i < 4; i++) place = place * sizes[i] + (sizes[i] == 1 ? 0 : index[i]);
        return place;
    }

    public static double[] Rows(double[] table, int width, int[] ids, double scale) =>
        [.. ids.SelectMany(id => table.Skip(id * width).Take(width).Select(value => value * scale))];

    public static double[] RmsNorm(double[] x, double[]? weight, int width, double eps, bool onePlus) => PerRow(x, width, row =>
    {
        double root = Math.Sqrt(row.Sum(value => value * value) / width + eps);
        return [.. row.Select((value, i) => value / root * (weight is null ? 1 : weight[i] + (onePlus ? 1 : 0)))];
    });

    public static double[] LayerNorm(double[] x, double[]? weight, double[]? bias, int width, double eps) => PerRow(x, width, row =>
    {
        double mean = row.Sum() / width, root = Math.Sqrt(row.Sum(value => (value - mean) * (value - mean)) / width + eps);
        return [.. row.Select((value, i) => (value - mean) / root * (weight?[i] ?? 1) + (bias?[i] ?? 0))];
    });

    public static double[] Softmax(double[] x, int width) => PerRow(x, width, row =>
    {
        double logSum = LogSumExp(row);
        return [.. row.Select(value => Math.Exp(value - logSum))];
    });

    public static double[] LogSoftmax(double[] x, int width) => PerRow(x, width, row =>
    {
        double logSum = LogSumExp(row);
        return [.. row.Select(value => value - logSum)];
    });

    public static double LogSumExp(IEnumerable<double> row)
    {
        double max = row.Max();
        return max + Math.Log(row.Sum(value => Math.Exp(value - max)));
    }

    public static double[] PerRow(double[] x, int width, Func<double[], double[]> f) => [.. x.Chunk(width).SelectMany(f)];

    public static double[] Rope(double[] x, int headSize, double[] frequencies, double factor, bool interleaved, int[] positions)
    {
        int width = x.Length / positions.Length, pairs = frequencies.Length;
        double[] y = [.. x];
        for (int t = 0; t < positions.Length; t++)
            for (int head = 0; head < width; head += headSize)
                for (int i = 0; i < pairs; i++)
                {
                    int first = t * width + head + (interleaved ? 2 * i : i), second = first + (interleaved ? 1 : pairs);
                    double angle = positions[t] * frequencies[i], cos = Math.Cos(angle) * factor, sin = Math.Sin(angle) * factor;
                    (y[first], y[second]) = (x[first] * cos - x[second] * sin, x[second] * cos + x[first] * sin);
                }
        return y;
    }

    public static double[] Attention(double[] q, double[] k, double[] v, Segments queries, Segments keys, AttentionOptions options)
    {
        int heads = options.Heads, size = q.Length / queries.Tokens / heads, valueSize = v.Length / keys.Tokens / options.KvHeads;
        double[] y = new double[queries.Tokens * heads * valueSize];
        for (int s = 0; s < queries.Count; s++)
            for (int h = 0; h < heads; h++)
                for (int i = 0; i < queries.Length(s); i++)
                {
                    int kvHead = h * options.KvHeads / heads, position = i + keys.Length(s) - queries.Length(s);
                    int query = ((queries.Start(s) + i) * heads + h) * size, output = ((queries.Start(s) + i) * heads + h) * valueSize;
                    int[] visible = [.. Enumerable.Range(0, keys.Length(s)).Where(j => Sees(position, j, options))];
                    if (visible.Length == 0) continue;
                    double[] scores = [.. visible.Select(j => Score(q, query, k, ((keys.Start(s) + j) * options.KvHeads + kvHead) * size, size, options))];
                    double logSum = LogSumExp(scores);
                    for (int n = 0; n < visible.Length; n++)
                        for (int c = 0; c < valueSize; c++)
                            y[output + c] += Math.Exp(scores[n] - logSum) * v[((keys.Start(s) + visible[n]) * options.KvHeads + kvHead) * valueSize + c];
                }
        return y;
    }

    private static bool Sees(int i, int j, AttentionOptions options) =>
        (!options.Causal || j <= i) && (options.Window == 0 || Math.Abs(i - j) < options.Window);

    private static double Score(double[] q, int query, double[] k, int key, int size, AttentionOptions options)
    {
        double score = 0;
        for (int c = 0; c < size; c++) score += q[query + c] * k[key + c];
        score *= options.Scale;
        return options.Softcap > 0 ? options.Softcap * Math.Tanh(score / options.Softcap) : score;
    }

    /// <summary>Log-probabilities of all tokens, [N, V].</summary>
    public static double[] HeadLogProbs(double[] hidden, double[] head, double[]? bias, int width, HeadOptions options)
    {
        double[] logits = Linear(hidden, head, bias, width);
        for (int i = 0; i < logits.Length; i++)
        {
            if (options.Softcap > 0) logits[i] = options.Softcap * Math.Tanh(logits[i] / options.Softcap);
            logits[i] /= options.Temperature;
        }
        return LogSoftmax(logits, head.Length / width);
    }

    public static double CrossEntropy(double[] hidden, double[] head, double[]? bias, int width, int[] targets, float[] weights, HeadOptions options)
    {
        int vocabulary = head.Length / width;
        double[] logits = Linear(hidden, head, bias, width);
        double loss = 0;
        for (int t = 0; t < targets.Length; t++)
        {
            if (targets[t] == HeadOptions.Ignore) continue;
            double[] row = [.. logits.Skip(t * vocabulary).Take(vocabulary)
                .Select(z => (options.Softcap > 0 ? options.Softcap * Math.Tanh(z / options.Softcap) : z) / options.Temperature)];
            double logSum = LogSumExp(row), smooth = options.LabelSmoothing;
            loss += weights[t] * ((1 - smooth) * (logSum - row[targets[t]]) + smooth * (logSum - row.Average()) + options.ZLoss * logSum * logSum);
        }
        return loss;
    }
}
