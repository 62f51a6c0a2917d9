using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;

namespace Hone.Models.Tokenizers.Subwords;

/// <summary>
/// Remembers the ids of words met before. Bounded: when full it is emptied and starts again, so memory stays below a few
/// megabytes whatever the text. Not thread-safe.
/// </summary>
internal sealed class WordCache
{
    /// <summary>Longer pieces are not kept.</summary>
    public const int LongestWord = 64;

    private const int MostWords = 1 << 15, MostIds = 1 << 20;
    private Entry[] entries = new Entry[1 << 9];
    private char[] chars = new char[1 << 10];
    private int[] ids = new int[1 << 10];
    private int words, charCount, idCount;

    private record struct Entry(uint Hash, int CharStart, int CharLength, int IdStart, int IdLength);

    /// <summary>The ids kept for a word. The span is valid until the next <see cref="Add"/>.</summary>
    public bool TryGet(ReadOnlySpan<char> word, out ReadOnlySpan<int> found)
    {
        uint hash = Hash(word), mask = (uint)entries.Length - 1;
        for (uint at = hash & mask; ; at = (at + 1) & mask)
        {
            ref Entry entry = ref entries[at];
            if (entry.CharLength == 0) break;
            if (entry.Hash != hash || entry.CharLength != word.Length || !word.SequenceEqual(chars.AsSpan(entry.CharStart, entry.CharLength))) continue;
            found = ids.AsSpan(entry.IdStart, entry.IdLength);
            return true;
        }
        found = default;
        return false;
    }

    /// <summary>Keeps a word that was not found.</summary>
    public void Add(ReadOnlySpan<char> word, ReadOnlySpan<int> wordIds)
    {
        if (word.Length is 0 or > LongestWord || wordIds.Length > 4 * LongestWord) return;
        if (words >= MostWords || idCount + wordIds.Length > MostIds) Clear();
        if (2 * (words + 1) > entries.Length) Grow();
        Place(new(Hash(word), charCount, word.Length, idCount, wordIds.Length));
        Append(ref chars, ref charCount, word);
        Append(ref ids, ref idCount, wordIds);
        words++;
    }

    private void Place(Entry entry)
    {
        uint mask = (uint)entries.Length - 1, at = entry.Hash & mask;
        while (entries[at].CharLength != 0) at = (at + 1) & mask;
        entries[at] = entry;
    }

    private void Grow()
    {
        Entry[] old = entries;
        entries = new Entry[2 * old.Length];
        foreach (Entry entry in old)
            if (entry.CharLength != 0) Place(entry);
    }

    private void Clear()
    {
        Array.Clear(entries);
        (words, charCount, idCount) = (0, 0, 0);
    }

    private static void Append<T>(ref T[] target, ref int count, ReadOnlySpan<T> items)
    {
        if (count + items.Length > target.Length) Array.Resize(ref target, Math.Max(2 * target.Length, count + items.Length));
        items.CopyTo(target.AsSpan(count));
        count += items.Length;
    }

    /// <summary>Four characters at a time by multiplication; quality matters little, since equal hashes are compared.</summary>
    private static uint Hash(ReadOnlySpan<char> word)
    {
        ReadOnlySpan<byte> bytes = MemoryMarshal.AsBytes(word);
        ulong hash = (ulong)word.Length * 0x9E3779B97F4A7C15UL;
        while (bytes.Length >= 8)
        {
            hash = (hash ^ Unsafe.ReadUnaligned<ulong>(ref MemoryMarshal.GetReference(bytes))) * 0xFF51AFD7ED558CCDUL;
            hash ^= hash >> 32;
            bytes = bytes[8..];
        }
        ulong rest = 0;
        for (int i = 0; i < bytes.Length; i++) rest |= (ulong)bytes[i] << (8 * i);
        hash = (hash ^ rest) * 0xFF51AFD7ED558CCDUL;
        return (uint)(hash >> 32);
    }
}
