using System.Text.Json.Nodes;
using Hone.Core.Schema;
using Hone.Inference.Constrained;

namespace Hone.Tests.Inference.Constrained;

public class SchemaKeywordTests
{
    /// <summary>Each keyword is enforced, or refused by a message that names it; never compiled and ignored.</summary>
    [Fact]
    public void No_keyword_of_engine_keywords_jsonl_is_ignored()
    {
        List<string> failures = [];
        int rows = 0, refused = 0;
        foreach (string line in File.ReadLines(SharedData.Require("data/golden/structured/engine_keywords.jsonl")))
        {
            JsonObject row = JsonNode.Parse(line)!.AsObject();
            rows++;
            bool referenceCompiles = ((string)row["llguidance"]!["verdict"]!).StartsWith("compiled", StringComparison.Ordinal);
            try
            {
                Grammar grammar = Grammar.FromJsonSchema(row["schema"]);
                foreach (JsonNode? text in row["rejected_by_schema"]!.AsArray())
                    if (ByteTokens.Takes(grammar, (string)text!)) failures.Add($"{row["keyword"]}: takes {text}");
                CompiledGrammar.Compile(grammar, ByteTokens.Vocabulary);
            }
            catch (HoneException error)
            {
                refused++;
                if (referenceCompiles) failures.Add($"{row["keyword"]}: refused, but the reference compiles it: {error.Message}");
                string word = ((string)row["keyword"]!).Split(' ')[0].Split('/')[0];
                bool isNamed = error.Message.Contains(word) || error.Message.Contains("cannot be satisfied") || row["schema"]!.ToJsonString().Contains("(?!") || row["schema"]!.ToJsonString().Contains("\\\\1") || word is "type";
                if (!isNamed) failures.Add($"{row["keyword"]}: refused without its name: {error.Message}");
            }
        }
        Assert.Equal(57, rows);
        Assert.True(failures.Count == 0, string.Join('\n', failures));
        Assert.InRange(refused, 8, 20);
    }

