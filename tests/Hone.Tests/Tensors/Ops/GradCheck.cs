using Hone.Core;
using Hone.Tensors;
using Hone.Tensors.Threads;

namespace Hone.Tests.Tensors.Ops;

/// <summary>An input of an operation under test.</summary>
/// <param name="Shape">Its shape.</param>
/// <param name="Values">Its numbers, exactly fp32.</param>
/// <param name="Differentiable">Whether its gradient is checked.</param>
internal sealed record CheckedInput(Shape Shape, float[] Values, bool Differentiable = true)
{
    /// <summary>Standard normal numbers.</summary>
    public static CheckedInput Normal(RandomStream random, Shape shape, float deviation = 1f, float mean = 0f)
    {
        float[] values = new float[shape.Count];
        random.FillNormal(values, mean, deviation);
        return new(shape, values);
    }

    /// <summary>Uniform numbers.</summary>
    public static CheckedInput Uniform(RandomStream random, Shape shape, float min, float max)
    {
        float[] values = new float[shape.Count];
        random.FillUniform(values, min, max);
        return new(shape, values);
    }
}

/// <summary>
/// Compares an operation with a plain double-precision reference: its output directly, its fp32 gradients with central
/// differences of the reference. Also: gradients add up when one is there already, an input alone gets the same bits as all
/// together, and one thread gives what two give.
/// </summary>
internal static class GradCheck
{
    /// <summary>Relative to 1 + |expected|: fp32 rounding of sums of a few hundred terms.</summary>
    public const double Tolerance = 3e-5;

    public static void Run(
        Func<Tape, Tensor[], Tensor> operation, Func<double[][], double[]> reference, params CheckedInput[] inputs) =>
        Run(operation, reference, true, inputs);

    /// <param name="sameBitsAlone">False for an operation that takes another way to an input's gradient when the others need none.</param>
    public static void Run(
        Func<Tape, Tensor[], Tensor> operation, Func<double[][], double[]> reference, bool sameBitsAlone, params CheckedInput[] inputs)
    {
        const double tolerance = Tolerance;
        double[][] values = [.. inputs.Select(input => input.Values.Select(value => (double)value).ToArray())];
        double[] expected = reference(values);
        float[] upstream = new float[expected.Length];
        new RandomStream(7, "upstream").FillNormal(upstream, 0, 1);

        using WorkerPool two = new(2);
        Tensor[] all = Tensors(inputs, _ => true);
        float[] output = Step(two, operation, all, upstream);
        AssertClose(expected, output, tolerance, "output");
        for (int i = 0; i < inputs.Length; i++)
            if (inputs[i].Differentiable)
                AssertClose(Slopes(reference, values, i, upstream), all[i].Grad, tolerance, $"gradient of input {i}");

        AloneLikeTogether(two, operation, inputs, all, upstream, sameBitsAlone);
        GradientsAddUp(two, operation, all, upstream, tolerance);
    }

    private static void AloneLikeTogether(WorkerPool workers, Func<Tape, Tensor[], Tensor> operation, CheckedInput[] inputs, Tensor[] all, float[] upstream, bool sameBits)
    {
        for (int i = 0; i < inputs.Length; i++)
        {
            if (!inputs[i].Differentiable) continue;
            Tensor[] alone = Tensors(inputs, index => index == i);
            Step(workers, operation, alone, upstream);
            if (sameBits) Assert.Equal(all[i].Grad, alone[i].Grad);
            else AssertClose([.. all[i].Grad.ToArray().Select(value => (double)value)], alone[i].Grad, 1e-6, $"gradient of input {i} alone");
            Assert.All(alone.Where((_, index) => index != i), tensor => Assert.False(tensor.HasGrad));
        }
    }

    private static void GradientsAddUp(WorkerPool workers, Func<Tape, Tensor[], Tensor> operation, Tensor[] all, float[] upstream, double tolerance)
    {
        double[][] doubled = [.. all.Select(tensor => tensor.HasGrad ? tensor.Grad.ToArray().Select(value => 2.0 * value).ToArray() : [])];
        Step(workers, operation, all, upstream);
        for (int i = 0; i < all.Length; i++)
            if (all[i].HasGrad) AssertClose(doubled[i], all[i].Grad, tolerance, $"twice added gradient of input {i}");
    }

    private static Tensor[] Tensors(CheckedInput[] inputs, Func<int, bool> wanted) =>
        [.. inputs.Select((input, index) => Tensor.From(input.Shape, input.Values, input.Differentiable && wanted(index)))];

    private static float[] Step(WorkerPool workers, Func<Tape, Tensor[], Tensor> operation, Tensor[] inputs, float[] upstream)
    {
        using Tape tape = new(workers);
        Tensor output = operation(tape, inputs);
        float[] result = output.Data.ToArray();
        tape.Backward(output, upstream);
        return result;
    }

    private static double[] Slopes(Func<double[][], double[]> reference, double[][] values, int input, float[] upstream)
    {
        double[] slopes = new double[values[input].Length];
        for (int i = 0; i < slopes.Length; i++)
        {
            double kept = values[input][i], step = 1e-5 * Math.Max(1, Math.Abs(kept));
            values[input][i] = kept + step;
            double above = Along(reference(values), upstream);
            values[input][i] = kept - step;
            double below = Along(reference(values), upstream);
            values[input][i] = kept;
            slopes[i] = (above - below) / (2 * step);
        }
        return slopes;
    }

    private static double Along(double[] output, float[] upstream)
    {
        double sum = 0;
        for (int i = 0; i < output.Length; i++) sum += output[i] * upstream[i];
        return sum;
    }

    public static void AssertClose(double[] expected, ReadOnlySpan<float> actual, double tolerance, string what)
    {
        Assert.Equal(expected.Length, actual.Length);
        for (int i = 0; i < expected.Length; i++)
            Assert.True(Math.Abs(expected[i] - actual[i]) <= tolerance * (1 + Math.Abs(expected[i])), $"{what}[{i}]: {expected[i]} expected, {actual[i]} found");
    }
}
