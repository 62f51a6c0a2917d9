using System.Text.Json.Nodes;
using Hone.Core.Schema;
using Hone.Core.ToolCalls;
using Hone.Inference;
using Hone.Inference.Chat;
using Hone.Inference.Constrained;
using Hone.Inference.Sampling;
using Hone.Models.Loading;

namespace Hone.Tests.Inference.Constrained;

/// <summary>Replies that may call tools: free until a call begins, then bound to the tool's schema.</summary>
public class CallGrammarTests
{
    private const string Schema = """{"type":"object","properties":{"a":{"type":"integer","minimum":0,"maximum":99},"b":{"enum":["x","yy"]}},"required":["a"],"additionalProperties":false}""";

    private static readonly string Tools = """
        [{"type":"function","function":{"name":"add","strict":true,"parameters":SCHEMA}},{"type":"function","function":{"name":"say","parameters":{"type":"object","properties":{"t":{"type":"string"}}}}}]
        """.Replace("SCHEMA", Schema, StringComparison.Ordinal);

    [Theory]
    [InlineData(ToolCallFormat.Hermes, "Just text, with < and <tool and {\"name\": 1}.", true)]
    [InlineData(ToolCallFormat.Hermes, "", true)]
    [InlineData(ToolCallFormat.Hermes, "Wait. <tool_call>\n{\"name\": \"add\", \"arguments\": {\"a\": 5}}\n</tool_call>", true)]
    [InlineData(ToolCallFormat.Hermes, "<tool_call>{\"name\": \"say\", \"arguments\": {\"anything\": [1]}}</tool_call> then <tool_call>{\"name\": \"add\", \"arguments\": {\"a\": 5, \"b\": \"yy\"}}</tool_call> done", true)]
    [InlineData(ToolCallFormat.Hermes, "<<tool_call>{\"name\": \"add\", \"arguments\": {\"a\": 500}}</tool_call>", false)]
    [InlineData(ToolCallFormat.Hermes, "<tool_call>{\"name\": \"other\", \"arguments\": {}}</tool_call>", false)]
    [InlineData(ToolCallFormat.Hermes, "<tool_call>{\"name\": \"add\", \"arguments\": {\"a\": 5}} and then", false)]
    [InlineData(ToolCallFormat.Hermes, "<think>I could write <tool_call> here.</think>No.", true)]
    [InlineData(ToolCallFormat.Hermes, "<think>Hm.</think><tool_call>no</tool_call>", false)]
    [InlineData(ToolCallFormat.Mistral, "Text and [TOOL_CALL", true)]
    [InlineData(ToolCallFormat.Mistral, "[TOOL_CALLS] [{\"name\": \"add\", \"arguments\": {\"a\": 5}}, {\"name\": \"say\", \"arguments\": {}}]", true)]
    [InlineData(ToolCallFormat.Mistral, "[TOOL_CALLS][{\"name\": \"add\", \"arguments\": {\"b\": \"x\"}}]", false)]
    [InlineData(ToolCallFormat.Mistral, "[TOOL_CALLS][{\"name\": \"add\", \"arguments\": {\"a\": 5}}] more", false)]
    [InlineData(ToolCallFormat.Llama3, "Text {\"name\": 1}", true)]
    [InlineData(ToolCallFormat.Llama3, " {\"name\": \"add\", \"parameters\": {\"a\": 5}}; {\"name\": \"add\", \"parameters\": {\"a\": 6}}", true)]
    [InlineData(ToolCallFormat.Llama3, "{\"name\": \"add\", \"parameters\": {\"a\": 5}}\n{\"name\": \"say\", \"parameters\": {\"t\": null}}", true)]
    [InlineData(ToolCallFormat.Llama3, "{\"name\": \"add\", \"parameters\": {\"c\": 5}}", false)]
    [InlineData(ToolCallFormat.Llama3, "{\"name\": \"add\", \"parameters\": {\"a\": 5}} said I", false)]
    [InlineData(ToolCallFormat.PlainJson, "[{\"name\": \"add\", \"arguments\": {\"a\": 5}}]", true)]
    [InlineData(ToolCallFormat.PlainJson, "```json\n{\"name\": \"add\", \"arguments\": {\"a\": 5}}\n```", true)]
    [InlineData(ToolCallFormat.PlainJson, "```json\n{\"name\": \"add\", \"arguments\": {}}\n```", false)]
    [InlineData(ToolCallFormat.PlainJson, "```\ncode\n```", true)]
    [InlineData(ToolCallFormat.PlainJson, "`a` is text", true)]
    [InlineData(ToolCallFormat.PlainJson, "[1]", false)]
    public void Text_is_free_until_a_call_begins(ToolCallFormat format, string reply, bool isTaken) =>
        Assert.Equal(isTaken, ByteTokens.Takes(Grammar(format), reply));

    [Theory]
    [InlineData(ToolCallFormat.Hermes, "<tool_call>{\"name\": \"add\", \"arguments\": {\"a\": 5}}</tool_call>", "<tool_call>{\"name\": \"add\", \"arguments\": {\"a\": 5}}</tool_call>")]
    [InlineData(ToolCallFormat.Mistral, "[TOOL_CALLS][{\"name\": \"add\", \"arguments\": {\"a\": 5}}]", ", {\"name\": \"add\", \"arguments\": {\"a\": 5}}]")]
    [InlineData(ToolCallFormat.Llama3, "{\"name\": \"add\", \"parameters\": {\"a\": 5}}", ";{\"name\": \"add\", \"parameters\": {\"a\": 5}}")]
    public void One_call_at_most_when_asked(ToolCallFormat format, string one, string more)
    {
        Grammar single = new CallGrammar(JsonNode.Parse(Tools)!.AsArray(), form: null, isSingle: true).Of(format);
        Assert.True(ByteTokens.Takes(single, one));
        Assert.False(ByteTokens.Takes(single, (format == ToolCallFormat.Mistral ? one[..^1] : one) + more));
    }

