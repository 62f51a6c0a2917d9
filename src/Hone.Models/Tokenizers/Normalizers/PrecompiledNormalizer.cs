using System.Buffers.Binary;
using System.Globalization;
using System.Text;
using Hone.Models.Tokenizers.Loading;
using Hone.Models.Tokenizers.Unicode;

namespace Hone.Models.Tokenizers.Normalizers;

/// <summary>
/// The character map of a SentencePiece model: a double-array trie (Aoe 1989, as darts-clone stores it) from UTF-8 strings
/// to replacements. As in the reference, a grapheme cluster of fewer than six bytes is looked up first, and where a prefix
/// of it is in the map the whole cluster is replaced.
/// </summary>
internal sealed class PrecompiledNormalizer : Normalizer
{
    private const int LongestCluster = 5;
    private readonly uint[] units;
    private readonly byte[] replacements;

    private PrecompiledNormalizer(uint[] units, byte[] replacements) => (this.units, this.replacements) = (units, replacements);

    public static new PrecompiledNormalizer Read(JsonSpec spec)
    {
        JsonSpec map = spec.Get("precompiled_charsmap");
        byte[] bytes = new byte[map.AsText().Length];
        if (!Convert.TryFromBase64String(map.AsText(), bytes, out int length)) throw map.Error("not Base64.");
        return FromBytes(bytes.AsSpan(0, length)) ?? throw map.Error("the character map is cut short.");
    }

    /// <summary>Reads the binary map: length of the trie in bytes, the trie, the replacements, each ended by a zero.</summary>
    public static PrecompiledNormalizer? FromBytes(ReadOnlySpan<byte> map)
    {
        if (map.Length < 4) return null;
        uint size = BinaryPrimitives.ReadUInt32LittleEndian(map);
        if (size % 4 != 0 || size == 0 || size > map.Length - 4) return null;
        uint[] units = new uint[size / 4];
        for (int i = 0; i < units.Length; i++) units[i] = BinaryPrimitives.ReadUInt32LittleEndian(map[(4 + 4 * i)..]);
        return new(units, map[(int)(4 + size)..].ToArray());
    }

    public override void Apply(AlignedText text)
    {
        string old = text.Span.ToString();
        ChangeList changes = new();
        bool modified = false;
        Span<byte> utf8 = stackalloc byte[8];
        for (int at = 0; at < old.Length;)
        {
            int length = StringInfo.GetNextTextElementLength(old, at);
            ReadOnlySpan<char> cluster = old.AsSpan(at, length);
            at += length;
            int bytes = length <= LongestCluster ? System.Text.Encoding.UTF8.GetByteCount(cluster) : int.MaxValue;
            if (bytes <= LongestCluster && LookUp(utf8[..System.Text.Encoding.UTF8.GetBytes(cluster, utf8)]) is { } whole)
            {
                Replace(changes, CodePoints.Count(cluster), whole);
                modified = true;
            }
            else
            {
                modified |= ReplaceEach(changes, cluster);
            }
        }
        if (modified) changes.ApplyTo(text);
    }

    private bool ReplaceEach(ChangeList changes, ReadOnlySpan<char> cluster)
    {
        bool modified = false;
        Span<byte> utf8 = stackalloc byte[4];
        for (int i = 0; i < cluster.Length;)
        {
            int c = CodePoints.At(cluster, i, out int size);
            Rune rune = Rune.TryCreate(c, out Rune valid) ? valid : Rune.ReplacementChar;
            if (LookUp(utf8[..rune.EncodeToUtf8(utf8)]) is { } replacement)
            {
                Replace(changes, 1, replacement);
                modified = true;
            }
            else
            {
                changes.Add(c, 0);
            }
            i += size;
        }
        return modified;
    }

    /// <summary>More code points than before: the surplus is inserted. Fewer: the last one drops the rest.</summary>
    private static void Replace(ChangeList changes, int oldCount, string replacement)
    {
        int count = 0, newCount = CodePoints.Count(replacement);
        for (int i = 0; i < replacement.Length;)
        {
            changes.Add(CodePoints.At(replacement, i, out int size), count++ < oldCount ? 0 : 1);
            i += size;
        }
        if (newCount < oldCount && changes.Count > 0)
            changes[changes.Count - 1] = (changes[changes.Count - 1].CodePoint, changes[changes.Count - 1].Change + newCount - oldCount);
    }

    /// <summary>Replacement of the shortest prefix of <paramref name="key"/> that is in the map.</summary>
    private string? LookUp(ReadOnlySpan<byte> key)
    {
        uint node = Offset(units[0]);
        foreach (byte label in key)
        {
            if (label == 0) break;
            node ^= label;
            if (node >= units.Length) return null;
            uint unit = units[node];
            if ((unit & 0x800000FF) != label) return null;
            node ^= Offset(unit);
            if ((unit >> 8 & 1) == 0) continue;
            if (node >= units.Length) return null;
            return TextAt((int)(units[node] & 0x7FFFFFFF));
        }
        return null;
    }

    private string? TextAt(int offset)
    {
        if (offset >= replacements.Length) return null;
        ReadOnlySpan<byte> rest = replacements.AsSpan(offset);
        int end = rest.IndexOf((byte)0);
        return System.Text.Encoding.UTF8.GetString(end < 0 ? rest : rest[..end]);
    }

    private static uint Offset(uint unit) => (unit >> 10) << (int)((unit & 0x200) >> 6);
}
