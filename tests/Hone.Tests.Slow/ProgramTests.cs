using System.Text.Json.Nodes;

namespace Hone.Tests;

public class ProgramTests
{
    [Fact]
    public void Version_as_json_is_one_object_on_standard_output()
    {
        ProcessResult result = HoneProcess.Run(["version", "--json"]);
        Assert.Equal((0, ""), (result.ExitCode, result.Error));
        Assert.NotNull(JsonNode.Parse(result.Output)!["version"]);
    }

    [Fact]
    public void Bad_usage_is_one_line_on_standard_error_and_exit_code_2()
    {
        ProcessResult result = HoneProcess.Run(["nonsense"]);
        Assert.Equal((2, ""), (result.ExitCode, result.Output));
        Assert.Single(result.Error.TrimEnd().Split('\n'));
    }

    [Fact]
    public void Output_in_a_pipe_has_no_colours() => Assert.DoesNotContain('\u001b', HoneProcess.Run(["--help"]).Output);

    [Fact]
    public void Ctrl_C_stops_at_a_safe_point_with_exit_code_130()
    {
        Assert.SkipWhen(OperatingSystem.IsWindows(), "signals are sent with kill");
        string folder = Directory.CreateTempSubdirectory().FullName;
        using HoneProcess run = HoneProcess.Start(["pretrain", "--size", "s", "--steps", "100000", "--gate", "0", "--out", folder]);
        run.WaitFor("/100,000 steps");
        run.Interrupt();
        ProcessResult result = run.Wait(60);
        Assert.Equal((130, ""), (result.ExitCode, result.Output));
        Assert.Contains("stopping at the next safe point", result.Error);
        Assert.EndsWith("stopped.\n", result.Error);
        Assert.NotEmpty(Directory.GetDirectories(Path.Combine(folder, "checkpoints")));
        Directory.Delete(folder, recursive: true);
    }
}
