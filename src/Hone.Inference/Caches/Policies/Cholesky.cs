namespace Hone.Inference.Caches;

/// <summary>Solves with a small symmetric positive definite matrix.</summary>
internal sealed class Cholesky
{
    private readonly double[] lower;
    private readonly int size;

    /// <param name="matrix">[size, size].</param>
    /// <param name="size">Rows.</param>
    /// <param name="ridge">Added to the diagonal; grows until the matrix is positive definite.</param>
    public Cholesky(double[] matrix, int size, double ridge)
    {
        this.size = size;
        for (int attempt = 0; attempt < 12; attempt++, ridge = Math.Max(1e-8, ridge == 0 ? 1e-2 : 10 * ridge))
            if (Factor(matrix, ridge) is { } factor)
            {
                lower = factor;
                return;
            }
        throw new HoneException("keys or values are not finite, so that no policy can compare them. The model's activations are broken for this input.");
    }

    /// <summary>xᵀ M⁻¹ x, from one forward substitution.</summary>
    public double Quadratic(ReadOnlySpan<double> x)
    {
        Span<double> y = size <= 256 ? stackalloc double[size] : new double[size];
        double sum = 0;
        for (int i = 0; i < size; i++)
        {
            double value = x[i];
            for (int j = 0; j < i; j++) value -= lower[i * size + j] * y[j];
            y[i] = value / lower[i * size + i];
            sum += y[i] * y[i];
        }
        return sum;
    }

    private double[]? Factor(double[] matrix, double ridge)
    {
        double[] factor = new double[size * size];
        for (int i = 0; i < size; i++)
            for (int j = 0; j <= i; j++)
            {
                double sum = matrix[i * size + j] + (i == j ? ridge : 0);
                for (int k = 0; k < j; k++) sum -= factor[i * size + k] * factor[j * size + k];
                if (i == j && !(sum > 0)) return null;
                factor[i * size + j] = i == j ? Math.Sqrt(sum) : sum / factor[j * size + j];
            }
        return factor;
    }
}
