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
}
