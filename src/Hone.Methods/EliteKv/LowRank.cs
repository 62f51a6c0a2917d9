using System.Numerics.Tensors;
using Hone.Tensors;
using MathNet.Numerics.LinearAlgebra;
using Tensor = Hone.Tensors.Tensor;

namespace Hone.Methods.EliteKv;

/// <summary>
/// The left singular vectors of a projection, best first: the best map of rank c goes through the first c of them (Eckart and Young).
/// From the eigenvectors of W Wᵀ in double precision; the second factor is computed from W itself, so that with all vectors the
/// product is W again whatever the precision of small singular values.
/// </summary>
public sealed class LowRank
{
    private readonly double[,] vectors;
    private readonly float[] rows;
    private readonly int outputs, inputs;

    /// <param name="rows">[m, d] the projection as a linear layer stores it: an output for each row.</param>
    /// <param name="outputs">m.</param>
    /// <param name="inputs">d.</param>
    public LowRank(float[] rows, int outputs, int inputs)
    {
        (this.rows, this.outputs, this.inputs) = (rows, outputs, inputs);
        Vector<double> values;
        (values, vectors) = Eigen(Gram());
        SingularValues = [.. Enumerable.Range(0, Math.Min(inputs, outputs)).Select(i => Math.Sqrt(Math.Max(0, values[inputs - 1 - i])))];
    }

    /// <summary>[min(d, m)] greatest first.</summary>
    public double[] SingularValues { get; }

    /// <summary>Share of Σσ² in the first <paramref name="rank"/> singular values, 0 to 1.</summary>
    public double Energy(int rank) => SingularValues.Take(rank).Sum(s => s * s) / Math.Max(double.Epsilon, SingularValues.Sum(s => s * s));

    /// <summary>Frobenius norm of what a map of this rank leaves out.</summary>
    public double Error(int rank) => Math.Sqrt(SingularValues.Skip(rank).Sum(s => s * s));

    /// <summary>
    /// Writes the factors: down = S Uᵀ [c, d] and up = W U S⁻¹ [m, c] with S = Σ^½, which shares the size evenly between them so that both
    /// learn at the same pace.
    /// </summary>
    public void Split(int rank, Tensor down, Tensor up)
    {
        Span<float> first = down.Data, second = up.Data;
        double least = 1e-6 * Math.Max(SingularValues[0], double.Epsilon);
        double[] vector = new double[inputs], row = new double[inputs];
        double[] sizes = [.. Enumerable.Range(0, rank).Select(k => Math.Sqrt(Math.Max(SingularValues[k], least)))];
        for (int k = 0; k < rank; k++)
            for (int i = 0; i < inputs; i++) first[k * inputs + i] = (float)(sizes[k] * vectors[i, inputs - 1 - k]);
        for (int k = 0; k < rank; k++)
        {
            for (int i = 0; i < inputs; i++) vector[i] = vectors[i, inputs - 1 - k] / sizes[k];
            for (int o = 0; o < outputs; o++)
            {
                for (int i = 0; i < inputs; i++) row[i] = rows[o * inputs + i];
                second[o * rank + k] = (float)TensorPrimitives.Dot<double>(row, vector);
            }
        }
    }

    private double[] Gram()
    {
        double[] gram = new double[inputs * inputs], row = new double[inputs];
        for (int o = 0; o < outputs; o++)
        {
            for (int i = 0; i < inputs; i++) row[i] = rows[o * inputs + i];
            for (int i = 0; i < inputs; i++)
                TensorPrimitives.MultiplyAdd<double>(row, row[i], gram.AsSpan(i * inputs, inputs), gram.AsSpan(i * inputs, inputs));
        }
        return gram;
    }

    /// <summary>Eigenvalues, ascending, and their vectors in columns.</summary>
    private (Vector<double> Values, double[,] Vectors) Eigen(double[] gram)
    {
        var decomposition = Matrix<double>.Build.Dense(inputs, inputs, gram).Evd(Symmetricity.Symmetric);
        return (decomposition.EigenValues.Map(v => v.Real), decomposition.EigenVectors.ToArray());
    }
}
