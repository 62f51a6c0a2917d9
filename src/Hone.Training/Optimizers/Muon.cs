using Hone.Tensors;
using Hone.Tensors.Threads;

namespace Hone.Training.Optimizers;

/// <summary>How Muon's learning rate depends on a matrix's shape.</summary>
public enum MuonRate
{
    /// <summary>sqrt(max(1, rows / cols)), the original.</summary>
    Original,

    /// <summary>0.2 · sqrt(max(rows, cols)): updates of AdamW's usual size, so that AdamW's rates can be kept.</summary>
    MatchRmsAdamW,

    /// <summary>sqrt(rows / cols).</summary>
    SpectralUnclamped,
}

/// <summary>Settings of <see cref="Muon"/>.</summary>
public sealed record MuonOptions
{
    /// <summary>Weight of the old momentum in its moving average, in [0, 1).</summary>
    public double Momentum { get; init; } = 0.95;

    public bool Nesterov { get; init; } = true;

    /// <summary>Decoupled weight decay, multiplied by the rate before shape adjustment.</summary>
    public double Decay { get; init; } = 0.01;

    /// <summary>Newton-Schulz iterations.</summary>
    public int Iterations { get; init; } = 5;

    public MuonRate Rate { get; init; } = MuonRate.Original;
}

/// <summary>
/// Muon: momentum whose matrix is orthogonalised before the step (Keller Jordan et al., "Muon: An optimizer for hidden layers
/// in neural networks", 2024). For matrices inside the network only; embeddings, head and gains go to another optimiser, see
/// <see cref="OptimizerGroup"/>.
/// </summary>
public sealed class Muon : IOptimizer
{
    private readonly MuonOptions options;
    private readonly NewtonSchulz newtonSchulz;
    private readonly Tensor[] momentum;
    private readonly float[] update;
    private readonly long[] steps;

    /// <exception cref="ArgumentException">A parameter is not a matrix.</exception>
    public Muon(IReadOnlyList<Parameter> parameters, MuonOptions? options = null, WorkerPool? workers = null)
    {
        if (parameters.FirstOrDefault(p => p.Value.Shape.Rank != 2) is { } wrong)
            throw new ArgumentException($"Muon moves matrices only; {wrong} is none");
        (Parameters, this.options) = (parameters, options ?? new());
        newtonSchulz = new NewtonSchulz(workers ?? WorkerPool.Shared);
        momentum = [.. parameters.Select(p => Tensor.Create(p.Value.Shape))];
        update = new float[parameters.Count == 0 ? 0 : parameters.Max(p => p.Value.Count)];
        steps = new long[parameters.Count];
    }

    public IReadOnlyList<Parameter> Parameters { get; }

    public Span<long> StepCounts => steps;

    public IEnumerable<(string Name, Tensor Value)> State =>
        momentum.Select((buffer, i) => ($"{Parameters[i].Name}.momentum_buffer", buffer));

    public void Step(double learningRate, double gradientScale = 1.0)
    {
        for (int i = 0; i < Parameters.Count; i++)
        {
            Tensor value = Parameters[i].Value;
            if (!value.HasGrad) continue;
            steps[i]++;
            StepMatrix(value, momentum[i].Data, learningRate, (float)gradientScale);
        }
    }

    private void StepMatrix(Tensor value, Span<float> buffer, double learningRate, float gradientScale)
    {
        int rows = value.Shape[0], cols = value.Shape[1];
        float mu = (float)options.Momentum, rest = (float)(1 - options.Momentum);
        Span<float> u = update.AsSpan(0, value.Count), g = value.Grad, w = value.Data;
        for (int i = 0; i < u.Length; i++)
        {
            float gradient = g[i] * gradientScale;
            buffer[i] = mu * buffer[i] + rest * gradient;
            u[i] = options.Nesterov ? rest * gradient + mu * buffer[i] : buffer[i];
        }
        newtonSchulz.Orthogonalize(u, rows, cols, options.Iterations);
        float shrink = (float)(1 - learningRate * options.Decay), rate = (float)(learningRate * ShapeFactor(rows, cols));
        for (int i = 0; i < u.Length; i++) w[i] = shrink * w[i] - rate * u[i];
    }

    private double ShapeFactor(int rows, int cols) => options.Rate switch
    {
        MuonRate.MatchRmsAdamW => 0.2 * Math.Sqrt(Math.Max(rows, cols)),
        MuonRate.SpectralUnclamped => Math.Sqrt((double)rows / cols),
        _ => Math.Sqrt(Math.Max(1.0, (double)rows / cols)),
    };
}
