using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using Hone.Tensors.Kernels.Simd;

namespace Hone.Tensors.Kernels.Matrix;

/// <summary>
/// C = X · Wᵀ for few rows of X, both factors read where they lie: every row of W is read from memory once and meets all rows of X.
/// </summary>
internal static unsafe class DotProduct<TSimd, TVector>
    where TSimd : struct, ISimd<TVector>
    where TVector : struct
{
    /// <summary>Rows of W that are read side by side.</summary>
    public const int Group = 4;

    /// <param name="x">[rows, k].</param>
    /// <param name="ldx">Distance between rows of <paramref name="x"/>.</param>
    /// <param name="rows">Rows of X.</param>
    /// <param name="w">[n1, k].</param>
    /// <param name="ldw">Distance between rows of <paramref name="w"/>.</param>
    /// <param name="n0">First row of W to take.</param>
    /// <param name="n1">One past the last.</param>
    /// <param name="k">Length of the sums.</param>
    /// <param name="c">Result; element (i, j) lies at i · cRow + j · cColumn.</param>
    /// <param name="cRow">Distance between rows of C.</param>
    /// <param name="cColumn">Distance between columns of C.</param>
    /// <param name="accumulate">Adds to C.</param>
    public static void Run(
        float* x, nint ldx, int rows, float* w, nint ldw, int n0, int n1, int k, float* c, nint cRow, nint cColumn, bool accumulate)
    {
        float* sums = stackalloc float[2 * Group];
        for (int j = n0; j < n1; j += Group)
        {
            // In a last group of fewer rows the first is read again: never past the end of W.
            int valid = Math.Min(Group, n1 - j);
            float* w0 = w + j * ldw;
            float* w1 = valid > 1 ? w0 + ldw : w0, w2 = valid > 2 ? w1 + ldw : w0, w3 = valid > 3 ? w2 + ldw : w0;
            for (int i = 0; i < rows; i += 2)
            {
                float* target = c + i * cRow + j * cColumn;
                if (i + 1 < rows)
                {
                    TwoRows(x + i * ldx, x + (i + 1) * ldx, w0, w1, w2, w3, k, sums);
                    Put(sums + Group, valid, target + cRow, cColumn, accumulate);
                }
                else
                {
                    OneRow(x + i * ldx, w0, w1, w2, w3, k, sums);
                }
                Put(sums, valid, target, cColumn, accumulate);
            }
        }
    }

    private static void Put(float* sums, int valid, float* c, nint step, bool accumulate)
    {
        for (int j = 0; j < valid; j++) c[j * step] = accumulate ? c[j * step] + sums[j] : sums[j];
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void TwoRows(float* x, float* y, float* w0, float* w1, float* w2, float* w3, nint k, float* sums)
    {
        TVector x0 = TSimd.Zero, x1 = TSimd.Zero, x2 = TSimd.Zero, x3 = TSimd.Zero;
        TVector y0 = TSimd.Zero, y1 = TSimd.Zero, y2 = TSimd.Zero, y3 = TSimd.Zero;
        nint p = 0;
        for (; p <= k - TSimd.Width; p += TSimd.Width)
        {
            TVector vx = TSimd.Load(x + p), vy = TSimd.Load(y + p);
            TVector v = TSimd.Load(w0 + p);
            x0 = TSimd.MultiplyAdd(v, vx, x0);
            y0 = TSimd.MultiplyAdd(v, vy, y0);
            v = TSimd.Load(w1 + p);
            x1 = TSimd.MultiplyAdd(v, vx, x1);
            y1 = TSimd.MultiplyAdd(v, vy, y1);
            v = TSimd.Load(w2 + p);
            x2 = TSimd.MultiplyAdd(v, vx, x2);
            y2 = TSimd.MultiplyAdd(v, vy, y2);
            v = TSimd.Load(w3 + p);
            x3 = TSimd.MultiplyAdd(v, vx, x3);
            y3 = TSimd.MultiplyAdd(v, vy, y3);
        }
        TSimd.Sum4(x0, x1, x2, x3).Store(sums);
        TSimd.Sum4(y0, y1, y2, y3).Store(sums + Group);
        for (; p < k; p++)
        {
            Tail(x[p], w0[p], w1[p], w2[p], w3[p], sums);
            Tail(y[p], w0[p], w1[p], w2[p], w3[p], sums + Group);
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void OneRow(float* x, float* w0, float* w1, float* w2, float* w3, nint k, float* sums)
    {
        TVector x0 = TSimd.Zero, x1 = TSimd.Zero, x2 = TSimd.Zero, x3 = TSimd.Zero;
        nint p = 0;
        for (; p <= k - TSimd.Width; p += TSimd.Width)
        {
            TVector vx = TSimd.Load(x + p);
            x0 = TSimd.MultiplyAdd(TSimd.Load(w0 + p), vx, x0);
            x1 = TSimd.MultiplyAdd(TSimd.Load(w1 + p), vx, x1);
            x2 = TSimd.MultiplyAdd(TSimd.Load(w2 + p), vx, x2);
            x3 = TSimd.MultiplyAdd(TSimd.Load(w3 + p), vx, x3);
        }
        TSimd.Sum4(x0, x1, x2, x3).Store(sums);
        for (; p < k; p++) Tail(x[p], w0[p], w1[p], w2[p], w3[p], sums);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void Tail(float x, float w0, float w1, float w2, float w3, float* sums)
    {
        sums[0] += x * w0;
        sums[1] += x * w1;
        sums[2] += x * w2;
        sums[3] += x * w3;
    }
}
