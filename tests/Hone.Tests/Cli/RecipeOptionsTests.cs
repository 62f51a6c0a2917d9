namespace Hone.Tests.Cli;

public class RecipeOptionsTests
{
    [Fact]
    public void Options_of_their_own_win_over_set_and_set_over_the_file()
    {
        string file = Path.GetTempFileName();
        File.WriteAllText(file, "# a test\nrecipe: tune\nquick: true\ntrain: { lr: 0.1, target_names: [v, o] }\n");
        Assert.Equal("quick: true\ntrain:\n  lr: 0.1\n  target_names: [v, o]\n", Yaml("--recipe", file));
        Assert.Equal("quick: false\ntrain:\n  lr: 0.3\n  target_names: [a, b]\n",
            Yaml("--recipe", file, "--set", "train.lr=0.2", "--set", "train.target_names=a,b", "--lr", "0.3", "--quick", "false"));
        File.Delete(file);
    }

    [Fact]
    public void Without_a_recipe_the_records_defaults_hold() => Assert.Equal("quick: true\ntrain:\n  lr: 0.5\n  target_names: [q]\n", Yaml("--quick"));

    [Fact]
    public void Other_names_work_and_negative_numbers_are_values()
    {
        Assert.Contains("lr: 0.25", Yaml("--learning-rate", "0.25"));
        Assert.Equal("--lr: 'lr' must be above 0, found -1.\n", SampleCommands.Run("tune", "--lr", "-1").Error);
    }

    [Fact]
    public void Shared_options_arrive()
    {
        Assert.EndsWith("seed 7 on-error Skip out x", SampleCommands.Run("tune", "--seed", "7", "--on-error", "skip", "--out", "x").Output);
        Assert.EndsWith("seed 1 on-error Stop out none", SampleCommands.Run("tune").Output);
    }

    [Fact]
    public void Help_shows_type_range_and_default() =>
        Assert.Matches(@"--learning-rate, --lr <N>\s+The step size, above 0\. \[default: 0\.5\]", SampleCommands.Run("tune", "--help").Output);

    [Fact]
    public void An_unknown_recipe_is_one_line() =>
        Assert.StartsWith("'nosuch' is not a known recipe or file", SampleCommands.Run("tune", "--recipe", "nosuch").Error);

    private static string Yaml(params string[] args)
    {
        CliRun run = SampleCommands.Run(["tune", .. args]);
        Assert.Equal((0, ""), (run.Code, run.Error));
        return run.Output.Split("seed ")[0];
    }
}
