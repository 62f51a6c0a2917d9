using System.Runtime.InteropServices;
using System.Runtime.Intrinsics;
using System.Text.Json.Nodes;

namespace Hone.Cli.Commands;

[CliCommand("version", "Show the version and what this machine offers.")]
internal sealed class VersionCommand : CliCommand
{
    public override SharedOptions Shared => SharedOptions.Json;

    public override IReadOnlyList<Example> Examples { get; } = [new("version --json", "for a bug report or a benchmark")];

    public override Task<int> RunAsync(CommandRun run)
    {
        JsonObject facts = new()
        {
            ["version"] = ProductVersion.Text,
            ["runtime"] = RuntimeInformation.FrameworkDescription,
            ["system"] = RuntimeInformation.OSDescription,
            ["architecture"] = RuntimeInformation.ProcessArchitecture.ToString().ToLowerInvariant(),
            ["processors"] = Environment.ProcessorCount,
            ["memory_bytes"] = GC.GetGCMemoryInfo().TotalAvailableMemoryBytes,
            ["vector_bits"] = Vector512.IsHardwareAccelerated ? 512 : Vector256.IsHardwareAccelerated ? 256 : Vector128.IsHardwareAccelerated ? 128 : 0,
        };
        if (run.IsJson) run.WriteJson(facts);
        else
            foreach ((string name, JsonNode? value) in facts) run.Output.WriteLine($"{name.Replace('_', ' '),-14}{value}");
        return Task.FromResult(CliApp.Done);
    }
}