    [Theory]
    [InlineData("""{"type":"integer","minimum":-12,"maximum":105}""", "-12 -5 -1 0 7 99 100 105", "-13 106 007 -0 1.5 1000 -100")]
    [InlineData("""{"type":"integer","exclusiveMinimum":0}""", "1 10 999999", "0 -1 01")]
    [InlineData("""{"type":"integer","maximum":-3}""", "-3 -10 -999", "-2 0 3 -03")]
    [InlineData("""{"type":"number","minimum":0.5,"exclusiveMaximum":2}""", "0.5 0.50 1 1.9999 1.0", "0.49 2 2.0 0.4999 20 -1 1e0")]
    [InlineData("""{"type":"number","minimum":-1.25,"maximum":0}""", "-1.25 -1.2 -1 -0.5 0 0.0", "-1.26 0.1 1 -2")]
    [InlineData("""{"type":"number","exclusiveMinimum":99.9,"maximum":1000}""", "99.91 100 1000 1000.00 999.999", "99.9 99.90 1000.01 99 10000")]
    [InlineData("""{"type":"integer","multipleOf":7}""", "0 7 -14 343", "1 13 700001")]
    [InlineData("""{"type":"number","multipleOf":0.25}""", "0 0.25 0.5 1.75 2 2.50 -0.75 3.2500", "0.1 0.26 1.755")]
    [InlineData("""{"type":"number","multipleOf":2.5}""", "5 2.5 7.50 10 0", "2 3.5 2.51 2.55")]
    [InlineData("""{"type":"string","minLength":1,"maxLength":2}""", "\"a\" \"ab\" \"😀é\" \"\\ud83d\\ude00\" \"\\n\\\"\"", "\"\" \"abc\" \"\\ud83d\" \"\\/\" \"\t\"")]
    [InlineData("""{"type":"string","pattern":"b"}""", "\"b\" \"abc\" \"\\nb\"", "\"\" \"a\"")]
    [InlineData("""{"type":"string","pattern":"^a.c$"}""", "\"abc\" \"a\\\"c\" \"a😀c\"", "\"ac\" \"a\\nc\" \"abcd\"")]
    [InlineData("""{"type":"string","format":"date"}""", "\"2026-03-09\" \"2024-02-28\"", "\"2026-13-01\" \"2026-02-30\" \"26-01-01\"")]
    [InlineData("""{"type":"string","format":"uuid"}""", "\"123e4567-e89b-12d3-a456-426614174000\"", "\"123e4567\"")]
    [InlineData("""{"type":"object","properties":{"id":{"type":"integer"}},"additionalProperties":{"type":"boolean"}}""",
        """{} {"id":1} {"x":true} {"id":1,"x":true,"":false} {"\u0069e":true}""", """{"id":true} {"\u0069d":true} {"x":1} {"x":true,"id":1}""")]
    [InlineData("""{"type":"object","patternProperties":{"^x":{"type":"integer"},"y$":{"maximum":5}},"additionalProperties":false}""",
        """{"x":9} {"xy":5} {"y":"a"} {"y":4,"x":1}""", """{"xy":6} {"z":1} {"x":"a"}""")]
    [InlineData("""{"type":"object","properties":{"a":{"type":"null"},"b":{"type":"null"},"c":{"type":"null"}},"additionalProperties":false,"minProperties":1,"maxProperties":2}""",
        """{"a":null} {"b":null,"c":null}""", """{} {"a":null,"b":null,"c":null}""")]
    [InlineData("""{"type":"object","properties":{"a":{}},"minProperties":2,"additionalProperties":{"type":"null"}}""", """{"a":1,"b":null} {"a":1,"b":null,"c":null}""", """{} {"a":1} {"b":null,"b":null}""")]
    [InlineData("""{"type":"object","required":["z"],"properties":{"a":{"type":"null"}},"additionalProperties":{"type":"null"}}""", """{"z":null} {"a":null,"z":null,"q":null}""", """{} {"a":null}""")]
    [InlineData("""{"type":"object","propertyNames":{"pattern":"^[a-c]$"},"additionalProperties":{"type":"null"}}""", """{"a":null,"c":null}""", """{"d":null} {"aa":null}""")]
    [InlineData("""{"type":"array","items":{"type":"null"},"minItems":1,"maxItems":2}""", "[null] [null,null]", "[] [null,null,null] [1]")]
    [InlineData("""{"type":"array","prefixItems":[{"type":"integer"}],"items":{"type":"null"}}""", "[] [1] [1,null,null]", "[null] [1,2]")]
    [InlineData("""{"allOf":[{"type":"integer"},{"minimum":3},{"maximum":5}]}""", "3 5", "2 6 \"x\"")]
    [InlineData("""{"$ref":"#/$defs/x","maximum":5,"$defs":{"x":{"type":"integer"}}}""", "5 -7", "6 1.5")]
    [InlineData("""{"anyOf":[{"$ref":"#"},{"type":"integer"}]}""", "5", "\"x\" null")]
    [InlineData("""{"enum":["a","abc",5,null],"minLength":2}""", "\"abc\" 5 null", "\"a\" \"b\"")]
    [InlineData("""{"enum":[1,2,3,4],"not":{"enum":[2]},"multipleOf":2}""", "4", "1 2 3")]
    [InlineData("""{"const":{"a":[1,"x\n"],"é":null}}""", """{"a":[1,"x\n"],"é":null}""", """{"a":[1,"x\n"],"\u00e9":null}""")]
    [InlineData("""{"oneOf":[{"type":"object","properties":{"t":{"const":"a"}},"required":["t"]},{"type":"object","properties":{"t":{"const":"b"}},"required":["t"]}]}""", """{"t":"a"} {"t":"b"}""", """{"t":"c"} {}""")]
    [InlineData("""{"oneOf":[{"type":"integer","maximum":3},{"type":"integer","minimum":4}]}""", "3 4", "1.5")]
    public void A_schema_takes_and_leaves(string schema, string taken, string left)
    {
        Grammar grammar = Grammar.FromJsonSchema(JsonNode.Parse(schema));
        JsonSchemaValidator validator = new(JsonNode.Parse(schema));
        string[] yes = [.. taken.Split(' ', StringSplitOptions.RemoveEmptyEntries)], no = [.. left.Split(' ', StringSplitOptions.RemoveEmptyEntries)];
        Assert.All(yes, text => Assert.True(ByteTokens.Takes(grammar, text), $"{text} is not taken"));
        Assert.All(no, text => Assert.False(ByteTokens.Takes(grammar, text), $"{text} is taken"));
        // A schema that leads to itself has no verdict of its own.
        if (!schema.Contains("\"$ref\":\"#\"")) Assert.All(yes, text => Assert.True(validator.IsValid(JsonText.Parse(text)), $"{text} is not valid"));
    }

