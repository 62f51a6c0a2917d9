using Hone.Core;
using Hone.Inference.Caches.Streaming;

namespace Hone.Methods.LtriLlm;

/// <summary>Attention maps with known spans: dense triangles of 8 to 15 tokens, one after the other, in noise of up to 0.3 θ.</summary>
internal static class PlantedMaps
{
    private const double Theta = 0.02;

    /// <summary>F1 of the boundaries found, mean over maps.</summary>
    /// <param name="random">Draws spans and noise.</param>
    /// <param name="density">Weight of a pair inside a span, in units of the threshold.</param>
    public static double F1(RandomStream random, double density)
    {
        double sum = 0;
        const int Maps = 4;
        for (int m = 0; m < Maps; m++)
        {
            (AttentionBand map, HashSet<int> borders) = Make(random.Derive(m), density);
            HashSet<int> found = [.. TriangleDivision.Divide(map, new(Theta, 0, 4, 64)).Skip(1).Select(s => s.Start)];
            int right = found.Count(borders.Contains);
            sum += 2.0 * right / Math.Max(1, found.Count + borders.Count);
        }
        return sum / Maps;
    }

    private static (AttentionBand Map, HashSet<int> Borders) Make(RandomStream random, double density)
    {
        AttentionBand band = new(64);
        HashSet<int> borders = [];
        int row = 0;
        for (int s = 0; s < 12; s++)
        {
            int length = random.Next(8, 16), start = row;
            if (start > 0) borders.Add(start);
            for (; row < start + length; row++)
            {
                float[] weights = new float[64];
                for (int d = 0; d < Math.Min(64, row + 1); d++)
                {
                    double noise = 0.3 * Theta * random.NextDouble();
                    weights[d] = (float)(row - d >= start ? density * Theta * (0.8 + 0.4 * random.NextDouble()) : noise);
                }
                band.Add(weights);
            }
        }
        return (band, borders);
    }
}
