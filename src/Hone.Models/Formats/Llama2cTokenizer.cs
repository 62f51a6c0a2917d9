using System.Buffers.Binary;
using Hone.Core;

namespace Hone.Models.Formats;

/// <summary>
/// The raw content of a llama2.c tokenizer file such as <c>tok512.bin</c>: pieces as bytes with their scores (higher merges
/// first), in the order of their ids.
/// </summary>
/// <param name="MaxPieceBytes">Length of the longest piece, as the file says.</param>
/// <param name="Pieces">Bytes of each piece, usually UTF-8; bytes without a piece of their own are spelt <c>&lt;0x0A&gt;</c>.</param>
/// <param name="Scores">Score of each piece.</param>
public sealed record Llama2cTokenizer(int MaxPieceBytes, IReadOnlyList<byte[]> Pieces, IReadOnlyList<float> Scores)
{
    private const int MaxFileBytes = 256 << 20;

    /// <exception cref="HoneException">Missing file, or lengths that do not fit it.</exception>
    public static Llama2cTokenizer Read(string path)
    {
        using MappedFile file = new(path);
        if (file.Length is < 4 or > MaxFileBytes) throw Damaged(path, 0);
        ReadOnlySpan<byte> all = file.Span(0, (int)file.Length);
        int longest = BinaryPrimitives.ReadInt32LittleEndian(all);
        List<byte[]> pieces = [];
        List<float> scores = [];
        for (int at = 4; at < all.Length;)
        {
            if (all.Length - at < 8) throw Damaged(path, at);
            float score = BinaryPrimitives.ReadSingleLittleEndian(all[at..]);
            int length = BinaryPrimitives.ReadInt32LittleEndian(all[(at + 4)..]);
            if (float.IsNaN(score) || length < 0 || length > longest || length > all.Length - at - 8) throw Damaged(path, at);
            pieces.Add(all.Slice(at + 8, length).ToArray());
            scores.Add(score);
            at += 8 + length;
        }
        if (pieces.Count == 0) throw Damaged(path, 4);
        return new(longest, pieces, scores);
    }

    private static HoneException Damaged(string path, int at) =>
        new($"{path}: not a llama2.c tokenizer, or damaged at byte {at}: expected a length, then (score, length, bytes) for each piece.");
}
