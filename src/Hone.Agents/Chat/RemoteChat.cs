using System.ClientModel;
using System.ClientModel.Primitives;
using Hone.Core;
using Microsoft.Extensions.AI;
using OpenAI;

namespace Hone.Agents.Chat;

/// <summary>Clients of servers that speak OpenAI's protocol, on the official library.</summary>
internal static class RemoteChat
{
    public static IChatClient Open(ChatEndpointAddress address, ChatEndpointOptions options)
    {
        Uri uri = new(address.Target);
        HttpClient http = new(options.Handler ?? new SocketsHttpHandler { PooledConnectionLifetime = TimeSpan.FromMinutes(5) })
        {
            Timeout = System.Threading.Timeout.InfiniteTimeSpan, // each try has a time limit of its own
        };
        OpenAIClientOptions settings = new()
        {
            Endpoint = uri,
            NetworkTimeout = TimeSpan.FromSeconds(options.Timeout),
            RetryPolicy = new RetryPolicy(options),
            Transport = new HttpClientPipelineTransport(http),
            UserAgentApplicationId = "hone",
        };
        OpenAIClient client = new(new ApiKeyCredential(ApiKey(uri, options)), settings);
        return new RemoteChatClient(client.GetChatClient(address.Model!).AsIChatClient(), address.Target, http);
    }

    /// <summary>The key for a server; local servers usually want none, but the library wants something.</summary>
    private static string ApiKey(Uri uri, ChatEndpointOptions options)
    {
        if (options.ApiKeyFile is { } file) return ReadKey(file);
        if (Environment.GetEnvironmentVariable("HONE_API_KEY") is { Length: > 0 } own) return own;
        string? general = uri.Host == "api.openai.com" ? Environment.GetEnvironmentVariable("OPENAI_API_KEY") : null; // sent to nobody else
        return general is { Length: > 0 } ? general : "none";
    }

    private static string ReadKey(string file)
    {
        if (!File.Exists(file)) throw new HoneException($"{file}: no such file. Give a file whose first line is the server's API key.");
        string key = File.ReadLines(file).FirstOrDefault()?.Trim() ?? "";
        return key.Length > 0 && key.All(char.IsAscii) ? key : throw new HoneException($"{file}: the first line is empty or not plain ASCII; expected an API key.");
    }
}