    [Theory]
    [InlineData(ToolCallFormat.Hermes)]
    [InlineData(ToolCallFormat.Mistral)]
    [InlineData(ToolCallFormat.Llama3)]
    [InlineData(ToolCallFormat.PlainJson)]
    public void With_a_form_a_reply_has_the_form_or_is_calls(ToolCallFormat format)
    {
        Grammar either = new CallGrammar(JsonNode.Parse(Tools)!.AsArray(), Hone.Inference.Constrained.Grammar.FromRegex("yes|no"), isSingle: false).Of(format);
        string key = format == ToolCallFormat.Llama3 ? "parameters" : "arguments", call = $$$"""{"name": "add", "{{{key}}}": {"a": 5}}""";
        string reply = format switch { ToolCallFormat.Hermes => $"<tool_call>\n{call}\n</tool_call>", ToolCallFormat.Mistral => $"[TOOL_CALLS][{call}]", _ => call };
        Assert.True(ByteTokens.Takes(either, "yes"));
        Assert.True(ByteTokens.Takes(either, reply));
        if (format == ToolCallFormat.Hermes) Assert.True(ByteTokens.Takes(either, reply + "\n" + reply));
        Assert.False(ByteTokens.Takes(either, "maybe"));
        Assert.False(ByteTokens.Takes(either, "yes" + reply));
    }

    [Fact]
    public void Tokens_without_text_pass_where_text_is_free()
    {
        TokenVocabulary vocabulary = new([.. Enumerable.Range(0, 256).Select(b => (byte[]?)[(byte)b]), null, null, "[TOOL_CALLS]"u8.ToArray()], [256]);
        GrammarConstraint constraint = new(CompiledGrammar.Compile(Grammar(ToolCallFormat.Mistral), vocabulary), letsSpecialPass: true);
        Assert.True(IsAllowed(constraint, 257) && IsAllowed(constraint, 256) && IsAllowed(constraint, 'x'));
        constraint.Accept('x');
        constraint.Accept(257);
        constraint.Accept(258);
        Assert.True(IsAllowed(constraint, '['));
        Assert.False(IsAllowed(constraint, 257) || IsAllowed(constraint, 256) || IsAllowed(constraint, 258) || IsAllowed(constraint, 'x'));
    }

    /// <summary>A real model at high temperature, made to begin a call after some text.</summary>
    [Theory]
    [InlineData(ToolCallFormat.Hermes, "Well. <tool_call>")]
    [InlineData(ToolCallFormat.Mistral, "Well. [TOOL_CALLS]")]
    [InlineData(ToolCallFormat.Llama3, "{\"name\": \"add\"")]
    public void Whatever_is_sampled_after_a_call_began_is_a_valid_call(ToolCallFormat format, string start)
    {
        LoadedModel loaded = ModelLoader.Load(Assets.Require("models/seed-weak"));
        using ChatHost chat = new(loaded);
        GrammarConstraint strict = chat.Grammars.Constraint(ReplyForm.WithCalls(format, JsonNode.Parse(Tools)!.AsArray(), form: null, isSingle: true));
        Engine engine = new(loaded);
        JsonSchemaValidator validator = new(JsonNode.Parse(Schema));
        int complete = 0, strictCalls = 0;
        foreach (GenerationResult result in engine.Generate(new GenerationRequest
        {
            Prompt = loaded.RequireTokenizer().Encode("Ann has 3 cups.", addSpecialTokens: false),
            Constraint = new Begun(loaded.RequireTokenizer().Encode(start, addSpecialTokens: false), strict),
            Samples = 30,
            MaxTokens = 120,
            Sampling = new SamplingOptions { Temperature = 1.5 },
            Seed = 5,
        }))
        {
            if (result.Finish == FinishReason.Length) continue;
            complete++;
            ToolCallReading reading = ToolCallParser.Read(result.Text, format);
            Assert.True(reading is { Calls.Count: 1, Malformed: 0 }, result.Text);
            if (reading.Calls[0].Name != "add") continue;
            strictCalls++;
            Assert.True(validator.IsValid(reading.Calls[0].Arguments), result.Text);
        }
        Assert.True(complete >= 10 && strictCalls >= 5, $"{complete} complete, {strictCalls} of the strict tool");
    }

    private static Grammar Grammar(ToolCallFormat format) => new CallGrammar(JsonNode.Parse(Tools)!.AsArray(), form: null, isSingle: false).Of(format);

    private static bool IsAllowed(GrammarConstraint constraint, int token)
    {
        float[] logits = new float[259];
        constraint.Mask(logits);
        return float.IsFinite(logits[token]);
    }

    /// <summary>Some tokens that must come first; what comes then is for the other constraint to say.</summary>
    private sealed class Begun(int[] start, ITokenConstraint then) : ITokenConstraint
    {
        private int at;

        public void Mask(Span<float> logits)
        {
            then.Mask(logits);
            if (at >= start.Length) return;
            float kept = logits[start[at]];
            logits.Fill(float.NegativeInfinity);
            logits[start[at]] = kept;
        }

        public void Accept(int token)
        {
            then.Accept(token);
            at++;
        }

        public ITokenConstraint Fork() => new Begun(start, then.Fork()) { at = at };
    }
}
