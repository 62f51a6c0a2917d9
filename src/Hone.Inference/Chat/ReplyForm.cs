using System.Text.Json.Nodes;
using Hone.Core;
using Hone.Core.ToolCalls;
using Hone.Inference.Constrained;

namespace Hone.Inference.Chat;

/// <summary>What a reply must look like. In <c>ChatOptions</c> it is given through <c>RawRepresentationFactory</c>.</summary>
public sealed class ReplyForm
{
    private readonly Func<Grammar> compile;

    private ReplyForm(string key, Func<Grammar> compile) => (Key, this.compile) = (key, compile);

    /// <summary>Whether special tokens that mark calls count as the text they spell.</summary>
    internal bool SpellsMarks { get; private init; }

    /// <summary>Equal for equal forms.</summary>
    internal string Key { get; }

    /// <summary>Any JSON object.</summary>
    public static ReplyForm JsonObject { get; } = new("json", () => Grammar.AnyJsonObject(JsonGrammarOptions.Spaced));

    /// <summary>JSON that meets a schema.</summary>
    public static ReplyForm JsonSchema(JsonNode? schema)
    {
        string text = schema?.ToJsonString(Jsonl.Compact) ?? "true";
        return new("schema " + text, () => Grammar.FromJsonSchema(JsonNode.Parse(text), JsonGrammarOptions.Spaced));
    }

    /// <summary>Text that a regular expression matches from end to end.</summary>
    public static ReplyForm Regex(string pattern) => new("regex " + pattern, () => Grammar.FromRegex(pattern));

    /// <summary>One of several texts.</summary>
    public static ReplyForm Choice(params IReadOnlyList<string> choices) =>
        new("choice " + new JsonArray([.. choices.Select(c => (JsonNode)c)]).ToJsonString(Jsonl.Compact), () => Grammar.FromChoices(choices));

    /// <summary>Rules in llama.cpp's notation.</summary>
    public static ReplyForm Gbnf(string rules) => new("gbnf " + rules, () => Grammar.FromGbnf(rules));

    /// <summary>A reply that may call tools; one that does not has a form, or any where that is null.</summary>
    internal static ReplyForm WithCalls(ToolCallFormat format, JsonArray tools, ReplyForm? form, bool isSingle)
    {
        string text = tools.ToJsonString(Jsonl.Compact);
        return new($"calls {format} {isSingle} {text} {form?.Key}", () => new CallGrammar(JsonNode.Parse(text)!.AsArray(), form?.Compile(), isSingle).Of(format)) { SpellsMarks = true };
    }

    internal Grammar Compile() => compile();
}
