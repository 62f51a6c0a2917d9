using System.Text.Json.Nodes;
using System.Text.RegularExpressions;
using Hone.Core;
using Hone.Core.ToolCalls;
using Hone.Models.Tokenizers;

namespace Hone.Methods.TlTraining;

/// <summary>
/// Tool use in the small: forty tools in twenty families of two, whose names differ only in the last word, and requests whose right call is
/// known. A share of the trajectories begins with a wrong call that the tool refuses.
/// </summary>
internal static partial class ToolTask
{
    private static readonly string[] Nouns = ["paper", "book", "song", "room", "train"];
    private static readonly string[] Topics = ["music", "space", "water", "trees", "birds", "stones", "maps", "games"];
    private static readonly (string Verb, string[] Cues)[] Verbs = [("get", ["show", "give"]), ("find", ["find", "seek"]), ("check", ["check", "test"]), ("send", ["send", "mail"])];

    /// <summary>Last word of a tool's name, how requests say it, and what it takes.</summary>
    private static readonly (string Suffix, string[] Cues, string[] Parameters)[] Suffixes =
    [
        ("details", ["details", "facts"], ["id"]), ("date", ["date", "day"], ["id"]), ("price", ["price", "cost"], ["number"]), ("owner", ["owner", "holder"], ["id"]),
        ("rating", ["rating", "marks"], ["number", "scale"]), ("list", ["list", "names"], ["topic"]), ("count", ["count", "total"], ["topic"]), ("summary", ["summary", "digest"], ["topic", "length"]),
    ];

    private static readonly (ToolDocument Tool, int Verb, int Suffix)[] Tools = [.. Build()];

    /// <summary>A tokenizer with every word of the task.</summary>
    public static Tokenizer CreateTokenizer()
    {
        RandomStream random = new(1, "tool-task/words");
        IEnumerable<string> texts = Enumerable.Range(0, 2000).SelectMany(i => TlExamples.Samples([Next(random.Derive(i), 0.5)], null).Select(s => Prompt(s) + " " + s.Turn.Text));
        return SeedTokenizer.Create(texts.SelectMany(t => Word().Matches(t).Select(m => m.Value)).Distinct().Order(StringComparer.Ordinal), ["<eos>"]);
    }

    /// <summary>One trajectory.</summary>
    /// <param name="random">Draws it.</param>
    /// <param name="failing">Share that begins with a wrong call.</param>
    public static Trajectory Next(RandomStream random, double failing)
    {
        int at = random.Next(Tools.Length);
        (ToolDocument tool, int verb, int suffix) = Tools[at];
        // The sibling differs in the last word only; another one is there too.
        List<ToolDocument> offered = [tool, Tools[at ^ 1].Tool];
        while (offered.Count < 3)
            if (random.Choose(Tools).Tool is var other && !offered.Contains(other)) offered.Add(other);
        ToolDocument[] order = [.. offered];
        random.Shuffle<ToolDocument>(order);
        ToolCall call = new(tool.Name, Arguments(tool, random));
        string request = $"{random.Choose(Verbs[verb].Cues)} the {random.Choose(Suffixes[suffix].Cues)} of {tool.Name.Split('_')[1]} {string.Join(" ", call.Arguments.Select(a => a.Value!.ToString()))}";
        List<Turn> turns = [new(Speaker.User, request)];
        if (random.NextDouble() < failing) turns.AddRange(Mistake(call, tool, Tools[at ^ 1].Tool, random));
        turns.Add(new(Speaker.Assistant, PythonCalls.Write(call), call));
        turns.Add(new(Speaker.Tool, "ok", null, false));
        return new("generated", order, turns);
    }

    /// <summary>What comes before a turn, short enough for a tiny model.</summary>
    public static string Prompt(TlSample sample) =>
        string.Join("\n", sample.Trajectory.Tools.Select(t => $"{t.Name}({string.Join(", ", t.Parameters.Select(p => p.Name))})"))
        + string.Concat(sample.Trajectory.Turns.Take(sample.Index).Select(t => $"\n{(t.Speaker == Speaker.User ? "User" : t.Speaker == Speaker.Tool ? "Output" : "Assistant")}: {t.Text}")) + "\nAssistant:";

    /// <summary>A wrong call and the tool's complaint: the sibling, an argument that does not exist, or one that is missing or wrong.</summary>
    private static IEnumerable<Turn> Mistake(ToolCall right, ToolDocument tool, ToolDocument sibling, RandomStream random)
    {
        JsonObject arguments = (JsonObject)right.Arguments.DeepClone();
        (ToolCall wrong, string complaint) = random.Next(3) switch
        {
            0 => (new ToolCall(sibling.Name, Arguments(sibling, random)), "error: invalid call"),
            1 => (new ToolCall(tool.Name, new JsonObject { ["key"] = arguments.First().Value!.DeepClone() }), "error: unexpected argument"),
            _ => (new ToolCall(tool.Name, Arguments(tool, random)), "response error"),
        };
        return [new(Speaker.Assistant, PythonCalls.Write(wrong), wrong), new(Speaker.Tool, complaint, null, true)];
    }

    private static JsonObject Arguments(ToolDocument tool, RandomStream random) => new(tool.Parameters.Select(p => KeyValuePair.Create(p.Name, (JsonNode?)(p.Name switch
    {
        "topic" => JsonValue.Create(random.Choose(Topics)),
        "scale" or "length" => JsonValue.Create(2 + random.Next(8)),
        _ => JsonValue.Create(10 + random.Next(90)),
    }))));

    private static IEnumerable<(ToolDocument Tool, int Verb, int Suffix)> Build()
    {
        int next = 0;
        for (int verb = 0; verb < Verbs.Length; verb++)
            foreach (string noun in Nouns)
                for (int sibling = 0; sibling < 2; sibling++)
                {
                    // Neighbouring families have other suffixes, and siblings never the same.
                    int suffix = (next++ * 3 + sibling) % Suffixes.Length;
                    yield return (new ToolDocument($"{Verbs[verb].Verb}_{noun}_{Suffixes[suffix].Suffix}", "", [.. Suffixes[suffix].Parameters.Select(p => new ToolParameter(p, "any", "", true))]), verb, suffix);
                }
    }

    [GeneratedRegex("[A-Za-z]+|[^A-Za-z0-9\\s]+")]
    private static partial Regex Word();
}
