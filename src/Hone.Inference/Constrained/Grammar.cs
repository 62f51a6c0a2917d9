using System.Text;
using System.Text.Json.Nodes;
using Hone.Core;
using Hone.Core.Automata;

namespace Hone.Inference.Constrained;

/// <summary>What a text must look like, independent of any tokenizer: works on bytes, so tokens may end anywhere.</summary>
public sealed class Grammar
{
    private Grammar(ByteNet net, string description, IReadOnlyList<string>? contradictions = null) =>
        (Net, Description, Contradictions) = (net, description, contradictions ?? []);

    /// <summary>What it was made from, for messages.</summary>
    public string Description { get; }

    internal ByteNet Net { get; }

    internal IReadOnlyList<string> Contradictions { get; }

    /// <summary>
    /// JSON that meets a schema (2020-12 or draft 7): no white space outside strings unless <paramref name="options"/> says
    /// so, properties in declared order, then additional ones. Narrower than the schema, never wider.
    /// </summary>
    /// <exception cref="HoneException">The schema is malformed, cannot be satisfied, or uses a keyword that cannot be enforced; the message names it.</exception>
    public static Grammar FromJsonSchema(JsonNode? schema, JsonGrammarOptions? options = null)
    {
        SchemaCompiler compiler = new(schema, options ?? JsonGrammarOptions.Compact);
        return new Grammar(compiler.Compile(), "the JSON schema", compiler.Contradictions);
    }

    /// <summary>What a net describes.</summary>
    internal static Grammar FromNet(ByteNet net, string description, IReadOnlyList<string> contradictions) => new(net, description, contradictions);

    /// <summary>Any JSON object.</summary>
    public static Grammar AnyJsonObject(JsonGrammarOptions? options = null) => FromJsonSchema(new JsonObject { ["type"] = "object" }, options);

    /// <summary>Text that a regular expression matches from end to end.</summary>
    /// <exception cref="HoneException">The pattern is malformed or not regular; the message names the feature.</exception>
    public static Grammar FromRegex(string pattern)
    {
        ByteNet net = new();
        int root = net.AddRule("root");
        CodePointAutomaton texts = RegularPattern.Whole(pattern).ToAutomaton();
        new TextEncoding(net).Connect(texts, LetterForm.Plain, net.Rules[root].Start, net.Rules[root].End);
        return new Grammar(net, $"the regular expression '{pattern}'");
    }

    /// <summary>One of several texts.</summary>
    /// <exception cref="HoneException">No text at all.</exception>
    public static Grammar FromChoices(params IReadOnlyCollection<string> choices)
    {
        if (choices.Count == 0) throw new HoneException("a choice needs at least one text.");
        ByteNet net = new();
        int root = net.AddRule("root");
        foreach (string choice in choices) net.Literal(net.Rules[root].Start, Encoding.UTF8.GetBytes(choice), net.Rules[root].End);
        return new Grammar(net, "the choice");
    }

    /// <summary>Rules in llama.cpp's notation; the rule <c>root</c> is the whole text.</summary>
    /// <exception cref="HoneException">Malformed, a rule is missing or left-recursive; the message gives line and column.</exception>
    public static Grammar FromGbnf(string text) => new(GbnfParser.Parse(text), "the grammar");
}

/// <summary>How JSON is laid out.</summary>
/// <param name="ItemSeparator">Between items and properties, with a comma.</param>
/// <param name="KeySeparator">Between key and value, with a colon.</param>
public sealed record JsonGrammarOptions(string ItemSeparator = ",", string KeySeparator = ":")
{
    /// <summary>Without white space.</summary>
    public static JsonGrammarOptions Compact { get; } = new();

    /// <summary>As Python and most training data write it: a space after comma and colon.</summary>
    public static JsonGrammarOptions Spaced { get; } = new(", ", ": ");
}
