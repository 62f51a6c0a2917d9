namespace Hone.Core.ToolCalls;

/// <summary>What went wrong when a tool was called.</summary>
public enum ToolErrorKind
{
    UndefinedName,
    WrongArguments,
    UnexpectedArgument,
    Connection,
    BadRequest,
    InvalidCall,
    ErrorResponse,
    NotSupported,
    ErrorField,
    NotSerialisable,
    BadIndex,

    /// <summary>The executor itself said so.</summary>
    Reported,
}

/// <summary>
/// Tells a tool's reply that reports an error from one that is a result, by its words. Where whoever ran the tool says what happened, that
/// is better and should be used.
/// </summary>
public static class ToolErrors
{
    /// <summary>Words by kind, as they stand after <see cref="Normalise"/>. Groups follow TL-Training, arXiv:2412.15495; the wording is ours.</summary>
    public static IReadOnlyList<(ToolErrorKind Kind, string Cue)> DefaultCues { get; } =
    [
        (ToolErrorKind.UndefinedName, "isnotdefined"),
        (ToolErrorKind.UndefinedName, "nameerror"),
        (ToolErrorKind.UndefinedName, "unknowntool"),
        (ToolErrorKind.WrongArguments, "requiredpositionalargument"),
        (ToolErrorKind.WrongArguments, "positionalargumentbut"),
        (ToolErrorKind.WrongArguments, "positionalargumentsbut"),
        (ToolErrorKind.WrongArguments, "missingrequiredargument"),
        (ToolErrorKind.WrongArguments, "missingrequiredparameter"),
        (ToolErrorKind.UnexpectedArgument, "unexpectedkeywordargument"),
        (ToolErrorKind.UnexpectedArgument, "unexpectedargument"),
        (ToolErrorKind.UnexpectedArgument, "unknownargument"),
        (ToolErrorKind.Connection, "connectionerror"),
        (ToolErrorKind.Connection, "maxretriesexceeded"),
        (ToolErrorKind.Connection, "connectionrefused"),
        (ToolErrorKind.BadRequest, "400clienterror"),
        (ToolErrorKind.BadRequest, "clienterrorbadrequest"),
        (ToolErrorKind.InvalidCall, "invalidapicall"),
        (ToolErrorKind.InvalidCall, "invalidcall"),
        (ToolErrorKind.ErrorResponse, "responseerror"),
        (ToolErrorKind.ErrorResponse, "errorresponse"),
        (ToolErrorKind.NotSupported, "notsupported"),
        (ToolErrorKind.NotSerialisable, "notjsonserializable"),
        (ToolErrorKind.NotSerialisable, "notserializable"),
        (ToolErrorKind.BadIndex, "sliceindicesmustbe"),
        (ToolErrorKind.BadIndex, "indexoutofrange"),
    ];

    /// <summary>Letters and digits only, in lower case: punctuation and spacing of messages vary.</summary>
    public static string Normalise(string reply) => string.Concat(reply.Where(char.IsLetterOrDigit).Select(char.ToLowerInvariant));

    /// <summary>The kind of error a reply reports, or null for a result. A JSON object with a field <c>error</c> that is not empty reports one.</summary>
    /// <param name="reply">What the tool said.</param>
    /// <param name="cues">Words to look for; null for the default ones.</param>
    public static ToolErrorKind? Find(string reply, IReadOnlyList<(ToolErrorKind Kind, string Cue)>? cues = null)
    {
        string normal = Normalise(reply);
        foreach ((ToolErrorKind kind, string cue) in cues ?? DefaultCues)
            if (normal.Contains(cue, StringComparison.Ordinal)) return kind;
        return HasErrorField(reply) ? ToolErrorKind.ErrorField : null;
    }

    private static bool HasErrorField(string reply)
    {
        if (!reply.TrimStart().StartsWith('{') || !Schema.JsonText.TryParse(reply, out System.Text.Json.Nodes.JsonNode? node)) return false;
        return node is System.Text.Json.Nodes.JsonObject fields && fields["error"] is { } error
            && error.ToJsonString() is not ("\"\"" or "false" or "0" or "[]" or "{}");
    }
}
