using System.Diagnostics;
using OpenTelemetry;
using OpenTelemetry.Exporter;
using OpenTelemetry.Resources;
using OpenTelemetry.Trace;

namespace Hone.Server.Telemetry;

/// <summary>
/// Traces: a span for each request by ASP.NET Core, and inside it one for the model's work with the attributes of OpenTelemetry's conventions
/// for generative AI. They are sent by OTLP where an address is given.
/// </summary>
internal static class Tracing
{
    /// <summary>Name under which other exporters find the spans.</summary>
    public const string SourceName = "Hone.Server";

    public static readonly ActivitySource Source = new(SourceName);

    /// <summary>Sends spans from now on; null when no address is given.</summary>
    public static TracerProvider? Start(Uri? endpoint)
    {
        Uri? target = endpoint ?? (Uri.TryCreate(Environment.GetEnvironmentVariable("OTEL_EXPORTER_OTLP_ENDPOINT"), UriKind.Absolute, out Uri? found) ? found : null);
        return target is null ? null : Sdk.CreateTracerProviderBuilder()
            .SetResourceBuilder(ResourceBuilder.CreateDefault().AddService("hone"))
            .AddSource(SourceName, "Microsoft.AspNetCore")
            .AddOtlpExporter(otlp =>
            {
                otlp.Endpoint = target;
                if (target.Port == 4318 || target.AbsolutePath.Length > 1) otlp.Protocol = OtlpExportProtocol.HttpProtobuf;
            })
            .Build();
    }

    /// <summary>A span for the model's work.</summary>
    public static Activity? StartWork(string operation, string model)
    {
        Activity? span = Source.StartActivity($"{operation} {model}", ActivityKind.Internal);
        span?.SetTag("gen_ai.operation.name", operation).SetTag("gen_ai.system", "hone").SetTag("gen_ai.request.model", model);
        return span;
    }

    /// <summary>What it used.</summary>
    public static void Usage(this Activity? span, long input, long output) =>
        span?.SetTag("gen_ai.usage.input_tokens", input).SetTag("gen_ai.usage.output_tokens", output);
}
