using System.Text.Json.Nodes;
using Hone.Core;
using Hone.Core.Schema;
using Hone.Inference;
using Hone.Inference.Chat;
using Hone.Inference.Sampling;
using Hone.Models.Decoder;
using Hone.Models.Loading;
using Hone.Models.Tokenizers;

namespace Hone.Tests.Inference;

/// <summary>A model that knows nothing, at a temperature that would make nonsense of a good one: its JSON still meets the schema.</summary>
public sealed class UntrainedModelTests
{
    private static readonly string[] Schemas =
    [
        """{"type":"object","properties":{"name":{"type":"string","maxLength":8},"age":{"type":"integer","minimum":0,"maximum":130}},"required":["name","age"],"additionalProperties":false}""",
        """{"type":"array","items":{"enum":["red","green",3,null]},"minItems":1,"maxItems":6}""",
        """{"anyOf":[{"type":"object","properties":{"kind":{"const":"a"},"x":{"type":"number","minimum":-1,"maximum":1,"multipleOf":0.25}},"required":["kind","x"],"additionalProperties":false},{"type":"boolean"}]}""",
        """{"type":"object","properties":{"id":{"type":"string","pattern":"^[A-F0-9]{4}-[a-z]{1,3}$"},"on":{"type":"string","format":"date"}},"required":["id","on"],"additionalProperties":false}""",
        """{"$ref":"#/$defs/tree","$defs":{"tree":{"type":"object","properties":{"v":{"type":"integer","minimum":1,"maximum":9},"of":{"type":"array","items":{"$ref":"#/$defs/leaf"},"maxItems":2}},"required":["v"],"additionalProperties":false},"leaf":{"type":"object","properties":{"v":{"type":"string","maxLength":3}},"required":["v"],"additionalProperties":false}}}""",
    ];

    [Fact]
    public void A_thousand_replies_validate()
    {
        Tokenizer tokenizer = SeedTokenizer.Create(["red", "green", "name", "age", "kind"]);
        LanguageModel model = new(TinyModels.Llama().Config.With("vocab_size", tokenizer.VocabularySize).With("max_position_embeddings", 1024));
        ModelInit.Randomise(model, new RandomStream(5, "untrained"), new InitOptions { EmbeddingDeviation = 1, MatrixDeviation = 0.3f });
        Engine engine = new(model, tokenizer, new GenerationDefaults { EosIds = [tokenizer.EosId!.Value] });
        GrammarCache grammars = new(tokenizer, tokenizer.VocabularySize, [tokenizer.EosId!.Value]);
        for (int i = 0; i < Schemas.Length; i++)
        {
            JsonSchemaValidator validator = new(JsonNode.Parse(Schemas[i]));
            IReadOnlyList<GenerationResult> results = engine.Generate(new GenerationRequest
            {
                Prompt = [3, 4],
                Samples = 200,
                MaxTokens = 400,
                Seed = i,
                Sampling = new SamplingOptions { Temperature = 1.5 },
                Constraint = grammars.Constraint(ReplyForm.JsonSchema(JsonNode.Parse(Schemas[i]))),
            });
            Assert.All(results, result =>
            {
                Assert.Equal(FinishReason.EndToken, result.Finish);
                Assert.True(JsonText.TryParse(result.Text, out JsonNode? value) && validator.IsValid(value), result.Text);
            });
            Assert.True(results.Select(r => r.Text).Distinct().Count() > 5);
        }
    }

    [Fact]
    public void What_is_cut_short_says_so()
    {
        Tokenizer tokenizer = SeedTokenizer.Create(["red"]);
        LanguageModel model = new(TinyModels.Llama().Config.With("vocab_size", tokenizer.VocabularySize));
        GrammarCache grammars = new(tokenizer, tokenizer.VocabularySize, [tokenizer.EosId!.Value]);
        GenerationResult result = new Engine(model, tokenizer).Generate(new GenerationRequest
        {
            Prompt = [3],
            MaxTokens = 5,
            Constraint = grammars.Constraint(ReplyForm.JsonSchema(JsonNode.Parse(Schemas[0]))),
        })[0];
        Assert.Equal(FinishReason.Length, result.Finish);
    }
}
