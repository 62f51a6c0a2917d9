namespace Hone.Training.Objectives.Values;

/// <summary>
/// A short vector of double-precision numbers that remembers how it was computed. Losses over log-probabilities are written with
/// it: a batch has a few hundred such numbers, so exactness is free, and the model's own graph stays in single precision. A column of one
/// number goes with columns of any length.
/// </summary>
public sealed class Column
{
    private readonly ColumnGraph graph;

    internal Column(ColumnGraph graph, double[] values, bool needsGradient)
    {
        (this.graph, Values, NeedsGradient) = (graph, values, needsGradient);
        Gradients = new double[needsGradient ? values.Length : 0];
    }

    public double[] Values { get; }

    /// <summary>Filled by <see cref="ColumnGraph.Backward"/>; empty where no gradient is needed.</summary>
    public double[] Gradients { get; }

    public bool NeedsGradient { get; }

    public int Length => Values.Length;

    public ColumnGraph Graph => graph;

    public static Column operator +(Column a, Column b) => Both(a, b, (x, y) => x + y, (_, _) => (1, 1));

    public static Column operator -(Column a, Column b) => Both(a, b, (x, y) => x - y, (_, _) => (1, -1));

    public static Column operator *(Column a, Column b) => Both(a, b, (x, y) => x * y, (x, y) => (y, x));

    public static Column operator /(Column a, Column b) => Both(a, b, (x, y) => x / y, (x, y) => (1 / y, -x / (y * y)));

    public static Column operator +(Column a, double b) => a.Map(x => x + b, (_, _) => 1);

    public static Column operator +(double a, Column b) => b + a;

    public static Column operator -(Column a, double b) => a + -b;

    public static Column operator -(double a, Column b) => b.Map(x => a - x, (_, _) => -1);

    public static Column operator -(Column a) => a * -1;

    public static Column operator *(Column a, double b) => a.Map(x => x * b, (_, _) => b);

    public static Column operator *(double a, Column b) => b * a;

    public static Column operator /(Column a, double b) => a * (1 / b);

    /// <summary>The smaller of two by element; ties go to the first.</summary>
    public static Column Min(Column a, Column b) => Both(a, b, Math.Min, (x, y) => x <= y ? (1, 0) : (0, 1));

    /// <summary>The larger of two by element; ties go to the first.</summary>
    public static Column Max(Column a, Column b) => Both(a, b, Math.Max, (x, y) => x >= y ? (1, 0) : (0, 1));

    public Column Exp() => Map(Math.Exp, (_, y) => y);

    public Column Log() => Map(Math.Log, (x, _) => 1 / x);

    /// <summary>log(1 − eˣ) for x below 0.</summary>
    public Column Log1MinusExp() => Map(x => x > -0.6931471805599453 ? Math.Log(-Expm1(x)) : Log1p(-Math.Exp(x)), (x, _) => -1 / Expm1(-x));

    public Column Square() => Map(x => x * x, (x, _) => 2 * x);

    /// <summary>max(0, x).</summary>
    public Column Relu() => Map(x => Math.Max(0, x), (x, _) => x > 0 ? 1 : 0);

    public Column Sigmoid() => Map(Logistic, (_, y) => y * (1 - y));

    /// <summary>log(1 / (1 + e⁻ˣ)), exact at both ends.</summary>
    public Column LogSigmoid() => Map(x => Math.Min(x, 0) - Log1p(Math.Exp(-Math.Abs(x))), (x, _) => Logistic(-x));

    /// <summary>Within bounds; beyond them no gradient.</summary>
    public Column Clamp(double min, double max) => Map(x => Math.Clamp(x, min, max), (x, _) => x >= min && x <= max ? 1 : 0);

    /// <summary>The same numbers without a way back.</summary>
    public Column Detach() => graph.Constant(Values);

    /// <summary>One number.</summary>
    public Column Sum()
    {
        Column result = graph.New([Values.Sum()], NeedsGradient);
        graph.Step(result, () =>
        {
            for (int i = 0; i < Length; i++) Gradients[i] += result.Gradients[0];
        });
        return result;
    }

    /// <summary>One number; NaN for an empty column.</summary>
    public Column Mean() => Sum() / Length;

    /// <summary>In ascending order; gradients go back to where the numbers came from.</summary>
    public Column Sorted() => Pick([.. Enumerable.Range(0, Length).OrderBy(i => Values[i])]);

