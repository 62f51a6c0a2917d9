using System.Text.Json;
using System.Text.Json.Nodes;
using System.Text.RegularExpressions;
using Hone.Core.Schema;
using Microsoft.Extensions.AI;

namespace Hone.Methods.Bmc;

/// <summary>A chat model as editor. The authors' prompt was not seen; this one asks for the same by its description.</summary>
/// <param name="client">The teacher.</param>
/// <param name="openEnded">Open instructions rather than questions with one right answer.</param>
/// <param name="maxTokens">Longest reply.</param>
/// <param name="seed">Seed of the calls; a second try gets another.</param>
public sealed partial class TeacherBridge(IChatClient client, bool openEnded, int maxTokens, long seed) : IBridge
{
    private const string Closed =
        """
        Below are a question, a reference answer that is right, and an answer to repair. Change the answer to repair only where it is wrong, so that it
        reaches the reference's result. Keep its wording, its structure and every step that is right. Do not say that anything was changed.
        """;

    private const string Open =
        """
        Below are an instruction, a better answer, and a worse answer. First think of the few things that make the first answer better. Then revise the
        worse answer as little as possible so that it gains them; keep its wording and structure everywhere else. Do not say that anything was changed.
        """;

    private const string Form = """Reply with one JSON object and nothing else: {"revised": "the revised answer"}.""";

    public string Name => "teacher";

    /// <inheritdoc/>
    public async Task<Revision> ReviseAsync(BridgePair pair, int attempt, CancellationToken cancellation)
    {
        string prompt = $"{(openEnded ? Open : Closed)}\n\n<question>\n{pair.Prompt}\n</question>\n<better>\n{pair.Better}\n</better>\n<worse>\n{pair.Worse}\n</worse>\n\n{Form}";
        ChatOptions options = new() { MaxOutputTokens = maxTokens, Temperature = attempt == 0 ? 0 : 0.7f, Seed = seed + attempt };
        ChatResponse response = await client.GetResponseAsync([new ChatMessage(ChatRole.User, prompt)], options, cancellation).ConfigureAwait(false);
        return Parse(response.Text) is { } text ? new(text) : new(null, "no revised answer in the reply");
    }

    /// <summary>The revised answer in a reply: a JSON object with <c>revised</c>, alone, in a fence or inside other text, or a tagged block. Null where there is none.</summary>
    internal static string? Parse(string reply)
    {
        int start = reply.IndexOf('{'), end = reply.LastIndexOf('}');
        if (start >= 0 && end > start && FromJson(reply[start..(end + 1)]) is { } text) return text;
        return Tagged().Match(reply) is { Success: true } match && match.Groups[1].Value.Trim() is { Length: > 0 } tagged ? tagged : null;
    }

    private static string? FromJson(string json)
    {
        try
        {
            return JsonText.ParseStrict(json) is JsonObject o && o["revised"] is JsonValue value && value.TryGetValue(out string? text) && text.Trim().Length > 0 ? text : null;
        }
        catch (JsonException) // not JSON, or a name twice: which of the two is meant?
        {
            return null;
        }
    }

    [GeneratedRegex(@"<revised>(.*?)</revised>", RegexOptions.Singleline)]
    private static partial Regex Tagged();
}
