using System.Text.Json;
using Hone.Models.Tokenizers;
using Hone.Models.Tokenizers.Training;
using static Hone.Tests.Models.Tokenizers.GoldenTokenizers;

namespace Hone.Tests.Models.Tokenizers;

public class TrainingGoldenTests
{
    public static TheoryData<string> Names
    {
        get
        {
            return [.. Rows("training/training.jsonl").Select(r => r.GetProperty("name").GetString()!)];
        }
    }

    [Theory]
    [MemberData(nameof(Names))]
    public void Vocabulary_and_merges(string name)
    {
        JsonElement row = Rows("training/training.jsonl").Single(r => r.GetProperty("name").GetString() == name);
        string trainer = row.GetProperty("trainer").GetString()!;
        if (trainer == "WordLevelTrainer") CompareWordLevel(row);
        else if (row.GetProperty("deterministic").GetBoolean()) CompareExactly(row);
        else CompareShared(row, trainer == "WordPieceTrainer");
        Parity.Count(1, 1);
    }

    private static void CompareExactly(JsonElement row)
    {
        (IReadOnlyList<string> tokens, List<(string Left, string Right)> merges) = BpeTrainer.Learn(Texts(row), Options(row));
        Assert.Equal(Strings(row.GetProperty("vocab")), tokens);
        Assert.Equal(Merges(row), merges.Select(m => $"{m.Left} {m.Right}"));
    }

    /// <summary>Where the reference differs from run to run, its rows hold what all runs share.</summary>
    private static void CompareShared(JsonElement row, bool wordPiece)
    {
        BpeTrainerOptions options = Options(row);
        if (wordPiece) options = options with { ContinuingSubwordPrefix = "##" };
        (IReadOnlyList<string> tokens, List<(string Left, string Right)> merges) = BpeTrainer.Learn(Texts(row), options);
        Assert.Equal(row.GetProperty("vocab_size").GetInt32(), tokens.Count);
        Assert.Empty(Strings(row.GetProperty("vocab_in_every_run")).Except(tokens));
        if (row.TryGetProperty("merges", out _)) Assert.Empty(Merges(row).Except(merges.Select(m => $"{m.Left} {m.Right}")));
    }

    private static void CompareWordLevel(JsonElement row)
    {
        JsonElement parameters = row.GetProperty("params");
        Tokenizer tokenizer = WordLevelTrainer.Train(Texts(row), new()
        {
            VocabularySize = parameters.GetProperty("vocab_size").GetInt32(),
            MinFrequency = parameters.GetProperty("min_frequency").GetInt32(),
            SpecialTokens = Strings(row.GetProperty("special_tokens")),
            UnknownToken = "<unk>",
            PreTokenizerJson = row.GetProperty("pre_tokenizer").GetRawText(),
        });
        Assert.Equal(Strings(row.GetProperty("vocab")), Enumerable.Range(0, tokenizer.VocabularySize).Select(tokenizer.TokenOf));
    }

    private static BpeTrainerOptions Options(JsonElement row)
    {
        JsonElement parameters = row.GetProperty("params"), alphabet = row.GetProperty("initial_alphabet");
        return new()
        {
            VocabularySize = parameters.GetProperty("vocab_size").GetInt32(),
            MinFrequency = parameters.GetProperty("min_frequency").GetInt32(),
            LimitAlphabet = parameters.TryGetProperty("limit_alphabet", out JsonElement limit) ? limit.GetInt32() : null,
            MaxTokenLength = parameters.TryGetProperty("max_token_length", out JsonElement longest) ? longest.GetInt32() : null,
            ContinuingSubwordPrefix = parameters.TryGetProperty("continuing_subword_prefix", out JsonElement prefix) ? prefix.GetString()! : "",
            EndOfWordSuffix = parameters.TryGetProperty("end_of_word_suffix", out JsonElement suffix) ? suffix.GetString()! : "",
            SpecialTokens = Strings(row.GetProperty("special_tokens")),
            InitialAlphabet = alphabet.ValueKind == JsonValueKind.String ? BpeTrainerOptions.ByteAlphabetCharacters : Strings(alphabet),
            NormalizerJson = Json(row.GetProperty("normalizer")),
            PreTokenizerJson = Json(row.GetProperty("pre_tokenizer")),
        };
    }

    private static string? Json(JsonElement element) => element.ValueKind == JsonValueKind.Null ? null : element.GetRawText();

    private static string[] Strings(JsonElement list) => [.. list.EnumerateArray().Select(s => s.GetString()!)];

    private static IEnumerable<string> Merges(JsonElement row) => row.GetProperty("merges").EnumerateArray()
        .Select(m => m.ValueKind == JsonValueKind.String ? m.GetString()! : $"{m[0].GetString()} {m[1].GetString()}");

    private static IEnumerable<string> Texts(JsonElement row)
    {
        string text = File.ReadAllText(GoldenFile($"training/{row.GetProperty("input").GetString()}"));
        return row.GetProperty("feed").GetString() switch
        {
            "lines" => text.Split('\n'),
            "file" => text.Split('\n').Select(line => line + "\n").SkipLast(1),
            _ => [text],
        };
    }
}
