using System.Collections.Concurrent;
using System.Text.Json;
using Hone.Models.Tokenizers.Unicode;

namespace Hone.Models.Tokenizers.Subwords;

/// <summary>Byte pair encoding: byte-level as GPT-2, with byte fallback as SentencePiece, with word ends as CLIP.</summary>
internal sealed partial class BpeModel : SubwordModel
{
    private readonly BpeOptions options;
    private readonly IReadOnlyList<(string Left, string Right)> mergeList;
    private readonly MergeTable merges;
    private readonly int[] byteIds = new int[256];
    private readonly int[] fallbackIds = new int[256];
    private readonly int unknownId;
    private readonly bool hasAllBytes;
    private readonly Lazy<MergeBoundaries> boundaries;
    private readonly ConcurrentBag<Workspace> idle = [];

    /// <exception cref="Core.HoneException">A merge needs a token the vocabulary lacks.</exception>
    public BpeModel(Vocabulary vocabulary, IReadOnlyList<(string Left, string Right)> mergeList, BpeOptions options)
    {
        Vocabulary = vocabulary;
        this.options = options;
        this.mergeList = mergeList;
        merges = BuildTable(vocabulary, mergeList, options.Prefix.Length);
        unknownId = options.UnknownToken is { } unknown ? vocabulary.IdOf(unknown) ?? -1 : -1;
        for (int b = 0; b < 256; b++)
        {
            byteIds[b] = vocabulary.IdOf(ByteAlphabet.Chars[b].ToString()) ?? -1;
            fallbackIds[b] = vocabulary.IdOf(ByteToken(b)) ?? -1;
        }
        hasAllBytes = Array.TrueForAll(byteIds, id => id >= 0);
        boundaries = new(() => new MergeBoundaries(vocabulary, mergeList.Select(m => m.Left + m.Right)));
    }

    public override Vocabulary Vocabulary { get; }

    public override string? UnknownToken => options.UnknownToken;

    public BpeOptions Options => options;

    public IReadOnlyList<(string Left, string Right)> Merges => mergeList;

    /// <summary>Spelling of the token that stands for one byte, e.g. <c>&lt;0x0A&gt;</c>.</summary>
    public static string ByteToken(int value) => $"<0x{value:X2}>";

    /// <summary>What one thread needs while it works.</summary>
    private sealed class Workspace
    {
        public WordCache Pieces { get; } = new();

        public WordCache Words { get; } = new();

        public SymbolMerger Symbols { get; } = new();
    }

    public override void Tokenize(ReadOnlySpan<char> piece, TokenList target)
    {
        if (options.IgnoreMerges && Vocabulary.TryGetId(piece, out int whole))
        {
            target.Add(whole, 0, piece.Length);
            return;
        }
        Workspace workspace = Rent();
        bool cuts = piece.Length > WordCache.LongestWord && EncodesRawWords;
        for (int start = 0; start < piece.Length;)
        {
            int end = cuts ? boundaries.Value.Next(piece, start) : piece.Length;
            TokenizeStretch(piece, start, end, workspace, target);
            start = end;
        }
        idle.Add(workspace);
    }

    private void TokenizeStretch(ReadOnlySpan<char> piece, int start, int end, Workspace workspace, TokenList target)
    {
        ReadOnlySpan<char> stretch = piece[start..end];
        if (target.WithRanges)
        {
            MergePiece(stretch, workspace.Symbols);
            AddWithRanges(stretch, start, workspace.Symbols, target);
        }
        else if (workspace.Pieces.TryGet(stretch, out ReadOnlySpan<int> known))
        {
            target.Ids.AddRange(known);
        }
        else
        {
            MergePiece(stretch, workspace.Symbols);
            ReadOnlySpan<int> ids = workspace.Symbols.Ids.AsSpan(0, workspace.Symbols.Count);
            workspace.Pieces.Add(stretch, ids);
            target.Ids.AddRange(ids);
        }
    }

    private Workspace Rent() => idle.TryTake(out Workspace? workspace) ? workspace : new Workspace();

