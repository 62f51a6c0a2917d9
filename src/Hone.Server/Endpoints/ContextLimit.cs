using Hone.Server.Http;

namespace Hone.Server.Endpoints;

/// <summary>Keeps prompt and reply within the model's context.</summary>
internal static class ContextLimit
{
    /// <summary>Most tokens of a reply.</summary>
    /// <param name="server">Limits.</param>
    /// <param name="model">The model.</param>
    /// <param name="prompt">Length of the prompt.</param>
    /// <param name="asked">What the request asks for; null for the default.</param>
    /// <param name="standard">The default, less where the context has no room for it.</param>
    /// <param name="field">Where the prompt came from, for the error.</param>
    /// <exception cref="ApiException">They do not fit.</exception>
    public static int MostTokens(ServerContext server, ServedModel model, int prompt, int? asked, int standard, string field)
    {
        int context = server.MaxContext(model), room = context - prompt;
        if (room < 1 || asked > room)
            throw ApiException.BadRequest(
                $"the prompt has {prompt} tokens{(asked is null ? "" : $" and {asked} more are asked for")}; the context has room for {context} together.", field, "context_length_exceeded");
        return asked ?? Math.Min(room, standard);
    }
}
