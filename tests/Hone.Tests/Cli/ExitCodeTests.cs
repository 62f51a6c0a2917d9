namespace Hone.Tests.Cli;

public class ExitCodeTests
{
    [Theory]
    [InlineData("versoin", "hone: 'versoin' is not a command. Did you mean 'version'? See 'hone --help'.")]
    [InlineData("version --jsn", "hone version: '--jsn' is not an option. Did you mean '--json'? See 'hone version --help'.")]
    [InlineData("version extra", "hone version: 'extra' is not expected here. See 'hone version --help'.")]
    [InlineData("reproduce", "hone reproduce: <method> is missing. See 'hone reproduce --help'.")]
    [InlineData("reproduce x --seeds many", "hone reproduce: --seeds: 'many' is not a whole number. See 'hone reproduce --help'.")]
    [InlineData("reproduce x --seeds 0", "hone reproduce: --seeds: must be from 1 to 1000, found 0. See 'hone reproduce --help'.")]
    [InlineData("reproduce x --seeds", "hone reproduce: --seeds needs a value. See 'hone reproduce --help'.")]
    [InlineData("reproduce nothing", "'nothing' is not a known method to reproduce. Known: sample-method.")]
    [InlineData("fail", "hone fail: a command is missing: now. See 'hone fail --help'.")]
    [InlineData("tune --on-error ignore", "hone tune: --on-error: 'ignore' is not one of stop, skip. See 'hone tune --help'.")]
    [InlineData("tune --lr fast", "--lr: 'lr' must be a number, found 'fast'.")]
    [InlineData("tune --set train.lr=-1", "--set train.lr: 'lr' must be above 0, found -1.")]
    public void Bad_usage_is_one_line_and_exit_code_2(string commandLine, string expected)
    {
        string[] args = commandLine.Split(' ');
        CliRun run = args[0] is "fail" or "tune" || commandLine.EndsWith("nothing") ? SampleCommands.Run(args) : CliRun.Of(args);
        Assert.Equal((2, "", expected + "\n"), (run.Code, run.Output, run.Error));
    }

    [Theory]
    [InlineData("input", 2, "rows.jsonl:3: expected an object.\n")]
    [InlineData("input-in-parallel", 2, "rows.jsonl:3: expected an object.\n")]
    [InlineData("missing", 2, "Could not find file 'x'.\n")]
    [InlineData("disk", 1, "No space left on device.\n")]
    [InlineData("otherwise", 1, "")]
    public void What_the_user_can_mend_has_no_stack(string how, int code, string error)
    {
        CliRun run = SampleCommands.Run("fail", "now", how, "--quiet");
        Assert.Equal((code, "", "warning: a warning\n" + error), (run.Code, run.Output, run.Error));
    }

    [Fact]
    public void A_bug_keeps_its_stack()
    {
        CliRun run = SampleCommands.Run("fail", "now", "bug");
        Assert.Equal(1, run.Code);
        Assert.Contains("a bug", run.Error);
        Assert.Contains(nameof(FailCommand), run.Error);
    }

    [Fact]
    public void A_stop_that_was_asked_for_is_130_and_one_that_was_not_is_a_bug()
    {
        Assert.Equal(130, CliRun.With(SampleCommands.All, ["fail", "now", "stopped"], new CancellationToken(true)).Code);
        Assert.Equal(1, SampleCommands.Run("fail", "now", "stopped").Code);
    }

    [Fact]
    public void Remarks_go_to_standard_error() =>
        Assert.Equal((1, "", "a remark\nwarning: a warning\n"), AsTuple(SampleCommands.Run("fail", "now", "otherwise")));

    private static (int, string, string) AsTuple(CliRun run) => (run.Code, run.Output, run.Error);
}
