using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using System.Runtime.Intrinsics.X86;
using Hone.Tensors.Kernels.Simd;

namespace Hone.Tensors.Kernels.Matrix;

/// <summary>Copies parts of a matrix into the order in which a <see cref="ITile"/> reads them: [k, height], missing lanes zero.</summary>
internal static unsafe class Pack
{
    /// <summary>From memory in which the <paramref name="valid"/> lanes of one k lie side by side.</summary>
    /// <param name="source">[k, valid].</param>
    /// <param name="ld">Distance between the source's rows.</param>
    /// <param name="valid">Lanes that exist.</param>
    /// <param name="k">Steps.</param>
    /// <param name="target">[k, height].</param>
    /// <param name="height">Lanes written.</param>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static void Copy(float* source, nint ld, int valid, int k, float* target, int height)
    {
        if (valid == height && height == 12)
        {
            for (int p = 0; p < k; p++, source += ld, target += 12)
            {
                Vector128<float> v0 = Vector128.Load(source), v1 = Vector128.Load(source + 4), v2 = Vector128.Load(source + 8);
                v0.Store(target);
                v1.Store(target + 4);
                v2.Store(target + 8);
            }
            return;
        }
        if (valid == height && height == 32)
        {
            for (int p = 0; p < k; p++, source += ld, target += 32)
            {
                Vector512<float> v0 = Vector512.Load(source), v1 = Vector512.Load(source + 16);
                v0.Store(target);
                v1.Store(target + 16);
            }
            return;
        }
        for (int p = 0; p < k; p++, source += ld, target += height)
        {
            int i = 0;
            for (; i + 16 <= valid; i += 16) Vector512.Store(Vector512.Load(source + i), target + i);
            for (; i + 4 <= valid; i += 4) Vector128.Store(Vector128.Load(source + i), target + i);
            for (; i < valid; i++) target[i] = source[i];
            for (; i < height; i++) target[i] = 0f;
        }
    }

    /// <summary>From memory in which the k steps of one lane lie side by side.</summary>
    /// <param name="source">[valid, k].</param>
    /// <param name="ld">Distance between the source's rows.</param>
    /// <param name="valid">Lanes that exist.</param>
    /// <param name="k">Steps.</param>
    /// <param name="target">[k, height].</param>
    /// <param name="height">Lanes written.</param>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static void Transpose(float* source, nint ld, int valid, int k, float* target, int height)
    {
        int lanes = 0, steps = 0;
        if (Avx512F.IsSupported)
        {
            (lanes, steps) = (valid & ~15, k & ~15);
            for (int p = 0; p < steps; p += 16)
                for (int i = 0; i < lanes; i += 16) Transpose16.Run(source + i * ld + p, ld, target + (nint)p * height + i, height);
        }
        if (lanes < valid) Transpose(source + lanes * ld, ld, valid - lanes, 0, k, target + lanes, height);
        if (steps < k && lanes > 0) Transpose(source, ld, lanes, steps, k, target, height);
        for (int i = valid; i < height; i++)
            for (int p = 0; p < k; p++) target[p * height + i] = 0f;
    }

    /// <summary>Steps [first, end) of all lanes.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void Transpose(float* source, nint ld, int lanes, int first, int end, float* target, int height)
    {
        int vectorLanes = lanes & ~3, vectorEnd = first + ((end - first) & ~3);
        // 16 steps of all lanes before the next 16: each cache line of the source is read once, even where the rows lie a
        // power of two apart and share the few places of one cache set.
        for (int p0 = first; p0 < vectorEnd; p0 += 16)
        {
            int blocks = Math.Min(16, vectorEnd - p0) / 4;
            float* from = source + p0, to = target + (nint)p0 * height;
            for (int i = 0; i < vectorLanes; i += 4, from += 4 * ld, to += 4)
                for (int block = 0; block < blocks; block++) Block4(from + 4 * block, ld, to + 4 * block * (nint)height, height);
        }
        for (int i = 0; i < lanes; i++)
            for (int p = i < vectorLanes ? vectorEnd : first; p < end; p++) target[p * height + i] = source[i * ld + p];
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void Block4(float* source, nint ld, float* target, nint step)
    {
        Vector128<float> r0 = Vector128.Load(source), r1 = Vector128.Load(source + ld);
        Vector128<float> r2 = Vector128.Load(source + 2 * ld), r3 = Vector128.Load(source + 3 * ld);
        Vector128<float> low01 = Shuffles.InterleaveLow(r0, r1), high01 = Shuffles.InterleaveHigh(r0, r1);
        Vector128<float> low23 = Shuffles.InterleaveLow(r2, r3), high23 = Shuffles.InterleaveHigh(r2, r3);
        Shuffles.LowHalves(low01, low23).Store(target);
        Shuffles.HighHalves(low01, low23).Store(target + step);
        Shuffles.LowHalves(high01, high23).Store(target + 2 * step);
        Shuffles.HighHalves(high01, high23).Store(target + 3 * step);
    }
}
