using System.Numerics.Tensors;
using Hone.Tensors;
using Hone.Tensors.Threads;
using Tensor = Hone.Tensors.Tensor;

namespace Hone.Training.Optimizers;

/// <summary>
/// Adafactor: Shazeer and Stern, arXiv:1804.04235. Of a matrix's second moments only row and column means are kept, so the state of a
/// matrix is a row and a column. Two forms are in use, which do not agree; see <see cref="AdafactorForm"/>.
/// </summary>
public sealed class Adafactor : IOptimizer
{
    private readonly AdafactorOptions options;
    private readonly WorkerPool workers;
    private readonly Moments[] moments;
    private readonly long[] steps;

    public Adafactor(IReadOnlyList<Parameter> parameters, AdafactorOptions? options = null, WorkerPool? workers = null)
    {
        (Parameters, this.options, this.workers) = (parameters, options ?? new(), workers ?? WorkerPool.Shared);
        moments = [.. parameters.Select(p => new Moments(p.Value.Shape, this.options.Beta1 > 0))];
        steps = new long[parameters.Count];
    }

    public IReadOnlyList<Parameter> Parameters { get; }

    public Span<long> StepCounts => steps;

    public IEnumerable<(string Name, Tensor Value)> State => moments.SelectMany((m, i) => m.State(Parameters[i].Name));

    public void Step(double learningRate, double gradientScale = 1.0)
    {
        Job job = new(this, learningRate, gradientScale);
        workers.For(Parameters.Count, 1, ref job);
    }

    private readonly struct Job(Adafactor owner, double learningRate, double gradientScale) : IRangeJob
    {
        public void Run(int worker, int start, int end)
        {
            for (int i = start; i < end; i++)
                if (owner.Parameters[i].Value.HasGrad) owner.Update(owner.Parameters[i].Value, owner.moments[i], ++owner.steps[i], learningRate, (float)gradientScale);
        }
    }

    private void Update(Tensor value, Moments moment, long step, double learningRate, float gradientScale)
    {
        Span<float> w = value.Data;
        float[] update = new float[w.Length];
        TensorPrimitives.Multiply(value.Grad, gradientScale, update);
        bool isTorch = options.Form == AdafactorForm.Torch;
        double size = RootMeanSquare(w), fresh = Math.Pow(step, options.DecayRate);
        double relative = options.RelativeStep ? Math.Min(options.WarmupInit ? 1e-6 * step : 1e-2, 1 / Math.Sqrt(step)) : learningRate;
        double scale = isTorch || options.ScaleParameter ? Math.Max(options.ParameterEpsilon, size) : 1;
        double rate = scale * (isTorch ? Math.Min(learningRate, 1 / Math.Sqrt(step)) : relative);
        double shrink = 1 - options.Decay * (isTorch ? learningRate : rate);
        moment.Divide(update, fresh, options);
        rate /= Math.Max(1, RootMeanSquare(update) / options.ClipThreshold);
        TensorPrimitives.Multiply(update, (float)rate, update);
        moment.Smooth(update, options.Beta1);
        for (int i = 0; i < w.Length; i++) w[i] = (float)(w[i] * shrink) - update[i];
    }

    private static double RootMeanSquare(ReadOnlySpan<float> values)
    {
        double sum = 0;
        foreach (float value in values) sum += (double)value * value;
        return Math.Sqrt(sum / Math.Max(1, values.Length));
    }

    /// <summary>Second moments of one parameter: of a matrix by row and column, else by element; and the smoothed update where asked for.</summary>
    private sealed class Moments
    {
        private readonly int rows, columns;
        private readonly Tensor? rowMeans, columnMeans, elements, smoothed;

        public Moments(Shape shape, bool smooths)
        {
            if (shape.Rank == 2)
            {
                (rows, columns) = (shape[0], shape[1]);
                (rowMeans, columnMeans) = (Tensor.Create(rows), Tensor.Create(columns));
            }
            else elements = Tensor.Create(shape);
            if (smooths) smoothed = Tensor.Create(shape);
        }

        public IEnumerable<(string Name, Tensor Value)> State(string parameter) =>
            from pair in ((string Name, Tensor? Value)[])[("row_var", rowMeans), ("col_var", columnMeans), ("variance", elements), ("exp_avg", smoothed)]
            where pair.Value is not null
            select ($"{parameter}.{pair.Name}", pair.Value);

        /// <summary>Takes the gradient up with weight <paramref name="fresh"/> and divides it by the root of the moments, in place.</summary>
        public void Divide(Span<float> gradient, double fresh, AdafactorOptions options)
        {
            bool isTorch = options.Form == AdafactorForm.Torch;
            double inside = isTorch ? 0 : options.SquareEpsilon, least = isTorch ? options.SquareEpsilon * options.SquareEpsilon : 0;
            if (elements is not null)
            {
                Span<float> v = elements.Data;
                for (int i = 0; i < v.Length; i++)
                {
                    v[i] = (float)(v[i] + fresh * ((double)gradient[i] * gradient[i] + inside - v[i]));
                    gradient[i] = (float)(gradient[i] / Math.Sqrt(Math.Max(least, v[i])));
                }
                return;
            }
            TakeUpMeans(gradient, fresh, inside);
            Span<float> r = rowMeans!.Data, c = columnMeans!.Data;
            double mean = 0;
            foreach (float row in r) mean += row;
            mean = isTorch ? Math.Max(options.SquareEpsilon, mean / rows) : mean / rows;
            for (int i = 0; i < rows; i++)
                for (int j = 0; j < columns; j++)
                    gradient[i * columns + j] = (float)(gradient[i * columns + j] / Math.Sqrt(Math.Max(least, r[i] / mean * c[j])));
        }

        public void Smooth(Span<float> update, double beta1)
        {
            if (smoothed is null) return;
            Span<float> s = smoothed.Data;
            for (int i = 0; i < s.Length; i++) update[i] = s[i] = (float)(beta1 * s[i] + (1 - beta1) * update[i]);
        }

        private void TakeUpMeans(ReadOnlySpan<float> gradient, double fresh, double inside)
        {
            double[] byColumn = new double[columns];
            Span<float> r = rowMeans!.Data, c = columnMeans!.Data;
            for (int i = 0; i < rows; i++)
            {
                double sum = 0;
                for (int j = 0; j < columns; j++)
                {
                    double square = (double)gradient[i * columns + j] * gradient[i * columns + j] + inside;
                    sum += square;
                    byColumn[j] += square;
                }
                r[i] = (float)(r[i] + fresh * (sum / columns - r[i]));
            }
            for (int j = 0; j < columns; j++) c[j] = (float)(c[j] + fresh * (byColumn[j] / rows - c[j]));
        }
    }
}
