using System.Text.Json.Nodes;
using Hone.Inference.Caches;

namespace Hone.Tests.Inference.Caches;

/// <summary>Leverage with the random directions of a golden file.</summary>
/// <param name="sketch">[L, K, D, directions].</param>
/// <param name="directions">Columns.</param>
/// <param name="compactor">With attention beside it; null for leverage alone.</param>
internal sealed class SketchedPolicy(float[] sketch, int directions, CompactorOptions? compactor) : IKvPolicy
{
    public static SketchedPolicy Of(PressGolden golden, JsonObject row)
    {
        JsonNode settings = row["settings"]!;
        int directions = (int)settings["sketch_dimension"]!;
        CompactorOptions? compactor = (string)row["press"]! == "CompactorPress"
            ? new() { First = (int)settings["sink_size_start"]!, Last = (int)settings["sink_size_end"]!, Chunk = (int)settings["chunk_size"]!, Sketch = directions }
            : null;
        return new(golden.Tensor((string)row["sketch_tensor"]!), directions, compactor);
    }

    public ILayerScorer Scorer(KvLayer layer)
    {
        int size = layer.HeadSize * directions;
        float[] Sketch(int head) => sketch.AsSpan((layer.Index * layer.KvHeads + head) * size, size).ToArray();
        return compactor is null ? new LeverageScorer(Sketch, directions) : new CompactorScorer(compactor, Sketch, new AllQueries());
    }
}
