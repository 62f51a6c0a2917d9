using System.Text.RegularExpressions;

namespace Hone.Tests.Server;

/// <summary><c>hone serve</c> in a process of its own, at a free port.</summary>
internal sealed partial class ServedProcess : IDisposable
{
    private readonly HoneProcess process;

    public ServedProcess(params IEnumerable<string> args)
    {
        process = HoneProcess.Start([.. new[] { "serve", "--port", "0" }, .. args]);
        process.WaitFor("Ctrl-C stops", 120);
        Address = new Uri(Line().Match(process.Error).Groups[1].Value);
        Http = new HttpClient { BaseAddress = Address, Timeout = TimeSpan.FromMinutes(2) };
    }

    /// <summary>Where it listens.</summary>
    public Uri Address { get; }

    public HttpClient Http { get; }

    /// <summary>Ctrl-C, and what the process left behind.</summary>
    public ProcessResult Stop()
    {
        process.Interrupt();
        return process.Wait(60);
    }

    public void Dispose()
    {
        Http.Dispose();
        process.Dispose();
    }

    [GeneratedRegex("a page at (http://[^)]+)\\)")]
    private static partial Regex Line();
}
