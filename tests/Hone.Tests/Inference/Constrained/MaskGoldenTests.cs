using System.Security.Cryptography;
using System.Text.Json.Nodes;
using Hone.Inference.Constrained;

namespace Hone.Tests.Inference.Constrained;

public class MaskGoldenTests
{
    [Fact]
    public void Every_step_of_masks_jsonl_allows_the_same_tokens()
    {
        string path = SharedData.Require("data/golden/structured/masks.jsonl");
        Dictionary<string, TokenVocabulary> vocabularies = [];
        List<string> failures = [];
        int targets = 0, steps = 0;
        foreach (string line in File.ReadLines(path))
        {
            JsonObject row = JsonNode.Parse(line)!.AsObject();
            targets++;
            TokenVocabulary vocabulary = Vocabulary(row, vocabularies);
            CompiledGrammar grammar = CompiledGrammar.Compile(GrammarOf(row), vocabulary);
            foreach (JsonObject walk in row["walks"]!.AsArray().OfType<JsonObject>())
            {
                foreach (JsonObject step in walk["steps"]!.AsArray().OfType<JsonObject>())
                {
                    steps++;
                    string? difference = Compare(grammar, step, vocabulary);
                    if (difference is not null) failures.Add($"{row["id"]} after '{step["prefix"]}': {difference}");
                }
            }
        }
        Parity.Count(steps, steps - failures.Count);
        Assert.Equal((52, 744), (targets, steps));
        Assert.True(failures.Count == 0, $"{failures.Count} of {steps} differ\n{string.Join('\n', failures)}");
    }

    // The first engine of each step is llguidance, or names the one it equals; where engines differ the README says to follow it.
    private static string? Compare(CompiledGrammar grammar, JsonObject step, TokenVocabulary vocabulary)
    {
        GrammarState state = grammar.Start();
        foreach (JsonNode? id in step["prefix_ids"]!.AsArray())
            if (!state.Accept((int)id!)) return $"token {id} of the walk is refused";
        ulong[] mask = new ulong[vocabulary.MaskLength];
        state.FillMask(mask);
        int[] allowed = [.. Enumerable.Range(0, vocabulary.Count).Where(t => (mask[t >> 6] >> t & 1) == 1 && !vocabulary.EndIds.Contains(t))];
        JsonObject want = step.Select(e => e.Value).OfType<JsonObject>().First(e => e.ContainsKey("sha256"));
        byte[] bytes = [.. allowed.SelectMany(t => BitConverter.GetBytes((uint)t))];
        bool ends = (mask[vocabulary.EndIds[0] >> 6] >> vocabulary.EndIds[0] & 1) == 1;
        Assert.Equal(state.CanEnd, ends);
        if (ends != (bool)want["eos"]!) return $"the end is {(ends ? "" : "not ")}allowed";
        if (Convert.ToHexStringLower(SHA256.HashData(bytes)) == (string)want["sha256"]!) return null;
        return $"{allowed.Length} tokens, expected {want["n"]}: {string.Join(' ', allowed.Take(20))} / {want["ids"]?.ToJsonString()}";
    }

    private static TokenVocabulary Vocabulary(JsonObject row, Dictionary<string, TokenVocabulary> known)
    {
        string name = (string)row["tokenizer"]!;
        if (known.TryGetValue(name, out TokenVocabulary? vocabulary)) return vocabulary;
        ByteLevelVocabulary bytes = new(SharedData.Require($"data/golden/tokenizers/models/{name}/tokenizer.json"));
        return known[name] = new TokenVocabulary(bytes.Tokens((int)row["vocab"]!), [(int)row["eos_id"]!]);
    }

    private static Grammar GrammarOf(JsonObject row) => (string)row["kind"]! switch
    {
        "json_schema" => Grammar.FromJsonSchema(row["spec"]),
        "regex" => Grammar.FromRegex((string)row["spec"]!),
        _ => Grammar.FromChoices([.. row["spec"]!.AsArray().Select(c => (string)c!)]),
    };
}
