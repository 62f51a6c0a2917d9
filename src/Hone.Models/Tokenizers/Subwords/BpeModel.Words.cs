using System.Buffers;

namespace Hone.Models.Tokenizers.Subwords;

internal sealed partial class BpeModel
{
    /// <summary>
    /// Whether <see cref="EncodeWords"/> gives what <see cref="Tokenize"/> gives on pieces already spelt in bytes.
    /// </summary>
    public bool EncodesRawWords => options.Prefix.Length == 0 && options.Suffix.Length == 0;

    /// <summary>
    /// Byte-level encoding without spelling the bytes out: the scanners cut the raw text, each within the pieces of the last.
    /// </summary>
    public void EncodeWords(ReadOnlySpan<char> text, Patterns.PieceScanner[] scanners, List<int> target)
    {
        Workspace workspace = Rent();
        Cut(text, scanners, workspace, target);
        idle.Add(workspace);
    }

    private void Cut(ReadOnlySpan<char> text, ReadOnlySpan<Patterns.PieceScanner> scanners, Workspace workspace, List<int> target)
    {
        if (scanners.Length == 0)
        {
            if (text.Length > 0) EncodeWord(text, workspace, target);
            return;
        }
        for (int at = 0; at < text.Length;)
        {
            int end = scanners[0].Next(text, at);
            if (scanners.Length == 1) EncodeWord(text[at..end], workspace, target);
            else Cut(text[at..end], scanners[1..], workspace, target);
            at = end;
        }
    }

    private void EncodeWord(ReadOnlySpan<char> word, Workspace workspace, List<int> target)
    {
        if (!workspace.Words.TryGet(word, out ReadOnlySpan<int> ids))
        {
            ids = ComputeWord(word, workspace.Symbols);
            workspace.Words.Add(word, ids);
        }
        target.AddRange(ids);
    }

    private ReadOnlySpan<int> ComputeWord(ReadOnlySpan<char> word, SymbolMerger symbols)
    {
        byte[] utf8 = ArrayPool<byte>.Shared.Rent(3 * word.Length);
        int length = System.Text.Encoding.UTF8.GetBytes(word, utf8);
        symbols.Clear();
        if (!TryWholeWord(utf8.AsSpan(0, length), symbols))
        {
            if (hasAllBytes || HasBytes(utf8.AsSpan(0, length)))
            {
                for (int i = 0; i < length; i++) symbols.Add(byteIds[utf8[i]], 1);
                symbols.Merge(merges);
            }
            else
            {
                MergePiece(Spell(utf8.AsSpan(0, length)), symbols);
            }
        }
        ArrayPool<byte>.Shared.Return(utf8);
        return symbols.Ids.AsSpan(0, symbols.Count);
    }

    private bool TryWholeWord(ReadOnlySpan<byte> utf8, SymbolMerger symbols)
    {
        if (!options.IgnoreMerges || utf8.Length > 1024 || !Vocabulary.TryGetId(Spell(utf8), out int id)) return false;
        symbols.Add(id, utf8.Length);
        return true;
    }

    private bool HasBytes(ReadOnlySpan<byte> utf8)
    {
        foreach (byte b in utf8)
            if (byteIds[b] < 0) return false;
        return true;
    }

    private static string Spell(ReadOnlySpan<byte> utf8)
    {
        char[] chars = new char[utf8.Length];
        for (int i = 0; i < utf8.Length; i++) chars[i] = ByteAlphabet.Chars[utf8[i]];
        return new(chars);
    }
}
