using System.Diagnostics;
using System.Text.Json.Nodes;
using Hone.Core.Schema;
using Hone.Inference.Constrained;

namespace Hone.Tests.Inference.Constrained;

/// <summary>Whatever is drawn from the masks parses and validates, and whatever is cut short can still be completed.</summary>
public class SampledOutputTests
{
    public static TheoryData<string> Schemas =>
    [
        """{"type":"object","properties":{"name":{"type":"string","minLength":1,"maxLength":6},"age":{"type":"integer","minimum":0,"maximum":130},"tags":{"type":"array","items":{"enum":["a","b","é"]},"maxItems":3}},"required":["name"],"additionalProperties":false}""",
        """{"type":"object","properties":{"a":{"type":"number","multipleOf":0.5,"minimum":-3,"maximum":3}},"additionalProperties":{"type":"boolean"},"minProperties":1}""",
        """{"$ref":"#/$defs/n","$defs":{"n":{"type":"object","properties":{"v":{"type":["integer","null"]},"kids":{"type":"array","items":{"$ref":"#/$defs/n"},"maxItems":2}},"required":["v"],"additionalProperties":false}}}""",
        """{"anyOf":[{"type":"object","properties":{"t":{"const":"x"},"v":{"type":"string","pattern":"^[a-f]{2,4}$"}},"required":["t","v"],"additionalProperties":false},{"type":"array","prefixItems":[{"type":"boolean"},{"type":"number","exclusiveMinimum":1,"maximum":2}],"minItems":2,"items":false}]}""",
        """{"type":"object","patternProperties":{"^x":{"type":"integer"},"y$":{"type":"integer","maximum":5}},"additionalProperties":false}""",
        """{"type":"string","format":"date-time"}""",
        "{}",
    ];

    [Theory]
    [MemberData(nameof(Schemas))]
    public void Every_sample_validates(string schema)
    {
        CompiledGrammar grammar = CompiledGrammar.Compile(Grammar.FromJsonSchema(JsonNode.Parse(schema)), ByteTokens.Vocabulary);
        JsonSchemaValidator validator = new(JsonNode.Parse(schema));
        RandomStream random = new(11, schema);
        int complete = 0;
        for (int i = 0; i < 150; i++)
        {
            // Closing signs and the end are made likelier, or free texts would rarely end.
            string? text = ByteTokens.Sample(grammar, random, 400, t => t is ByteTokens.End or '"' or '}' or ']' ? 40 : 1);
            if (text is null) continue;
            complete++;
            Assert.True(JsonText.TryParse(text, out JsonNode? value), text);
            Assert.True(validator.IsValid(value), $"{text}: {string.Join("; ", validator.Validate(value))}");
        }
        Assert.True(complete > 50, $"only {complete} samples came to an end");
    }

    /// <summary>Every function of the shared tool-calling data compiles, and its samples validate.</summary>
    [Fact]
    public void Every_function_schema_compiles_at_the_vocabulary_of_a_real_model()
    {
        string folder = SharedData.Require("data/bfcl");
        ByteLevelVocabulary bytes = new(SharedData.Require("data/golden/tokenizers/models/smollm2/tokenizer.json"));
        TokenVocabulary vocabulary = new(bytes.Tokens(49152), [2]);
        HashSet<string> seen = [];
        List<string> refused = [];
        double slowest = 0;
        ulong[] mask = new ulong[vocabulary.MaskLength];
        foreach (string file in Directory.GetFiles(folder, "*.jsonl").Order(StringComparer.Ordinal))
        {
            foreach (string line in File.ReadLines(file))
            {
                foreach (JsonNode? function in JsonNode.Parse(line)!["function"] as JsonArray ?? [])
                {
                    if (function?["parameters"] is not JsonObject parameters || !seen.Add(parameters.ToJsonString())) continue;
                    Stopwatch watch = Stopwatch.StartNew();
                    try
                    {
                        CompiledGrammar grammar = CompiledGrammar.Compile(Grammar.FromJsonSchema(BfclSchema(parameters)), vocabulary);
                        grammar.Start().FillMask(mask);
                    }
                    catch (HoneException error)
                    {
                        refused.Add(error.Message);
                    }
                    slowest = Math.Max(slowest, watch.Elapsed.TotalSeconds);
                }
            }
        }
        Assert.True(seen.Count > 500, $"only {seen.Count} schemas");
        // Two contradict themselves: an integer out of a list of texts, and a list out of a list of texts.
        Assert.Equal(2, refused.Count);
        Assert.All(refused, message => Assert.Contains("meets the rest of its schema", message));
        Assert.True(slowest < 1, $"the slowest of {seen.Count} took {slowest:F2} s");
    }

    // The type names of that data, as its checker reads them.
    private static JsonNode? BfclSchema(JsonNode? node)
    {
        if (node is JsonArray items) return new JsonArray([.. items.Select(BfclSchema)]);
        if (node is not JsonObject fields) return node?.DeepClone();
        JsonObject copy = [];
        foreach ((string key, JsonNode? value) in fields)
        {
            if (key is "description" or "default" or "optional" or "format") continue;
            if (key == "properties" && value is JsonObject properties)
                copy[key] = new JsonObject(properties.Select(p => KeyValuePair.Create(p.Key, BfclSchema(p.Value))));
            else if (key == "type" && value is JsonValue) Type(copy, (string)value!);
            else copy[key] = key == "enum" ? value?.DeepClone() : BfclSchema(value);
        }
        return copy;
    }

    private static void Type(JsonObject schema, string name)
    {
        string? type = name switch
        {
            "dict" or "HashMap" or "Hashtable" => "object",
            "float" or "double" => "number",
            "tuple" or "ArrayList" or "Array" or "Queue" or "Stack" => "array",
            "byte" or "short" or "long" or "Bigint" => "integer",
            "char" or "String" => "string",
            "any" or "" => null,
            "Boolean" => "boolean",
            _ => name,
        };
        if (type is not null) schema["type"] = type;
    }
}
