using System.Text.Json.Nodes;
using Hone.Models.Templates;
using Hone.Models.Tokenizers;

namespace Hone.Tests.Models.Templates;

/// <summary>Real templates over many conversations, against transformers.</summary>
public class ChatGoldenTests
{
    private const string Folder = "data/golden/tokenizers/chat";

    [Fact]
    public void Every_rendered_conversation_is_equal()
    {
        ChatGolden golden = new(SharedData.Require(Folder));
        List<JsonObject> rows = golden.Rows("rendered.jsonl");
        List<string> failures = [];
        foreach (JsonObject row in rows)
        {
            JsonObject expected = row["same_as_row"] is { } same ? rows[(int)same] : row;
            string want = expected["error"] is JsonObject error ? $"error {error["type"]} {error["message"]}".TrimEnd() : "output " + (string)expected["output"]!;
            string got = Render(golden, row, expected["error"]?["message"] is not null);
            if (want != got) failures.Add($"{row["template"]}/{row["conversation"]}/{row["kwargs"]!.ToJsonString()}\n  expected {want}\n  actual   {got}");
        }
        Parity.Count(rows.Count, rows.Count - failures.Count);
        Assert.Equal(1210, rows.Count);
        Assert.True(failures.Count == 0, $"{failures.Count} of {rows.Count} differ\n{string.Join('\n', failures.Take(40))}");
    }

    [Fact]
    public void Every_generation_span_and_mask_is_equal()
    {
        ChatGolden golden = new(SharedData.Require(Folder));
        List<JsonObject> rows = golden.Rows("masks.jsonl");
        Dictionary<string, ByteLevelVocabulary> vocabularies = [];
        List<string> failures = [];
        foreach (JsonObject row in rows)
        {
            RenderedTemplate rendered = golden.Renderers[(string)row["template"]!].RenderWithSpans(golden.Conversation(row));
            string spans = string.Concat(rendered.GenerationSpansInCodePoints.Select(s => $"[{s.Start},{s.End}]"));
            string want = string.Concat(row["generation_spans"]!.AsArray().Select(s => s!.ToJsonString()));
            string tokenizer = (string)row["tokenizer"]!;
            if (!vocabularies.TryGetValue(tokenizer, out ByteLevelVocabulary? vocabulary))
                vocabularies[tokenizer] = vocabulary = new ByteLevelVocabulary(SharedData.Require($"data/golden/tokenizers/models/{tokenizer}/tokenizer.json"));
            int[] ids = [.. row["input_ids"]!.AsArray().Select(i => (int)i!)];
            (int, int)[] offsets = vocabulary.Offsets(rendered.Text, ids);
            string mask = string.Concat(LossMask.Of(offsets, rendered.GenerationSpansInCodePoints).Select(m => m ? '1' : '0'));
            string wantMask = string.Concat(row["assistant_masks"]!.AsArray().Select(m => (int)m!));
            if (spans != want || mask != wantMask) failures.Add($"{row["template"]}/{tokenizer}/{row["conversation"]}\n  {want} {wantMask}\n  {spans} {mask}");
        }
        Parity.Count(rows.Count, rows.Count - failures.Count);
        Assert.Equal(75, rows.Count);
        Assert.True(failures.Count == 0, $"{failures.Count} of {rows.Count} differ\n{string.Join('\n', failures)}");
    }

    [Fact]
    public void Every_tokenized_conversation_has_the_same_ids()
    {
        ChatGolden golden = new(SharedData.Require(Folder));
        List<JsonObject> rows = golden.Rows("tokenized.jsonl");
        Dictionary<string, Tokenizer> tokenizers = [];
        List<string> failures = [];
        foreach (JsonObject row in rows)
        {
            Tokenizer tokenizer = Load((string)row["tokenizer"]!, tokenizers);
            int[] got = ConversationRenderer.TryFor(tokenizer)!.Encode(golden.Conversation(row), tokenizer), want = [.. row["ids"]!.AsArray().Select(i => (int)i!)];
            if (!got.SequenceEqual(want)) failures.Add($"{row["tokenizer"]}/{row["conversation"]}: {string.Join(' ', want)} / {string.Join(' ', got)}");
        }
        Parity.Count(rows.Count, rows.Count - failures.Count);
        Assert.Equal(21, rows.Count);
        Assert.True(failures.Count == 0, string.Join('\n', failures));
    }

    /// <summary>The masks again, through our own tokenizer: its offsets put every token on the same side.</summary>
    [Fact]
    public void Every_mask_is_equal_through_our_tokenizer()
    {
        ChatGolden golden = new(SharedData.Require(Folder));
        List<string> failures = [];
        Dictionary<string, Tokenizer> tokenizers = [];
        foreach (JsonObject row in golden.Rows("masks.jsonl"))
        {
            Tokenizer tokenizer = Load((string)row["tokenizer"]!, tokenizers);
            bool hasAssistant = row["assistant_masks"]!.AsArray().Any(m => (int)m! == 1);
            if (!hasAssistant) continue; // refused, as another test shows: nothing would be trained on
            MaskedTokens tokens = golden.Renderers[(string)row["template"]!].Tokenize(golden.Conversation(row), tokenizer);
            string mask = string.Concat(tokens.LossMask.Select(m => m ? '1' : '0')), want = string.Concat(row["assistant_masks"]!.AsArray().Select(m => (int)m!));
            bool sameIds = tokens.Ids.SequenceEqual(row["input_ids"]!.AsArray().Select(i => (int)i!));
            if (!sameIds || mask != want) failures.Add($"{row["template"]}/{row["tokenizer"]}/{row["conversation"]}: {sameIds}\n  {want}\n  {mask}");
        }
        Assert.True(failures.Count == 0, string.Join('\n', failures));
    }

    private static Tokenizer Load(string name, Dictionary<string, Tokenizer> known)
    {
        if (!known.TryGetValue(name, out Tokenizer? tokenizer)) known[name] = tokenizer = Tokenizer.Load(SharedData.Require($"data/golden/tokenizers/models/{name}"));
        return tokenizer;
    }

    private static string Render(ChatGolden golden, JsonObject row, bool withMessage)
    {
        try
        {
            return "output " + golden.Renderers[(string)row["template"]!].Render(golden.Conversation(row));
        }
        catch (HoneException error)
        {
            // What transformers checks itself is a ValueError there.
            string kind = (error.InnerException as JinjaException)?.Kind.ToString() ?? "ValueError";
            return $"error {kind} {(withMessage ? error.InnerException!.Message : "")}".TrimEnd();
        }
    }
}
