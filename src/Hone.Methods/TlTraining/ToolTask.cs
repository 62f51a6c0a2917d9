using System.Text.Json.Nodes;
using System.Text.RegularExpressions;
using Hone.Core;
using Hone.Core.ToolCalls;
using Hone.Models.Tokenizers;

namespace Hone.Methods.TlTraining;

/// <summary>
/// Tool use in the small: forty tools in twenty families of two, whose names differ only in the last word, and requests whose right call is
/// known. Requests never use a tool's own words but two others for each. A share of the trajectories begins with a wrong call that the tool
/// refuses. Tools of a group are offered among themselves, so that some groups can be kept from training.
/// </summary>
internal static partial class ToolTask
{
    private static readonly string[] Nouns = ["paper", "book", "song", "room", "train"];
    private static readonly string[] Topics = ["music", "space", "water", "trees", "birds", "stones", "maps", "games"];
    private static readonly (string Verb, string[] Cues)[] Verbs = [("get", ["show", "give"]), ("find", ["search", "seek"]), ("check", ["test", "verify"]), ("send", ["mail", "post"])];

    /// <summary>Last word of a tool's name, how requests say it, and what it takes.</summary>
    private static readonly (string Suffix, string[] Cues, string[] Parameters)[] Suffixes =
    [
        ("details", ["facts", "notes"], ["id"]), ("date", ["day", "time"], ["id"]), ("price", ["cost", "fee"], ["number"]), ("owner", ["holder", "keeper"], ["id"]),
        ("rating", ["marks", "stars"], ["number", "scale"]), ("list", ["names", "titles"], ["topic"]), ("count", ["total", "sum"], ["topic"]), ("summary", ["digest", "outline"], ["topic", "length"]),
    ];

    private static readonly Offer[] Tools = [.. Build()];

    /// <summary>Tools that are offered together: five groups of eight, each with every verb, whose words all occur in other groups too.</summary>
    private static readonly Offer[][] Groups = [.. Tools.GroupBy(Group).OrderBy(g => g.Key).Select(g => g.ToArray())];

    /// <summary>A tool and the places of its words.</summary>
    private sealed record Offer(ToolDocument Tool, int Verb, int Noun, int Suffix);

    /// <summary>A tokenizer with every word of the task.</summary>
    public static Tokenizer CreateTokenizer()
    {
        RandomStream random = new(1, "tool-task/words");
        IEnumerable<string> texts = Enumerable.Range(0, 4000).SelectMany(i =>
            TlExamples.Samples([i % 2 == 0 ? Next(random.Derive(i), 0.5) : Literal(random.Derive(i))], null).Select(s => Prompt(s) + " " + s.Turn.Text));
        return SeedTokenizer.Create(texts.SelectMany(t => Word().Matches(t).Select(m => m.Value)).Distinct().Order(StringComparer.Ordinal), ["<eos>"]);
    }

    /// <summary>One trajectory.</summary>
    /// <param name="random">Draws it.</param>
    /// <param name="failing">Share that begins with a wrong call.</param>
    public static Trajectory Next(RandomStream random, double failing)
    {
        int at = random.Next(Tools.Length);
        // The sibling differs in the last word only; another one is there too.
        return Conversation(Tools[at], Tools[at ^ 1], () => random.Choose(Groups[Group(Tools[at])]), o => (random.Choose(Verbs[o.Verb].Cues), random.Choose(Suffixes[o.Suffix].Cues)), failing, random);
    }

    /// <summary>
    /// What a model that can call tools already knows: any combination of the words as a name, a request that uses the very words of the name, and never a mistake. Other
    /// words for them do not occur.
    /// </summary>
    public static Trajectory Literal(RandomStream random)
    {
        Offer Any() => Create(random.Next(Verbs.Length), random.Next(Nouns.Length), random.Next(Suffixes.Length));
        Offer right = Any(), sibling = Create(right.Verb, right.Noun, (right.Suffix + 1 + random.Next(Suffixes.Length - 1)) % Suffixes.Length);
        return Conversation(right, sibling, Any, o => (Verbs[o.Verb].Verb, Suffixes[o.Suffix].Suffix), 0, random);
    }

    private static Trajectory Conversation(Offer right, Offer sibling, Func<Offer> any, Func<Offer, (string Verb, string Suffix)> words, double failing, RandomStream random)
    {
        List<Offer> offered = [right, sibling];
        while (offered.Count < 3)
            if (any() is var other && offered.TrueForAll(o => o.Tool.Name != other.Tool.Name)) offered.Add(other);
        ToolDocument[] order = [.. offered.Select(o => o.Tool)];
        random.Shuffle<ToolDocument>(order);
        ToolCall call = new(right.Tool.Name, Arguments(right.Tool, random));
        (string verb, string suffix) = words(right);
        List<Turn> turns = [new(Speaker.User, $"{verb} the {suffix} of {Nouns[right.Noun]} {string.Join(" ", call.Arguments.Select(a => a.Value!.ToString()))}")];
        if (random.NextDouble() < failing) turns.AddRange(Mistake(call, right.Tool, sibling.Tool, random));
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

    private static int Group(Offer offer) => (offer.Verb + offer.Noun) % Nouns.Length;

    private static IEnumerable<Offer> Build()
    {
        int next = 0;
        for (int verb = 0; verb < Verbs.Length; verb++)
            for (int noun = 0; noun < Nouns.Length; noun++)
                for (int sibling = 0; sibling < 2; sibling++)
                    yield return Create(verb, noun, (next++ * 3 + sibling) % Suffixes.Length); // neighbouring families have other suffixes, and siblings never the same
    }

    private static Offer Create(int verb, int noun, int suffix) =>
        new(new ToolDocument($"{Verbs[verb].Verb}_{Nouns[noun]}_{Suffixes[suffix].Suffix}", "", [.. Suffixes[suffix].Parameters.Select(p => new ToolParameter(p, "any", "", true))]), verb, noun, suffix);

    [GeneratedRegex("[A-Za-z]+|[^A-Za-z0-9\\s]+")]
    private static partial Regex Word();
}
