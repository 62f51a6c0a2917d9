using System.Numerics;

namespace Hone.Models.Tokenizers.Subwords;

/// <summary>A hash table from 64-bit keys to 64-bit values by open addressing: the inner loop of merging and of tries.</summary>
internal sealed class PairMap
{
    private ulong[] keys;
    private ulong[] values;
    private int shift;

    public PairMap(int expected)
    {
        int size = (int)BitOperations.RoundUpToPowerOf2((uint)Math.Max(16, expected * 2));
        (keys, values, shift) = (new ulong[size], new ulong[size], 64 - BitOperations.Log2((uint)size));
    }

    public int Count { get; private set; }

    public static ulong Key(int first, int second) => ((ulong)(uint)first << 32) | (uint)second;

    public bool TryGet(ulong key, out ulong value)
    {
        ulong stored = key + 1;
        int mask = keys.Length - 1;
        for (int at = Slot(stored); ; at = (at + 1) & mask)
        {
            ulong found = keys[at];
            if (found == stored)
            {
                value = values[at];
                return true;
            }
            if (found != 0) continue;
            value = 0;
            return false;
        }
    }

    /// <summary>Adds or replaces. The key of two -1 cannot be stored.</summary>
    public void Set(ulong key, ulong value)
    {
        if (2 * (Count + 1) > keys.Length) Grow();
        ulong stored = key + 1;
        int at = Slot(stored);
        while (keys[at] != 0 && keys[at] != stored) at = (at + 1) & (keys.Length - 1);
        if (keys[at] == 0) Count++;
        (keys[at], values[at]) = (stored, value);
    }

    private int Slot(ulong stored) => (int)((stored * 0x9E3779B97F4A7C15UL) >> shift);

    private void Grow()
    {
        (ulong[] oldKeys, ulong[] oldValues) = (keys, values);
        (keys, values, Count) = (new ulong[2 * oldKeys.Length], new ulong[2 * oldKeys.Length], 0);
        shift--;
        for (int i = 0; i < oldKeys.Length; i++)
            if (oldKeys[i] != 0) Set(oldKeys[i] - 1, oldValues[i]);
    }
}
