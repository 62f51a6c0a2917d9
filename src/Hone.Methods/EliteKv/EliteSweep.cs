using Hone.Core;
using Hone.Inference;
using Hone.Methods.LongContext;
using Hone.Models.Config;

namespace Hone.Methods.EliteKv;

/// <summary>One way to spend a budget.</summary>
/// <param name="Shape">Chunks and latent.</param>
/// <param name="Ratio">Cache as a share of the full one.</param>
/// <param name="Perplexity">Of the converted model, without training.</param>
public sealed record SweepPoint(EliteShape Shape, double Ratio, double Perplexity);

/// <summary>
/// Divides a cache between rotated chunks and latent: converts with every number of chunks, without training, and measures perplexity.
/// EliteKV, arXiv:2503.01586, dimension allocation.
/// </summary>
public static class EliteSweep
{
    /// <summary>All ways, best first.</summary>
    /// <param name="model">The original.</param>
    /// <param name="ranking">Order of its chunks.</param>
    /// <param name="ratio">Cache as a share of the full one, above 0 and at most 1.</param>
    /// <param name="text">Sequences to measure on.</param>
    /// <param name="step">Step between numbers of chunks, at least 1.</param>
    /// <param name="run">Progress and cancellation.</param>
    /// <exception cref="HoneException">A budget too small for any conversion.</exception>
    public static IReadOnlyList<SweepPoint> Run(TextModel model, ChunkRanking ranking, double ratio, IReadOnlyList<int[]> text, int step, RunContext run)
    {
        ModelConfig config = model.Model.Config;
        EliteShape[] shapes = [.. Enumerable.Range(0, config.HeadSize / 2 + 1).Where(r => r % step == 0).Select(r => EliteShape.ForRatio(config, ratio, r)).OfType<EliteShape>()];
        if (shapes.Length == 0) throw new HoneException($"a cache of {ratio:0.####} leaves no room for a latent. Give a larger ratio.");
        RunContext quiet = new("", run.Seed, null, run.Cancellation);
        using IProgressTask progress = run.Reporter.Start("trying divisions", shapes.Length, "models");
        List<SweepPoint> points = [];
        foreach (EliteShape shape in shapes)
        {
            EliteConversion conversion = EliteConverter.Convert(model.Model, ranking.Elite(shape.Chunks), shape, quiet);
            double perplexity = StreamPerplexity.Of(conversion.Model, text, model.Workers);
            points.Add(new(shape, conversion.Ratio, perplexity));
            progress.Advance(1, $"r {shape.Chunks}, c {shape.Width}: perplexity {perplexity:0.###}");
        }
        return [.. points.OrderBy(p => p.Perplexity)];
    }
}
