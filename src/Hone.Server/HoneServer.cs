using System.Diagnostics;
using Hone.Server.Endpoints;
using Hone.Server.Http;
using Hone.Server.Page;
using Hone.Server.Telemetry;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Hosting.Server;
using Microsoft.AspNetCore.Hosting.Server.Features;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;
using Microsoft.AspNetCore.Server.Kestrel.Core;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using OpenTelemetry.Trace;

namespace Hone.Server;

/// <summary>A server that speaks OpenAI's protocol. Its models are the caller's: they outlive it.</summary>
public sealed class HoneServer : IAsyncDisposable
{
    private readonly WebApplication app;
    private readonly ServerContext server;
    private readonly TracerProvider? traces;
    private bool isStopped;

    private HoneServer(WebApplication app, ServerContext server, TracerProvider? traces) => (this.app, this.server, this.traces) = (app, server, traces);

    /// <summary>Where it listens.</summary>
    public Uri Address { get; private set; } = null!;

    /// <summary>Starts to listen.</summary>
    /// <param name="models">At least one model.</param>
    /// <param name="options">Address, keys, limits.</param>
    /// <param name="reporter">Hears of errors inside the server.</param>
    /// <exception cref="HoneException">The port is taken, or the address is not one of this machine.</exception>
    public static async Task<HoneServer> StartAsync(ServedModels models, ServerOptions? options = null, IReporter? reporter = null)
    {
        options ??= new ServerOptions();
        ServerContext context = new(options, models);
        WebApplication app = Build(context, reporter ?? IReporter.Silent);
        HoneServer server = new(app, context, Tracing.Start(options.TraceEndpoint));
        try
        {
            await app.StartAsync().ConfigureAwait(false);
        }
        catch (Exception error) when (error is IOException or System.Net.Sockets.SocketException)
        {
            await server.DisposeAsync().ConfigureAwait(false);
            throw new HoneException($"cannot listen at {options.Address}, port {options.Port}: {error.Message} Choose another with --port.", error);
        }
        server.Address = new Uri(app.Services.GetRequiredService<IServer>().Features.Get<IServerAddressesFeature>()!.Addresses.First());
        return server;
    }

    /// <summary>Accepts nothing more, lets accepted requests finish, fails those that take too long, and stops listening.</summary>
    public async Task StopAsync()
    {
        if (isStopped) return;
        isStopped = true;
        await server.Lifetime.DrainAsync(server.Options.DrainTimeout).ConfigureAwait(false);
        using CancellationTokenSource patience = new(TimeSpan.FromSeconds(2));
        await app.StopAsync(patience.Token).ConfigureAwait(false);
    }

    public async ValueTask DisposeAsync()
    {
        await StopAsync().ConfigureAwait(false);
        await app.DisposeAsync().ConfigureAwait(false);
        traces?.Dispose();
        server.Dispose();
    }

    private static WebApplication Build(ServerContext context, IReporter reporter)
    {
        WebApplicationBuilder builder = WebApplication.CreateEmptyBuilder(new WebApplicationOptions { ApplicationName = "hone" });
        builder.WebHost.UseKestrelCore().ConfigureKestrel(kestrel => Configure(kestrel, context.Options));
        builder.Services.AddRoutingCore();
        builder.Services.AddSingleton<IHostLifetime, NoLifetime>(); // signals are the command line's affair
        builder.Logging.AddProvider(new ReporterLogging(reporter)).SetMinimumLevel(LogLevel.Error);
        WebApplication app = builder.Build();
        ApiPipeline pipeline = new(context.Options, app.Services.GetRequiredService<ILogger<ApiPipeline>>());
        app.Use((http, next) => MeasureAsync(context, http, () => pipeline.RunAsync(http, () => next(http))));
        app.UseRouting();
        Map(app, context);
        return app;
    }

    private static void Configure(KestrelServerOptions kestrel, ServerOptions options)
    {
        kestrel.AddServerHeader = false;
        kestrel.Listen(options.Address, options.Port, listen => listen.Protocols = HttpProtocols.Http1);
        kestrel.Limits.MaxRequestBodySize = options.MaxBodyBytes;
        kestrel.Limits.MaxConcurrentConnections = 4096;
        kestrel.Limits.RequestHeadersTimeout = TimeSpan.FromSeconds(15);
        kestrel.Limits.MinResponseDataRate = new MinDataRate(options.SlowestReading, TimeSpan.FromSeconds(10));
    }

    private static void Map(WebApplication app, ServerContext context)
    {
        StatusEndpoints status = new(context);
        TokenizeEndpoint tokens = new(context);
        ChatPage page = new(context);
        app.MapPost("/v1/chat/completions", (RequestDelegate)new ChatEndpoint(context).RunAsync);
        app.MapPost("/v1/completions", (RequestDelegate)new CompletionsEndpoint(context).RunAsync);
        app.MapPost("/v1/embeddings", (RequestDelegate)new EmbeddingsEndpoint(context).RunAsync);
        app.MapPost("/tokenize", (RequestDelegate)tokens.TokenizeAsync);
        app.MapPost("/detokenize", (RequestDelegate)tokens.DetokenizeAsync);
        app.MapGet("/v1/models", (RequestDelegate)status.ModelsAsync);
        app.MapGet("/v1/models/{**name}", (RequestDelegate)status.ModelAsync);
        app.MapGet("/health", (RequestDelegate)status.HealthAsync);
        app.MapGet("/status", (RequestDelegate)status.StatusAsync);
        app.MapGet("/metrics", (RequestDelegate)status.MetricsAsync);
        app.MapGet("/", (RequestDelegate)page.HtmlAsync);
        app.MapGet("/page.js", (RequestDelegate)ChatPage.ScriptAsync);
        app.MapGet("/page.css", (RequestDelegate)ChatPage.StyleAsync);
    }

    private static async Task MeasureAsync(ServerContext context, HttpContext http, Func<Task> next)
    {
        long start = Stopwatch.GetTimestamp();
        await next().ConfigureAwait(false);
        string endpoint = (http.GetEndpoint() as RouteEndpoint)?.RoutePattern.RawText ?? "other";
        string outcome = http.RequestAborted.IsCancellationRequested ? "gone" : http.Response.StatusCode.ToString(System.Globalization.CultureInfo.InvariantCulture);
        context.Metrics.Requests.WithLabels(endpoint, outcome).Inc();
        context.Metrics.Seconds.WithLabels(endpoint).Observe(Stopwatch.GetElapsedTime(start).TotalSeconds);
    }

    private sealed class NoLifetime : IHostLifetime
    {
        public Task WaitForStartAsync(CancellationToken cancellationToken) => Task.CompletedTask;

        public Task StopAsync(CancellationToken cancellationToken) => Task.CompletedTask;
    }
}
