using System.CommandLine;
using Hone.Cli;

namespace Hone.Tests.Cli;

public class HelpTests
{
    public static TheoryData<string> Commands => [.. CommandTree.All.Select(command => command.Info.Path)];

    [Theory, MemberData(nameof(Commands))]
    public void Every_command_explains_itself_with_examples_that_parse(string path)
    {
        CliRun help = CliRun.Of([.. path.Split(' '), "--help"]);
        Assert.Equal((0, ""), (help.Code, help.Error));
        Assert.Contains($"Usage:\n  hone {path}", help.Output);
        Assert.Contains("Examples:", help.Output);
        CliCommand command = (CliCommand)Activator.CreateInstance(CommandTree.All.Single(c => c.Info.Path == path).Type)!;
        Assert.NotEmpty(command.Examples);
        foreach (Example example in command.Examples) AssertParses(example.CommandLine);
        foreach (Symbol symbol in command.Symbols) Assert.False(string.IsNullOrWhiteSpace(symbol.Description), $"{path}: {symbol.Name} has no description");
    }

    [Theory]
    [InlineData]
    [InlineData("--help")]
    [InlineData("-h")]
    public void The_program_lists_its_commands(params string[] args)
    {
        CliRun run = CliRun.Of(args);
        Assert.Equal((0, ""), (run.Code, run.Error));
        foreach (var (_, info) in CommandTree.All) Assert.Contains(info.Path.Split(' ')[0], run.Output);
        Assert.Contains("Exit codes:", run.Output);
    }

    [Fact]
    public void A_group_is_listed_with_its_summary_and_its_commands()
    {
        Assert.Contains("fail now input", SampleCommands.Run("fail", "now", "--help").Output);
        Assert.Contains("Ends as it is told.", SampleCommands.Run("fail", "--help").Output);
    }

    [Fact]
    public void Version_is_one_line() => Assert.Matches(@"^hone \d+\.\d+\.\d+\n$", CliRun.Of("--version").Output);

    private static void AssertParses(string commandLine)
    {
        string[] args = [.. System.CommandLine.Parsing.CommandLineParser.SplitCommandLine(commandLine)];
        ParseResult parsed = CommandTree.Build(args, CommandTree.All).Parse(args);
        Assert.True(parsed.Errors.Count == 0, $"{commandLine}: {parsed.Errors.FirstOrDefault()?.Message}");
    }
}
