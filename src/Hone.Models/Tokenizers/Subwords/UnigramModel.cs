using System.Text.Json;
using Hone.Core;
using Hone.Models.Tokenizers.Loading;
using Hone.Models.Tokenizers.Unicode;

namespace Hone.Models.Tokenizers.Subwords;

/// <summary>
/// The unigram language model (Kudo 2018, arXiv:1804.10959): the segmentation of highest summed score, found by Viterbi.
/// Equal sums keep the path found first. An unknown character scores 10 less than the worst token; runs of them are one
/// token, or the bytes of their UTF-8 form with byte fallback.
/// </summary>
internal sealed class UnigramModel : SubwordModel
{
    private const double UnknownPenalty = 10.0;
    private readonly string[] pieces;
    private readonly double[] scores;
    private readonly int unknownId;
    private readonly bool byteFallback;
    private readonly double unknownScore;
    private readonly CharTrie trie;
    private readonly int[] fallbackIds = new int[256];

    /// <param name="unknownId">-1 when there is none.</param>
    public UnigramModel(string[] pieces, double[] scores, int unknownId, bool byteFallback)
    {
        (this.pieces, this.scores, this.unknownId, this.byteFallback) = (pieces, scores, unknownId, byteFallback);
        Vocabulary = new Vocabulary(pieces);
        trie = new CharTrie(pieces.Length);
        for (int i = 0; i < pieces.Length; i++)
            if (pieces[i].Length > 0) trie.Add(pieces[i], i);
        unknownScore = (scores.Length == 0 ? 0 : scores.Min()) - UnknownPenalty;
        for (int b = 0; b < 256; b++) fallbackIds[b] = Vocabulary.IdOf(BpeModel.ByteToken(b)) ?? -1;
    }

    public override Vocabulary Vocabulary { get; }

    public override string? UnknownToken => unknownId >= 0 ? pieces[unknownId] : null;

    /// <summary>Logarithms of the pieces' probabilities, by id.</summary>
    public IReadOnlyList<double> Scores => scores;

    public static new UnigramModel Read(JsonSpec spec)
    {
        List<string> pieces = [];
        List<double> scores = [];
        foreach (JsonSpec entry in spec.Get("vocab").Items())
        {
            if (entry.Element.ValueKind != JsonValueKind.Array || entry.Element.GetArrayLength() != 2) throw entry.Wrong("[piece, score]");
            pieces.Add(entry.At(0).AsText());
            scores.Add(entry.At(1).AsNumber());
        }
        int unknown = spec.Get("unk_id").IsNull ? -1 : spec.Int("unk_id");
        if (unknown >= pieces.Count) throw spec.Get("unk_id").Error($"id {unknown} among {pieces.Count} pieces.");
        return new([.. pieces], [.. scores], unknown, spec.Flag("byte_fallback", false));
    }

    public override void Tokenize(ReadOnlySpan<char> piece, TokenList target)
    {
        (int Start, int Id)[] best = FindBestPath(piece);
        List<(int Start, int End)> path = [];
        bool lastUnknown = false;
        for (int end = piece.Length; end > 0; end = best[end].Start)
        {
            bool unknown = best[end].Id == unknownId;
            if (unknown && lastUnknown) path[^1] = (best[end].Start, path[^1].End);
            else path.Add((best[end].Start, end));
            lastUnknown = unknown;
        }
        for (int i = path.Count - 1; i >= 0; i--) AddPiece(piece, path[i].Start, path[i].End, target);
    }

    private (int Start, int Id)[] FindBestPath(ReadOnlySpan<char> piece)
    {
        (int Start, int Id)[] best = new (int, int)[piece.Length + 1];
        double[] sums = new double[piece.Length + 1];
        Array.Fill(best, (-1, -1));
        for (int start = 0; start < piece.Length;)
        {
            CodePoints.At(piece, start, out int size);
            bool hasSingle = false;
            int node = CharTrie.Root;
            for (int end = start; end < piece.Length && trie.TryStep(ref node, piece[end]);)
            {
                end++;
                int id = trie.ValueAt(node);
                if (id < 0) continue;
                Offer(best, sums, start, end, id, scores[id]);
                hasSingle |= end == start + size;
            }
            if (!hasSingle) Offer(best, sums, start, start + size, unknownId >= 0 ? unknownId : NoUnknown(piece), unknownScore);
            start += size;
        }
        return best;
    }

    private static void Offer((int Start, int Id)[] best, double[] sums, int start, int end, int id, double score)
    {
        double sum = sums[start] + score;
        if (best[end].Start >= 0 && sum <= sums[end]) return;
        (best[end], sums[end]) = ((start, id), sum);
    }

    private void AddPiece(ReadOnlySpan<char> piece, int start, int end, TokenList target)
    {
        ReadOnlySpan<char> text = piece[start..end];
        if (Vocabulary.TryGetId(text, out int id)) target.Add(id, start, end);
        else if (!byteFallback || !AddBytes(text, start, end, target)) target.Add(unknownId, start, end, target.WithRanges ? text.ToString() : null);
    }

    private bool AddBytes(ReadOnlySpan<char> text, int start, int end, TokenList target)
    {
        byte[] bytes = new byte[System.Text.Encoding.UTF8.GetByteCount(text)];
        System.Text.Encoding.UTF8.GetBytes(text, bytes);
        if (!Array.TrueForAll(bytes, b => fallbackIds[b] >= 0)) return false;
        foreach (byte b in bytes) target.Add(fallbackIds[b], start, end);
        return true;
    }

    private int NoUnknown(ReadOnlySpan<char> piece) => RequireUnknown(piece);

    public override void Write(Utf8JsonWriter writer)
    {
        writer.WriteStartObject();
        writer.WriteString("type", "Unigram");
        if (unknownId >= 0) writer.WriteNumber("unk_id", unknownId);
        else writer.WriteNull("unk_id");
        writer.WriteStartArray("vocab");
        for (int i = 0; i < pieces.Length; i++)
        {
            writer.WriteStartArray();
            writer.WriteStringValue(pieces[i]);
            writer.WriteNumberValue(scores[i]);
            writer.WriteEndArray();
        }
        writer.WriteEndArray();
        writer.WriteBoolean("byte_fallback", byteFallback);
        writer.WriteEndObject();
    }
}
