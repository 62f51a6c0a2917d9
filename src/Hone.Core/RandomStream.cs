using System.Buffers.Binary;
using System.Security.Cryptography;
using System.Text;

namespace Hone.Core;

/// <summary>
/// A counter-based stream of random numbers: Philox4x32-10 of Salmon et al., "Parallel Random Numbers: As Easy as 1, 2, 3",
/// SC 2011. The n-th number depends on (key, n) alone, so results never depend on scheduling, a stream can be resumed by
/// writing down <see cref="Position"/>, and streams for different purposes are independent of each other.
/// Not thread-safe; derive one stream per worker or per item with <c>Derive</c>.
/// </summary>
public sealed class RandomStream
{
    private readonly ulong key;
    private readonly uint[] block = new uint[4];
    private ulong blockIndex = ulong.MaxValue;

    public RandomStream(ulong key, ulong position = 0) => (this.key, Position) = (key, position);

    /// <summary>The stream of a run's seed for one purpose, e.g. <c>new RandomStream(seed, "shuffle/epoch=2")</c>.</summary>
    public RandomStream(long seed, string purpose) : this(KeyOf(unchecked((ulong)seed), purpose)) { }

    /// <summary>Identifies the stream together with <see cref="Position"/>.</summary>
    public ulong Key => key;

    /// <summary>How many 32-bit numbers were drawn. Setting it jumps there in constant time.</summary>
    public ulong Position { get; set; }

    /// <summary>An independent stream for a sub-purpose. Does not advance this stream.</summary>
    public RandomStream Derive(string purpose) => new(KeyOf(key, purpose));

    /// <summary>An independent stream for the <paramref name="index"/>-th item. Does not advance this stream.</summary>
    public RandomStream Derive(long index) => new(Mix(key ^ Mix(unchecked((ulong)index) + 0x9E3779B97F4A7C15UL)));

    /// <summary>Uniform over all 32-bit values.</summary>
    public uint NextUInt32()
    {
        ulong wanted = Position >> 2;
        if (wanted != blockIndex)
        {
            Philox(wanted, key, block);
            blockIndex = wanted;
        }
        return block[Position++ & 3];
    }

    /// <summary>Uniform over all 64-bit values.</summary>
    public ulong NextUInt64() => ((ulong)NextUInt32() << 32) | NextUInt32();

    /// <summary>Uniform in [0, 1), 53 random bits.</summary>
    public double NextDouble() => (NextUInt64() >> 11) * (1.0 / (1UL << 53));

    /// <summary>Uniform in [0, 1), 24 random bits.</summary>
    public float NextSingle() => (NextUInt32() >> 8) * (1.0f / (1 << 24));

    /// <summary>Uniform integer in [0, <paramref name="exclusiveMax"/>), without bias (Lemire's method).</summary>
    public int Next(int exclusiveMax)
    {
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(exclusiveMax);
        uint range = (uint)exclusiveMax;
        ulong product = (ulong)NextUInt32() * range;
        uint low = (uint)product;
        if (low < range)
        {
            uint threshold = (0u - range) % range;
            while (low < threshold)
            {
                product = (ulong)NextUInt32() * range;
                low = (uint)product;
            }
        }
        return (int)(product >> 32);
    }

    /// <summary>Uniform integer in [<paramref name="min"/>, <paramref name="exclusiveMax"/>).</summary>
    public int Next(int min, int exclusiveMax) => min + Next(exclusiveMax - min);

    /// <summary>Standard normal by Box and Muller's transform; always takes four 32-bit numbers.</summary>
    public double NextNormal()
    {
        double u = 1.0 - NextDouble();
        double v = NextDouble();
        return Math.Sqrt(-2.0 * Math.Log(u)) * Math.Cos(2.0 * Math.PI * v);
    }

    /// <summary>Fills <paramref name="target"/> with normal numbers of the given mean and standard deviation.</summary>
    public void FillNormal(Span<float> target, float mean, float deviation)
    {
        for (int i = 0; i < target.Length; i++) target[i] = mean + deviation * (float)NextNormal();
    }

    /// <summary>Fills <paramref name="target"/> with uniform numbers in [<paramref name="min"/>, <paramref name="max"/>).</summary>
    public void FillUniform(Span<float> target, float min, float max)
    {
        for (int i = 0; i < target.Length; i++) target[i] = min + (max - min) * NextSingle();
    }

    /// <summary>Shuffles in place (Fisher and Yates).</summary>
    public void Shuffle<T>(Span<T> items)
    {
        for (int i = items.Length - 1; i > 0; i--)
        {
            int j = Next(i + 1);
            (items[i], items[j]) = (items[j], items[i]);
        }
    }

    /// <summary>One of the items, all equally likely.</summary>
    public T Choose<T>(IReadOnlyList<T> items) => items[Next(items.Count)];

    private static ulong KeyOf(ulong seed, string purpose)
    {
        Span<byte> hash = stackalloc byte[32];
        byte[] text = Encoding.UTF8.GetBytes(purpose);
        byte[] input = new byte[8 + text.Length];
        BinaryPrimitives.WriteUInt64LittleEndian(input, seed);
        text.CopyTo(input, 8);
        SHA256.HashData(input, hash);
        return BinaryPrimitives.ReadUInt64LittleEndian(hash);
    }

    /// <summary>The finaliser of SplitMix64: a bijection that spreads neighbouring values apart.</summary>
    private static ulong Mix(ulong z)
    {
        z = (z ^ (z >> 30)) * 0xBF58476D1CE4E5B9UL;
        z = (z ^ (z >> 27)) * 0x94D049BB133111EBUL;
        return z ^ (z >> 31);
    }

    internal static void Philox(ulong counter, ulong key, Span<uint> output)
    {
        uint c0 = (uint)counter, c1 = (uint)(counter >> 32), c2 = 0, c3 = 0;
        Philox(c0, c1, c2, c3, (uint)key, (uint)(key >> 32), output);
    }

    internal static void Philox(uint c0, uint c1, uint c2, uint c3, uint k0, uint k1, Span<uint> output)
    {
        for (int round = 0; round < 10; round++)
        {
            ulong p0 = (ulong)0xD2511F53u * c0, p1 = (ulong)0xCD9E8D57u * c2;
            (c0, c1, c2, c3) = ((uint)(p1 >> 32) ^ c1 ^ k0, (uint)p1, (uint)(p0 >> 32) ^ c3 ^ k1, (uint)p0);
            k0 += 0x9E3779B9u;
            k1 += 0xBB67AE85u;
        }
        (output[0], output[1], output[2], output[3]) = (c0, c1, c2, c3);
    }
}
