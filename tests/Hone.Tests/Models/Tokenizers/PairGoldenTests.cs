using System.Text;
using System.Text.Json;
using Hone.Core;
using Hone.Models.Tokenizers;
using static Hone.Tests.Models.Tokenizers.GoldenTokenizers;

namespace Hone.Tests.Models.Tokenizers;

/// <summary>Pairs, truncation with overflow, padding.</summary>
public class PairGoldenTests
{
    [Theory]
    [MemberData(nameof(GoldenTokenizers.All), MemberType = typeof(GoldenTokenizers))]
    public void Rows_of_pairs_truncation_and_padding(string name)
    {
        Tokenizer tokenizer = Get(name);
        JsonElement[] rows = [.. Rows("pairs-truncation-padding.jsonl", name)];
        Assert.SkipWhen(rows.Length == 0, $"no rows for {name}");
        AllEqual(rows.SelectMany(row => Compare(tokenizer, row)));
    }

    private static IEnumerable<(string, string, string)> Compare(Tokenizer tokenizer, JsonElement row)
    {
        string where = row.GetRawText()[..Math.Min(200, row.GetRawText().Length)];
        bool asInFile = row.TryGetProperty("as_in_file", out _);
        EncodeOptions options = new()
        {
            Truncation = asInFile ? tokenizer.FileTruncation : ReadTruncation(row),
            Padding = asInFile ? tokenizer.FilePadding : ReadPadding(row),
        };
        if (row.TryGetProperty("batch", out JsonElement batch))
        {
            IReadOnlyList<TokenEncoding> encodings = tokenizer.EncodeBatch([.. batch.EnumerateArray().Select(t => t.GetString()!)], options);
            JsonElement[] expected = [.. row.GetProperty("out").EnumerateArray()];
            Assert.Equal(expected.Length, encodings.Count);
            return expected.Select((e, i) => (where, Expected(e), Actual(encodings[i], e)));
        }
        string text = row.TryGetProperty("a_repeat", out JsonElement repeat)
            ? new StringBuilder().Insert(0, repeat.GetProperty("unit").GetString()!, repeat.GetProperty("count").GetInt32()).ToString()
            : row.GetProperty("a").GetString()!;
        string? pair = row.TryGetProperty("b", out JsonElement b) ? b.GetString() : null;
        if (row.TryGetProperty("error", out _))
            return [(where, "error", Fails(() => tokenizer.EncodeDetailed(text, pair, options)) ? "error" : "no error")];
        TokenEncoding encoding = tokenizer.EncodeDetailed(text, pair, options);
        JsonElement output = row.GetProperty("out");
        return asInFile ? AsInFile(where, output, encoding) : [(where, Expected(output), Actual(encoding, output))];
    }

    private static IEnumerable<(string, string, string)> AsInFile(string where, JsonElement output, TokenEncoding encoding)
    {
        int[] head = Ints(output.GetProperty("head")), tail = Ints(output.GetProperty("tail"));
        yield return (where, output.GetProperty("count").GetRawText(), encoding.Count.ToString());
        yield return (where, Show(head), Show(encoding.Ids.Take(head.Length)));
        yield return (where, Show(tail), Show(encoding.Ids.TakeLast(tail.Length)));
        yield return (where, output.GetProperty("attention_ones").GetRawText(), encoding.AttentionMask.Sum().ToString());
        if (output.TryGetProperty("overflowing", out JsonElement count)) yield return (where, count.GetRawText(), encoding.Overflowing.Count.ToString());
    }

    private static bool Fails(Action action)
    {
        try
        {
            action();
            return false;
        }
        catch (HoneException)
        {
            return true;
        }
    }

    private static Truncation? ReadTruncation(JsonElement row)
    {
        if (!row.TryGetProperty("truncation", out JsonElement t) || t.ValueKind == JsonValueKind.Null) return null;
        TruncationStrategy strategy = t.GetProperty("strategy").GetString() switch
        {
            "only_first" => TruncationStrategy.OnlyFirst,
            "only_second" => TruncationStrategy.OnlySecond,
            _ => TruncationStrategy.LongestFirst,
        };
        return new(t.GetProperty("max_length").GetInt32(), t.GetProperty("stride").GetInt32(), strategy, ReadSide(t));
    }

    private static Padding? ReadPadding(JsonElement row)
    {
        if (!row.TryGetProperty("padding", out JsonElement p) || p.ValueKind == JsonValueKind.Null) return null;
        int? length = p.TryGetProperty("length", out JsonElement l) && l.ValueKind == JsonValueKind.Number ? l.GetInt32() : null;
        int multiple = p.TryGetProperty("pad_to_multiple_of", out JsonElement m) && m.ValueKind == JsonValueKind.Number ? m.GetInt32() : 0;
        return new(length, p.GetProperty("pad_id").GetInt32(), p.GetProperty("pad_token").GetString()!, p.GetProperty("pad_type_id").GetInt32(), ReadSide(p), multiple);
    }

    private static Side ReadSide(JsonElement element) => element.GetProperty("direction").GetString() == "left" ? Side.Left : Side.Right;

    /// <summary>The fields of a golden encoding as text.</summary>
    public static string Expected(JsonElement e)
    {
        StringBuilder text = new();
        foreach (string name in (string[])["ids", "type_ids", "attention_mask", "special_tokens_mask"])
            if (e.TryGetProperty(name, out JsonElement list)) text.Append($"{name}={Show(Ints(list))};");
        if (e.TryGetProperty("sequence_ids", out JsonElement sequences)) text.Append($"sequences={string.Join(' ', sequences.EnumerateArray().Select(s => s.GetRawText()))};");
        if (e.TryGetProperty("offsets", out JsonElement offsets)) text.Append($"offsets={ShowRanges(offsets)};");
        if (e.TryGetProperty("overflowing_count", out JsonElement count)) text.Append($"overflow={count};");
        if (e.TryGetProperty("overflowing_first", out JsonElement first))
            foreach (JsonElement part in first.EnumerateArray()) text.Append("\n    " + Expected(part));
        return text.ToString();
    }

    /// <summary>The same fields of an encoding as text.</summary>
    public static string Actual(TokenEncoding encoding, JsonElement e)
    {
        StringBuilder text = new();
        (string Name, IReadOnlyList<int> List)[] lists = [("ids", encoding.Ids), ("type_ids", encoding.TypeIds), ("attention_mask", encoding.AttentionMask), ("special_tokens_mask", encoding.SpecialTokensMask)];
        foreach ((string name, IReadOnlyList<int> list) in lists)
            if (e.TryGetProperty(name, out _)) text.Append($"{name}={Show(list)};");
        if (e.TryGetProperty("sequence_ids", out _)) text.Append($"sequences={string.Join(' ', encoding.SequenceIds.Select(s => s?.ToString() ?? "null"))};");
        if (e.TryGetProperty("offsets", out _)) text.Append($"offsets={Show(encoding.Offsets)};");
        if (e.TryGetProperty("overflowing_count", out _)) text.Append($"overflow={encoding.Overflowing.Count};");
        if (e.TryGetProperty("overflowing_first", out JsonElement first))
            foreach ((JsonElement part, TokenEncoding actual) in first.EnumerateArray().Zip(encoding.Overflowing)) text.Append("\n    " + Actual(actual, part));
        return text.ToString();
    }
}
