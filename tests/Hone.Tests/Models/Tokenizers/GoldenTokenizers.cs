using System.Buffers.Binary;
using System.Collections.Concurrent;
using System.Runtime.CompilerServices;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using Hone.Models.Tokenizers;

namespace Hone.Tests.Models.Tokenizers;

/// <summary>
/// The tokenizers of shared/data/golden/tokenizers, and the rows of its files; where those are absent, the smaller choice of
/// them under tests/golden/tokenizers, which is laid out alike.
/// </summary>
internal static class GoldenTokenizers
{
    private static readonly ConcurrentDictionary<string, Tokenizer> Loaded = new();

    public static readonly string[] Names =
    [
        "qwen3", "smollm2", "mistral-v3", "minilm", "stories260k", "use-lite-unigram", "t5-style-unigram", "small-bytelevel-bpe",
        "small-metaspace-bpe", "small-unigram", "small-wordpiece-cased", "small-wordlevel", "small-clip-bpe",
    ];

    public static TheoryData<string> All => [.. Names];

    public static string PathOf(string name) => name == "minilm"
        ? SharedData.Require("models/all-minilm-l6-v2/tokenizer.json")
        : GoldenFile($"models/{name}/tokenizer.json");

    /// <summary>A file of the golden data; skips the test when neither place has it.</summary>
    public static string GoldenFile(string relative)
    {
        if (SharedData.Path("data/golden/tokenizers") is not null) return SharedData.Require($"data/golden/tokenizers/{relative}");
        string path = SharedData.Golden($"tokenizers/{relative}");
        Assert.SkipUnless(File.Exists(path), $"{relative} is not here");
        return path;
    }

    public static Tokenizer Get(string name) => Loaded.GetOrAdd(name, n => Tokenizer.FromJsonFile(PathOf(n)));

    /// <summary>The rows of a file, those of one tokenizer when named.</summary>
    public static IEnumerable<JsonElement> Rows(string file, string? tokenizer = null)
    {
        foreach (string line in File.ReadLines(GoldenFile(file)))
        {
            JsonElement row = JsonDocument.Parse(line).RootElement;
            if (tokenizer is null || row.GetProperty("tokenizer").GetString() == tokenizer) yield return row;
        }
    }

    public static int[] Ints(JsonElement list) => [.. list.EnumerateArray().Select(i => i.GetInt32())];

    public static string Show(IEnumerable<int> ids) => string.Join(' ', ids);

    public static string Show(IEnumerable<(int Start, int End)> ranges) => string.Join(' ', ranges.Select(r => $"{r.Start}-{r.End}"));

    public static string ShowRanges(JsonElement list) => Show(list.EnumerateArray().Select(r => (r[0].GetInt32(), r[1].GetInt32())));

    /// <summary>SHA-256 over the ids as little-endian 32-bit numbers.</summary>
    public static string Hash(ReadOnlySpan<int> ids)
    {
        byte[] bytes = new byte[4 * ids.Length];
        for (int i = 0; i < ids.Length; i++) BinaryPrimitives.WriteInt32LittleEndian(bytes.AsSpan(4 * i), ids[i]);
        return Convert.ToHexStringLower(SHA256.HashData(bytes));
    }

    /// <summary>Compares row by row; fails with the number of rows that differ and the first few of them.</summary>
    public static void AllEqual(
        IEnumerable<(string Where, string Expected, string Actual)> comparisons, [CallerFilePath] string file = "", [CallerMemberName] string member = "")
    {
        int tried = 0, different = 0;
        StringBuilder report = new();
        foreach ((string where, string expected, string actual) in comparisons)
        {
            tried++;
            if (expected == actual) continue;
            if (++different <= 5) report.Append($"\n{where}\n  expected {expected}\n  actual   {actual}");
        }
        Parity.Count(tried, tried - different, null, null, file, member);
        Assert.True(tried > 0, "no rows");
        Assert.True(different == 0, $"{different} of {tried} differ:{report}");
    }

}
