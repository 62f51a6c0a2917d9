using Hone.Agents.Chat;
using Hone.Core;
using Hone.Inference.Chat;
using Hone.Models.Formats;
using Hone.Models.Loading;
using Microsoft.Extensions.AI;

namespace Hone.Methods;

/// <summary>Makes <c>hone:PATH</c> an endpoint like any other: a model run in this process.</summary>
public static class LocalEndpoints
{
    /// <summary>Says how <c>hone:PATH</c> is opened; may be called any number of times.</summary>
    public static void Register() => ChatEndpoints.Register("hone", Open);

    /// <summary>Opens any endpoint string, local ones included.</summary>
    /// <exception cref="HoneException">The string is malformed, or there is no such model.</exception>
    public static IChatClient Open(string endpoint, ChatEndpointOptions? options = null)
    {
        Register();
        return ChatEndpoints.Open(endpoint, options);
    }

    private static LocalChatClient Open(string model) =>
        new(ModelLoader.Load(model.StartsWith("models/", StringComparison.Ordinal) && Assets.Find(model) is { } bundled ? bundled : ModelFiles.Locate(model)));
}
