using Hone.Models.Decoder;
using Hone.Tensors;
using Hone.Tensors.Ops;
using Hone.Training.Batching;
using Hone.Training.Objectives.Values;

namespace Hone.Training.Objectives;

/// <summary>
/// The generalised Jensen–Shannon divergence between two models' next-token distributions: Agarwal et al., "On-Policy Distillation of
/// Language Models", arXiv:2306.13649, equation 1. β = 0 is KL(teacher‖student), β = 1 KL(student‖teacher).
/// </summary>
public static class DistillationLoss
{
    /// <summary>Divergence of one position and its gradient with respect to the student's logits.</summary>
    /// <param name="student">[V] logits.</param>
    /// <param name="teacher">[V] logits.</param>
    /// <param name="beta">In [0, 1].</param>
    /// <param name="temperature">Divides both models' logits.</param>
    /// <param name="gradient">[V], receives the gradient.</param>
    public static double Row(ReadOnlySpan<float> student, ReadOnlySpan<float> teacher, double beta, double temperature, Span<double> gradient)
    {
        (double[] s, double[] t) = (LogSoftmax(student, temperature), LogSoftmax(teacher, temperature));
        double loss = 0, mean = 0;
        for (int v = 0; v < s.Length; v++)
        {
            (double ps, double pt) = (Math.Exp(s[v]), Math.Exp(t[v]));
            double m = beta is 0 or 1 ? 0 : Math.Log((1 - beta) * ps + beta * pt);
            loss += beta switch { 0 => pt * (t[v] - s[v]), 1 => ps * (s[v] - t[v]), _ => beta * pt * (t[v] - m) + (1 - beta) * ps * (s[v] - m) };
            // ∂/∂p_s; the terms through the mixture add up to a constant, which the softmax takes out.
            gradient[v] = beta switch { 0 => -Math.Exp(t[v] - s[v]), 1 => s[v] - t[v], _ => (1 - beta) * (s[v] - m) };
            mean += ps * gradient[v];
        }
        for (int v = 0; v < s.Length; v++) gradient[v] = Math.Exp(s[v]) * (gradient[v] - mean) / temperature;
        return loss;
    }

    private static double[] LogSoftmax(ReadOnlySpan<float> logits, double temperature)
    {
        double[] result = new double[logits.Length];
        double max = double.NegativeInfinity, sum = 0;
        for (int v = 0; v < result.Length; v++) max = Math.Max(max, result[v] = logits[v] / temperature);
        foreach (double x in result) sum += Math.Exp(x - max);
        double norm = max + Math.Log(sum);
        for (int v = 0; v < result.Length; v++) result[v] -= norm;
        return result;
    }
}

/// <summary>Logits [targets, V] at the targets of a batch, in their order; computed without a gradient.</summary>
public delegate Tensor TeacherLogits(Tape tape, TrainingBatch batch);

/// <summary>Learning from a teacher's distributions at every target of the rows. Logits of the targets are held, [targets, V].</summary>
/// <param name="model">The student.</param>
/// <param name="teacher">Knows the same vocabulary, but may be shown other contexts.</param>
/// <param name="beta">Which divergence; see <see cref="DistillationLoss"/>.</param>
/// <param name="temperature">Divides both models' logits.</param>
/// <param name="recompute">Recompute activations on the way back.</param>
public sealed class DistillationObjective(LanguageModel model, TeacherLogits teacher, double beta = 0.5, double temperature = 1, bool recompute = false) : IObjective
{
    /// <param name="model">The student.</param>
    /// <param name="teacher">Has the same vocabulary and sees the same rows.</param>
    /// <param name="beta">Which divergence.</param>
    /// <param name="temperature">Divides both models' logits.</param>
    /// <param name="recompute">Recompute activations on the way back.</param>
    public DistillationObjective(LanguageModel model, LanguageModel teacher, double beta = 0.5, double temperature = 1, bool recompute = false)
        : this(model, (tape, batch) => teacher.Logits(tape, tape.Rows(teacher.Hidden(tape, batch), PolicyHead.Targets(batch.Targets).Rows)), beta, temperature, recompute) { }

    private readonly ForwardState state = new() { Recompute = recompute };

    public string Name => "distillation";

    public WeightedLoss Compute(Tape tape, TrainingBatch batch, MetricSums metrics)
    {
        int[] rows = PolicyHead.Targets(batch.Targets).Rows;
        Tensor logits = model.Logits(tape, tape.Rows(model.Hidden(tape, batch, state), rows));
        using Tape still = new(tape.Workers, tape.Memory, recording: false);
        Tensor wanted = teacher(still, batch);
        int vocabulary = logits.Shape.Last;
        double[] gradient = new double[logits.Count];
        double sum = 0;
        for (int r = 0; r < rows.Length; r++)
            sum += DistillationLoss.Row(
                logits.Data.Slice(r * vocabulary, vocabulary), wanted.Data.Slice(r * vocabulary, vocabulary), beta, temperature, gradient.AsSpan(r * vocabulary, vocabulary));
        return new(tape.Outer(logits, sum, gradient), rows.Length);
    }
}
