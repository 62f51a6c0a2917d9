using System.Text.Json.Nodes;
using Hone.Models.Templates;
using Hone.Models.Tokenizers;
using static Hone.Tests.Models.Tokenizers.GoldenTokenizers;

namespace Hone.Tests.Models.Tokenizers;

/// <summary>Conversations rendered by a model's template and tokenized, from its folder alone.</summary>
public class ChatTokensTests
{
    [Theory]
    [InlineData("smollm2")]
    [InlineData("qwen3")]
    [InlineData("mistral-v3")]
    public void Rendered_and_tokenized_conversations(string name)
    {
        Tokenizer tokenizer = Tokenizer.FromDirectory(Path.GetDirectoryName(PathOf(name))!);
        Dictionary<string, string> specials = [];
        if (tokenizer.Names.Bos is { } bos) specials["bos_token"] = bos;
        if (tokenizer.Names.Eos is { } eos) specials["eos_token"] = eos;
        ConversationRenderer renderer = new(ChatTemplate.Parse(tokenizer.ChatTemplate!), specials);
        JsonNode inputs = JsonNode.Parse(File.ReadAllText(GoldenFile("chat/inputs.json")))!;
        AllEqual(Rows("chat/tokenized.jsonl", name).Select(row =>
        {
            string conversation = row.GetProperty("conversation").GetString()!;
            Conversation input = new((JsonArray)inputs["conversations"]![conversation]!)
            {
                AddGenerationPrompt = row.GetProperty("kwargs").GetProperty("add_generation_prompt").GetBoolean(),
                Tools = row.GetProperty("kwargs").TryGetProperty("tools", out _) ? (JsonArray)inputs["tools"]! : null,
            };
            return (conversation, Show(Ints(row.GetProperty("ids"))), Show(tokenizer.Encode(renderer.Render(input), addSpecialTokens: false)));
        }));
    }

    [Fact]
    public void Names_of_special_tokens_come_from_the_config()
    {
        Tokenizer qwen = Tokenizer.FromDirectory(Path.GetDirectoryName(PathOf("qwen3"))!);
        Assert.Equal((151645, 151643), (qwen.EosId, qwen.PadId));
        Assert.Null(qwen.BosId);
        Tokenizer minilm = Tokenizer.FromDirectory(Path.GetDirectoryName(PathOf("minilm"))!);
        Assert.Equal((100, 0, "[CLS]", "[SEP]", "[MASK]"), (minilm.UnkId, minilm.PadId, minilm.Names.Cls, minilm.Names.Sep, minilm.Names.Mask));
        Assert.Equal((128, 128), (minilm.FileTruncation!.MaxLength, minilm.FilePadding!.Length));
    }
}
