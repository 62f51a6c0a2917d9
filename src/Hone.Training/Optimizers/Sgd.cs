using Hone.Tensors;
using Hone.Tensors.Threads;

namespace Hone.Training.Optimizers;

/// <summary>Settings of <see cref="Sgd"/>; names and defaults are PyTorch's.</summary>
public sealed record SgdOptions
{
    /// <summary>Factor on the momentum buffer, in [0, 1).</summary>
    public double Momentum { get; init; }

    /// <summary>One minus the factor on new gradients from the second step on.</summary>
    public double Dampening { get; init; }

    public bool Nesterov { get; init; }

    /// <summary>Decay added to the gradient of every parameter, vectors included (as PyTorch's SGD does).</summary>
    public double Decay { get; init; }

    /// <summary>Moves uphill.</summary>
    public bool Maximize { get; init; }
}

/// <summary>Gradient descent with momentum. The first momentum buffer is the gradient itself; dampening starts at step 2.</summary>
public sealed class Sgd : IOptimizer
{
    private readonly SgdOptions options;
    private readonly WorkerPool workers;
    private readonly ParameterChunks chunks;
    private readonly Tensor[] momentum;
    private readonly long[] steps;

    public Sgd(IReadOnlyList<Parameter> parameters, SgdOptions? options = null, WorkerPool? workers = null)
    {
        (Parameters, this.options, this.workers) = (parameters, options ?? new(), workers ?? WorkerPool.Shared);
        chunks = new ParameterChunks(parameters);
        momentum = this.options.Momentum == 0 ? [] : [.. parameters.Select(p => Tensor.Create(p.Value.Shape))];
        steps = new long[parameters.Count];
    }

    public IReadOnlyList<Parameter> Parameters { get; }

    public Span<long> StepCounts => steps;

    public IEnumerable<(string Name, Tensor Value)> State =>
        momentum.Select((buffer, i) => ($"{Parameters[i].Name}.momentum_buffer", buffer));

    public void Step(double learningRate, double gradientScale = 1.0)
    {
        for (int i = 0; i < steps.Length; i++)
            if (Parameters[i].Value.HasGrad) steps[i]++;
        chunks.ForEach(workers, new Body(this, (float)learningRate, (float)(options.Maximize ? -gradientScale : gradientScale)));
    }

    private readonly struct Body(Sgd owner, float learningRate, float gradientScale) : IChunkBody
    {
        public void Run(int chunk, int parameter, int start, int length)
        {
            Tensor value = owner.Parameters[parameter].Value;
            if (!value.HasGrad) return;
            Span<float> w = value.Data.Slice(start, length), g = value.Grad.Slice(start, length);
            bool hasMomentum = owner.momentum.Length > 0, isFirst = owner.steps[parameter] == 1;
            Span<float> buffer = hasMomentum ? owner.momentum[parameter].Data.Slice(start, length) : default;
            float mu = (float)owner.options.Momentum, fresh = isFirst ? 1 : (float)(1 - owner.options.Dampening);
            float decay = (float)owner.options.Decay;
            for (int i = 0; i < w.Length; i++)
            {
                float gradient = g[i] * gradientScale + decay * w[i];
                if (hasMomentum)
                {
                    buffer[i] = (isFirst ? 0 : mu * buffer[i]) + fresh * gradient;
                    gradient = owner.options.Nesterov ? gradient + mu * buffer[i] : buffer[i];
                }
                w[i] -= learningRate * gradient;
            }
        }
    }
}
