using Hone.Core.Recipes;

namespace Hone.Inference.Caches;

/// <summary>Options of <see cref="LeveragePolicy"/>.</summary>
public record LeverageOptions
{
    /// <summary>Directions that keys are projected on.</summary>
    [Limits(AtLeast = 1)]
    public int Sketch { get; init; } = 48;

    /// <summary>Which random directions.</summary>
    public long Seed { get; init; }
}

/// <summary>
/// Keeps tokens whose keys, before rotation, lie outside what the others span: statistical leverage on a random projection. Chari and
/// Van Durme 2025 (Compactor), arXiv:2507.08143.
/// </summary>
[Component("leverage")]
public sealed class LeveragePolicy(LeverageOptions options) : IKvPolicy
{
    public ILayerScorer Scorer(KvLayer layer) => new LeverageScorer(Leverage.RandomSketch(options, layer), options.Sketch);
}

/// <summary>Standardised leverage of all slots.</summary>
/// <param name="sketch">Head → [D, sketch] standard normal numbers.</param>
/// <param name="directions">Columns of the sketch.</param>
internal sealed class LeverageScorer(Func<int, float[]> sketch, int directions) : ILayerScorer
{
    public void Score(IKvView view, KvTarget target, float[][] scores)
    {
        double[][] all = Leverage.Scores(view, sketch, directions, 0, head => view.Count(head));
        Standard.Scores(all);
        Standard.CopyTo(all, scores);
    }
}

/// <summary>x (XᵀX)⁻¹ xᵀ of centred, projected keys.</summary>
internal static class Leverage
{
    private const double Ridge = 1e-2;

    /// <summary>Directions that depend on seed, layer and head alone.</summary>
    public static Func<int, float[]> RandomSketch(LeverageOptions options, KvLayer layer) => head =>
    {
        float[] numbers = new float[layer.HeadSize * options.Sketch];
        new RandomStream(options.Seed, "kv/sketch").Derive(layer.Index).Derive(head).FillNormal(numbers, 0, 1);
        return numbers;
    };

    /// <summary>[K][count].</summary>
    public static double[][] Scores(IKvView view, Func<int, float[]> sketch, int directions, int first, Func<int, int> counts)
    {
        double[][] scores = new double[view.Layer.KvHeads][];
        for (int head = 0; head < scores.Length; head++) scores[head] = Head(view, head, sketch(head), directions, first, counts(head));
        return scores;
    }

    private static double[] Head(IKvView view, int head, float[] sketch, int directions, int first, int count)
    {
        int size = view.Layer.HeadSize;
        float[] keys = view.Keys(head).AsSpan(first * size, count * size).ToArray();
        int[] back = new int[count];
        for (int t = 0; t < count; t++) back[t] = -view.Positions(head)[first + t];
        view.Layer.Rotate(keys, back);
        double[] x = Project(keys, size, sketch, directions, count, view.Layer.RotationFactor), gram = new double[directions * directions];
        for (int t = 0; t < count; t++)
            for (int i = 0; i < directions; i++)
                for (int j = 0; j < directions; j++) gram[i * directions + j] += x[t * directions + i] * x[t * directions + j];
        Cholesky factor = new(gram, directions, Ridge);
        return [.. Enumerable.Range(0, count).Select(t => factor.Quadratic(x.AsSpan(t * directions, directions)))];
    }

    private static double[] Project(float[] keys, int size, float[] sketch, int directions, int count, double factor)
    {
        double[] mean = new double[size], x = new double[count * directions];
        for (int i = 0; i < keys.Length; i++) mean[i % size] += keys[i] / (double)count;
        for (int t = 0; t < count; t++)
            for (int d = 0; d < size; d++)
            {
                double centred = (keys[t * size + d] - mean[d]) / factor / Math.Sqrt(directions);
                for (int k = 0; k < directions; k++) x[t * directions + k] += centred * sketch[d * directions + k];
            }
        return x;
    }
}
