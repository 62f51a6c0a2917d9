using System.Diagnostics;
using System.Threading.Channels;
using Hone.Inference;
using Hone.Server.Http;
using Hone.Server.Telemetry;

namespace Hone.Server.Generation;

/// <summary>
/// The work of one accepted request: waits for its place, generates, and ends when it is done, the client hangs up, it takes too long or
/// the server stops. Dispose it in any case.
/// </summary>
internal sealed class Work : IDisposable
{
    private readonly ServerContext server;
    private readonly CancellationToken aborted;
    private readonly CancellationTokenSource stop;
    private readonly IDisposable acceptance;
    private readonly Stopwatch clock = Stopwatch.StartNew();
    private Admission.Place? place;
    private long firstToken, tokens;
    private int promptsOpen;

    /// <exception cref="ApiException">The server is stopping.</exception>
    public Work(ServerContext server, CancellationToken aborted)
    {
        (this.server, this.aborted) = (server, aborted);
        acceptance = server.Lifetime.Accept();
        stop = CancellationTokenSource.CreateLinkedTokenSource(aborted, server.Lifetime.Failing);
        stop.CancelAfter(server.Options.RequestTimeout);
    }

    /// <summary>Set when the work is to end.</summary>
    public CancellationToken Stop => stop.Token;

    /// <summary>Waits for places and room.</summary>
    /// <exception cref="ApiException">Too many wait, or the time is over.</exception>
    public Task EnterAsync(int continuations, long bytes = 0) => Guard(async () =>
    {
        place = await server.Admission.EnterAsync(continuations, bytes, Stop).ConfigureAwait(false);
        return 0;
    });

    /// <summary>Waits for the places and the room that some requests need. Room that only their prompts need is given back when they are through.</summary>
    /// <exception cref="ApiException">Too many wait, or the time is over.</exception>
    public Task EnterAsync(Engine engine, IReadOnlyList<GenerationRequest> requests) =>
        EnterAsync(requests.Sum(r => r.Samples), Math.Max(requests.Sum(r => engine.CacheCost.WhileReading(r.Prompt.Count)), Afterwards(engine, requests)));

    /// <summary>Generates all samples of some requests, decoded together. The reader gives (request, token) as they come.</summary>
    public (ChannelReader<(int Request, TokenEvent Token)> Tokens, Task<IReadOnlyList<GenerationResult>[]> Results) Generate(
        EngineHost host, IReadOnlyList<GenerationRequest> requests)
    {
        bool[] begun = new bool[requests.Count];
        promptsOpen = requests.Count;
        Channel<(int, TokenEvent)> channel = Channel.CreateUnbounded<(int, TokenEvent)>(new() { SingleReader = true, SingleWriter = true });
        Task<IReadOnlyList<GenerationResult>[]> all = Task.WhenAll(requests.Select((request, i) => host.GenerateAsync(request, token =>
        {
            if (tokens++ == 0) firstToken = clock.ElapsedTicks;
            if (!begun[i] && (begun[i] = true) && --promptsOpen == 0) place?.Shrink(Afterwards(host.Engine, requests));
            channel.Writer.TryWrite((i, token));
        }, Stop)));
        // What went wrong is thrown by the results, not by the reader.
        _ = all.ContinueWith(_ => channel.Writer.TryComplete(), TaskScheduler.Default);
        server.Metrics.PromptTokens.Inc(requests.Sum(r => (long)r.Prompt.Count));
        return (channel.Reader, Guard(() => all));
    }

    /// <summary>Runs other work with a model between two steps of its engine.</summary>
    public Task<T> RunAsync<T>(EngineHost host, Func<T> work) => Guard(() => host.RunAsync(work, Stop));

    /// <summary>Turns a stop into what the caller is told.</summary>
    public async Task<T> Guard<T>(Func<Task<T>> work)
    {
        try
        {
            return await work().ConfigureAwait(false);
        }
        catch (OperationCanceledException) when (!aborted.IsCancellationRequested)
        {
            throw server.Lifetime.Failing.IsCancellationRequested ? ApiException.Stopping() : ApiException.TimedOut(server.Options.RequestTimeout);
        }
    }

    private static long Afterwards(Engine engine, IReadOnlyList<GenerationRequest> requests) =>
        requests.Sum(r => engine.CacheCost.Afterwards(r.Prompt.Count, r.MaxTokens, r.Samples));

    public void Dispose()
    {
        stop.Cancel(); // what still runs, runs for nobody
        stop.Dispose();
        place?.Dispose();
        acceptance.Dispose();
        server.Metrics.GeneratedTokens.Inc(tokens);
        if (tokens == 0) return;
        double first = (double)firstToken / Stopwatch.Frequency;
        server.Metrics.FirstToken.Observe(first);
        if (tokens > 1) server.Metrics.PerToken.Observe((clock.Elapsed.TotalSeconds - first) / (tokens - 1));
    }
}