    private void MergePiece(ReadOnlySpan<char> piece, SymbolMerger symbols)
    {
        symbols.Clear();
        int pending = 0;
        for (int i = 0; i < piece.Length;)
        {
            int codePoint = CodePoints.At(piece, i, out int size), bytes = CodePoints.Utf8Length(codePoint);
            bool first = i == 0, last = i + size == piece.Length;
            if (TryFindSymbol(piece.Slice(i, size), first, last, out int id))
            {
                FlushUnknown(symbols, ref pending);
                symbols.Add(id, bytes);
            }
            else if (!options.ByteFallback || !AddBytes(Spell(piece.Slice(i, size), first, last), symbols))
            {
                if (!options.FuseUnknown) FlushUnknown(symbols, ref pending);
                if (options.UnknownToken is not null) pending += bytes;
            }
            i += size;
        }
        FlushUnknown(symbols, ref pending);
        symbols.Merge(merges);
    }

    private void FlushUnknown(SymbolMerger symbols, ref int pending)
    {
        if (pending == 0) return;
        symbols.Add(unknownId >= 0 ? unknownId : RequireUnknown(options.UnknownToken), pending);
        pending = 0;
    }

    private bool TryFindSymbol(ReadOnlySpan<char> character, bool first, bool last, out int id)
    {
        if (options.Prefix.Length == 0 && options.Suffix.Length == 0) return Vocabulary.TryGetId(character, out id);
        return Vocabulary.TryGetId(Spell(character, first, last), out id);
    }

    private string Spell(ReadOnlySpan<char> character, bool first, bool last) =>
        string.Concat(first ? "" : options.Prefix, character, last ? options.Suffix : "");

    /// <summary>False, with nothing added, unless every byte has its token.</summary>
    private bool AddBytes(string text, SymbolMerger symbols)
    {
        Span<byte> utf8 = stackalloc byte[4];
        byte[] bytes = System.Text.Encoding.UTF8.GetBytes(text);
        foreach (byte b in bytes)
            if (fallbackIds[b] < 0) return false;
        foreach (byte b in bytes) symbols.Add(fallbackIds[b], 1);
        return true;
    }

    /// <summary>Lengths are in bytes of the piece; a token that covers part of a character gets the whole character.</summary>
    private static void AddWithRanges(ReadOnlySpan<char> piece, int shift, SymbolMerger symbols, TokenList target)
    {
        int index = 0, bytes = 0, offset = 0;
        for (int i = 0; i < symbols.Count; i++)
        {
            int start = CodePoints.IndexOfUtf8Offset(piece, ref index, ref bytes, offset);
            offset += symbols.Lengths[i];
            int last = CodePoints.IndexOfUtf8Offset(piece, ref index, ref bytes, offset - 1), size = 0;
            if (last < piece.Length) CodePoints.At(piece, last, out size);
            target.Add(symbols.Ids[i], shift + start, shift + last + size);
        }
    }

    private static MergeTable BuildTable(Vocabulary vocabulary, IReadOnlyList<(string Left, string Right)> list, int prefix)
    {
        MergeTable table = new(list.Count);
        for (int rank = 0; rank < list.Count; rank++)
        {
            (string left, string right) = list[rank];
            int merged = Require(vocabulary, string.Concat(left, right.AsSpan(Math.Min(prefix, right.Length))), rank);
            table.Add(Require(vocabulary, left, rank), Require(vocabulary, right, rank), rank, merged);
        }
        return table;
    }

    private static int Require(Vocabulary vocabulary, string token, int rank) => vocabulary.IdOf(token)
        ?? throw new Core.HoneException($"merges[{rank}]: the token '{token}' is not in the vocabulary.");

    public override void Write(Utf8JsonWriter writer)
    {
        writer.WriteStartObject();
        writer.WriteString("type", "BPE");
        writer.WriteNull("dropout");
        writer.WriteString("unk_token", options.UnknownToken);
        writer.WriteString("continuing_subword_prefix", options.Prefix.Length == 0 ? null : options.Prefix);
        writer.WriteString("end_of_word_suffix", options.Suffix.Length == 0 ? null : options.Suffix);
        writer.WriteBoolean("fuse_unk", options.FuseUnknown);
        writer.WriteBoolean("byte_fallback", options.ByteFallback);
        writer.WriteBoolean("ignore_merges", options.IgnoreMerges);
        WriteVocabulary(writer, Vocabulary);
        writer.WriteStartArray("merges");
        foreach ((string left, string right) in mergeList)
        {
            writer.WriteStartArray();
            writer.WriteStringValue(left);
            writer.WriteStringValue(right);
            writer.WriteEndArray();
        }
        writer.WriteEndArray();
        writer.WriteEndObject();
    }
}
