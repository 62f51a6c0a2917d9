using System.Net;
using System.Text;
using Microsoft.AspNetCore.Http;

namespace Hone.Server.Page;

/// <summary>The page for people: written by the server, with one script of its own and nothing from elsewhere.</summary>
internal sealed class ChatPage(ServerContext server)
{
    private static readonly string Template = Read("page.html");
    private static readonly string Script = Read("page.js"), Style = Read("page.css");

    public Task HtmlAsync(HttpContext context)
    {
        string[] names = [.. server.Models.All.Where(m => m.Chat is not null).Select(m => m.Name)];
        string models = string.Concat(names.Select(name => $"<option>{WebUtility.HtmlEncode(name)}</option>"));
        return WriteAsync(context, "text/html", Template
            .Replace("{{models}}", models, StringComparison.Ordinal)
            .Replace("{{key}}", server.Options.ApiKeys.Count > 0 ? "" : "hidden", StringComparison.Ordinal));
    }

    public static Task ScriptAsync(HttpContext context) => WriteAsync(context, "text/javascript", Script);

    public static Task StyleAsync(HttpContext context) => WriteAsync(context, "text/css", Style);

    private static Task WriteAsync(HttpContext context, string type, string text)
    {
        context.Response.ContentType = $"{type}; charset=utf-8";
        context.Response.Headers.ContentSecurityPolicy = "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; img-src data:; base-uri 'none'; form-action 'none'; frame-ancestors 'none'";
        context.Response.Headers.XContentTypeOptions = "nosniff";
        return context.Response.WriteAsync(text, Encoding.UTF8, context.RequestAborted);
    }

    private static string Read(string name)
    {
        using Stream stream = typeof(ChatPage).Assembly.GetManifestResourceStream(name)!;
        using StreamReader reader = new(stream);
        return reader.ReadToEnd();
    }
}