    [Theory]
    [InlineData("""{"type":"array","uniqueItems":true}""", "'uniqueItems'")]
    [InlineData("""{"not":{}}""", "'not'")]
    [InlineData("""{"if":{},"then":{}}""", "'if'")]
    [InlineData("""{"type":"object","dependentRequired":{"a":["b"]}}""", "'dependentRequired'")]
    [InlineData("""{"type":"string","format":"nonsense"}""", "'nonsense'")]
    [InlineData("""{"type":"float"}""", "float")]
    [InlineData("""{"$ref":"https://example.com/x.json"}""", "points to nothing")]
    [InlineData("""{"oneOf":[{"type":"integer"},{"minimum":3}]}""", "oneOf")]
    [InlineData("""{"type":"string","minLength":100000}""", "more than")]
    [InlineData("""{"type":"array","minItems":1000000}""", "minItems")]
    [InlineData("""{"type":"object","minProperties":2}""", "minProperties")]
    [InlineData("""{"type":"number","multipleOf":0.0001234567}""", "multipleOf")]
    [InlineData("""{"type":"string","pattern":"(a|b)*a(a|b){30}"}""", "more than")]
    [InlineData("[1]", "a JSON schema is an object")]
    public void What_cannot_be_enforced_is_refused_by_name(string schema, string message) =>
        Assert.Contains(message, Assert.Throws<HoneException>(() => Grammar.FromJsonSchema(JsonNode.Parse(schema))).Message);

    [Theory]
    [InlineData("""{"type":"integer","minimum":5,"maximum":4}""")]
    [InlineData("""{"allOf":[{"type":"integer"},{"type":"string"}]}""")]
    [InlineData("""{"enum":[]}""")]
    [InlineData("false")]
    [InlineData("""{"type":"object","properties":{"a":false},"required":["a"]}""")]
    [InlineData("""{"$ref":"#/$defs/n","$defs":{"n":{"type":"object","properties":{"n":{"$ref":"#/$defs/n"}},"required":["n"]}}}""")]
    public void What_nothing_satisfies_is_refused(string schema)
    {
        Grammar grammar = Grammar.FromJsonSchema(JsonNode.Parse(schema));
        Assert.Contains("cannot be satisfied", Assert.Throws<HoneException>(() => CompiledGrammar.Compile(grammar, ByteTokens.Vocabulary)).Message);
    }

    [Fact]
    public void Spaced_layout_writes_as_python_does()
    {
        Grammar grammar = Grammar.FromJsonSchema(JsonNode.Parse("""{"type":"object","properties":{"a":{"const":[1,2]},"b":{"type":"array"}},"required":["a"]}"""), JsonGrammarOptions.Spaced);
        Assert.True(ByteTokens.Takes(grammar, """{"a": [1, 2], "b": [3, {}]}"""));
        Assert.False(ByteTokens.Takes(grammar, """{"a":[1,2]}"""));
    }
}
