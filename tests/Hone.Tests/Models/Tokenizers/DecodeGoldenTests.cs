using System.Text.Json;
using Hone.Models.Tokenizers;
using static Hone.Tests.Models.Tokenizers.GoldenTokenizers;

namespace Hone.Tests.Models.Tokenizers;

public class DecodeGoldenTests
{
    [Theory]
    [MemberData(nameof(GoldenTokenizers.All), MemberType = typeof(GoldenTokenizers))]
    public void Text_of_id_lists(string name)
    {
        Tokenizer tokenizer = Get(name);
        AllEqual(Rows("decode.jsonl", name).SelectMany(row =>
        {
            int[] ids = Ints(row.GetProperty("ids"));
            string skip = row.GetProperty("skip").GetString()!;
            string keep = row.TryGetProperty("keep", out JsonElement k) ? k.GetString()! : skip;
            return new[]
            {
                ("skip " + Show(ids), skip, tokenizer.Decode(ids)),
                ("keep " + Show(ids), keep, tokenizer.Decode(ids, skipSpecialTokens: false)),
            };
        }));
    }

    [Theory]
    [MemberData(nameof(GoldenTokenizers.All), MemberType = typeof(GoldenTokenizers))]
    public void Spelling_and_text_of_single_ids(string name)
    {
        Tokenizer tokenizer = Get(name);
        JsonElement row = Rows("decode-single.jsonl", name).Single();
        int[] ids = Ints(row.GetProperty("ids"));
        string?[] tokens = [.. row.GetProperty("tokens").EnumerateArray().Select(t => t.GetString())];
        string?[] texts = [.. row.GetProperty("texts").EnumerateArray().Select(t => t.GetString())];
        AllEqual(ids.SelectMany((id, i) => new[]
        {
            ($"token {id}", tokens[i] ?? "(none)", tokenizer.FindToken(id) ?? "(none)"),
            ($"text {id}", texts[i] ?? "(none)", tokenizer.Decode([id], skipSpecialTokens: false)),
        }));
    }

    [Theory]
    [MemberData(nameof(GoldenTokenizers.All), MemberType = typeof(GoldenTokenizers))]
    public void Chunks_of_a_stream(string name)
    {
        Tokenizer tokenizer = Get(name);
        AllEqual(Rows("stream.jsonl", name).SelectMany(row =>
        {
            int[] ids = Ints(row.GetProperty("ids"));
            string?[] chunks = [.. row.GetProperty("chunks").EnumerateArray().Select(c => c.GetString())];
            StreamingDecoder decoder = tokenizer.CreateDecoder(row.GetProperty("skip_special_tokens").GetBoolean());
            string[] actual = [.. ids.Select(decoder.Push)];
            string rest = decoder.Flush();
            // Where the reference gave up, everything up to there must agree; Hone goes on.
            int compared = row.TryGetProperty("error", out _) ? chunks.Length : ids.Length;
            string where = Show(ids);
            List<(string, string, string)> result =
            [
                (where, string.Join('|', chunks.Take(compared).Select(c => c ?? "")), string.Join('|', actual.Take(compared))),
            ];
            if (compared == ids.Length && !row.TryGetProperty("error", out _))
                result.Add(("whole " + where, row.GetProperty("decode").GetString()!, string.Concat(actual) + rest));
            return result;
        }));
    }
}
