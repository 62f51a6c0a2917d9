using Hone.Tensors;

namespace Hone.Training.Optimizers;

/// <summary>Several optimisers as one, each with its own parameters and a factor on the shared learning rate.</summary>
public sealed class OptimizerGroup : IOptimizer
{
    private readonly (IOptimizer Optimizer, double RateFactor)[] members;
    private readonly long[] steps;

    public OptimizerGroup(params (IOptimizer Optimizer, double RateFactor)[] members)
    {
        this.members = members;
        Parameters = [.. members.SelectMany(m => m.Optimizer.Parameters)];
        steps = new long[Parameters.Count];
    }

    public IReadOnlyList<Parameter> Parameters { get; }

    public IEnumerable<(string Name, Tensor Value)> State => members.SelectMany(m => m.Optimizer.State);

    /// <summary>A view of the members' counts; writing to it takes effect at the next step.</summary>
    public Span<long> StepCounts
    {
        get
        {
            if (!written) Gather();
            written = true; // whoever asks may write
            return steps;
        }
    }

    private bool written;

    public void Step(double learningRate, double gradientScale = 1.0)
    {
        if (written) Scatter();
        written = false;
        foreach ((IOptimizer optimizer, double factor) in members) optimizer.Step(learningRate * factor, gradientScale);
    }

    private void Gather()
    {
        int offset = 0;
        foreach ((IOptimizer optimizer, _) in members)
        {
            optimizer.StepCounts.CopyTo(steps.AsSpan(offset));
            offset += optimizer.Parameters.Count;
        }
    }

    private void Scatter()
    {
        int offset = 0;
        foreach ((IOptimizer optimizer, _) in members)
        {
            steps.AsSpan(offset, optimizer.Parameters.Count).CopyTo(optimizer.StepCounts);
            offset += optimizer.Parameters.Count;
        }
    }
}