    /// <summary>Some elements in a given order.</summary>
    public Column Pick(int[] indices)
    {
        Column result = graph.New([.. indices.Select(i => Values[i])], NeedsGradient);
        graph.Step(result, () =>
        {
            for (int i = 0; i < indices.Length; i++) Gradients[indices[i]] += result.Gradients[i];
        });
        return result;
    }

    /// <summary>Sums over stretches: element g is the sum of all elements whose group is g; a negative group is left out.</summary>
    public Column GroupSum(int[] groups, int count)
    {
        double[] sums = new double[count];
        for (int i = 0; i < groups.Length; i++)
            if (groups[i] >= 0) sums[groups[i]] += Values[i];
        Column result = graph.New(sums, NeedsGradient);
        graph.Step(result, () =>
        {
            for (int i = 0; i < groups.Length; i++)
                if (groups[i] >= 0) Gradients[i] += result.Gradients[groups[i]];
        });
        return result;
    }

    /// <summary>1 / (1 + e⁻ˣ).</summary>
    public static double Logistic(double x) => x >= 0 ? 1 / (1 + Math.Exp(-x)) : Math.Exp(x) / (1 + Math.Exp(x));

    /// <summary>A function by element.</summary>
    /// <param name="function">Value.</param>
    /// <param name="slope">Derivative from (x, value).</param>
    public Column Map(Func<double, double> function, Func<double, double, double> slope)
    {
        Column result = graph.New([.. Values.Select(function)], NeedsGradient);
        graph.Step(result, () =>
        {
            for (int i = 0; i < Length; i++)
                if (result.Gradients[i] != 0) Gradients[i] += result.Gradients[i] * slope(Values[i], result.Values[i]);
        });
        return result;
    }

    private static Column Both(Column a, Column b, Func<double, double, double> function, Func<double, double, (double A, double B)> slopes)
    {
        int length = a.Length == 1 ? b.Length : a.Length;
        if (b.Length != length && b.Length != 1) throw new ArgumentException($"columns of {a.Length} and {b.Length} numbers");
        int At(Column c, int i) => c.Length == 1 ? 0 : i;
        double[] values = new double[length];
        for (int i = 0; i < length; i++) values[i] = function(a.Values[At(a, i)], b.Values[At(b, i)]);
        Column result = a.graph.New(values, a.NeedsGradient || b.NeedsGradient);
        a.graph.Step(result, () =>
        {
            for (int i = 0; i < length; i++)
            {
                if (result.Gradients[i] == 0) continue; // nothing flows, not even through an infinite slope
                (double slopeA, double slopeB) = slopes(a.Values[At(a, i)], b.Values[At(b, i)]);
                if (a.NeedsGradient) a.Gradients[At(a, i)] += result.Gradients[i] * slopeA;
                if (b.NeedsGradient) b.Gradients[At(b, i)] += result.Gradients[i] * slopeB;
            }
        });
        return result;
    }

    /// <summary>log(1 + x) without loss for small x: Kahan's correction.</summary>
    private static double Log1p(double x)
    {
        double u = 1 + x;
        return u == 1 ? x : Math.Log(u) * x / (u - 1);
    }

    /// <summary>eˣ − 1 without loss for small x.</summary>
    private static double Expm1(double x)
    {
        if (Math.Abs(x) > 0.5) return Math.Exp(x) - 1;
        double u = Math.Exp(x);
        if (u == 1) return x;
        return (u - 1) * x / Math.Log(u);
    }
}

/// <summary>The columns of one loss and the way back through them.</summary>
public sealed class ColumnGraph
{
    private readonly List<Action> steps = [];

    /// <summary>Numbers whose gradient is wanted.</summary>
    public Column Variable(double[] values) => new(this, values, true);

    /// <summary>Numbers without a gradient.</summary>
    public Column Constant(params double[] values) => new(this, values, false);

    /// <summary>Fills the gradients of everything <paramref name="loss"/>, one number, depends on.</summary>
    public void Backward(Column loss)
    {
        if (loss.Length != 1) throw new ArgumentException($"backward starts from one number, not from {loss.Length}");
        if (!loss.NeedsGradient) return;
        loss.Gradients[0] = 1;
        for (int i = steps.Count - 1; i >= 0; i--) steps[i]();
    }

    internal Column New(double[] values, bool needsGradient) => new(this, values, needsGradient);

    internal void Step(Column result, Action back)
    {
        if (result.NeedsGradient) steps.Add(back);
    }
}
