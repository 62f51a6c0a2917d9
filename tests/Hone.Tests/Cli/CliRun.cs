using Hone.Cli;

namespace Hone.Tests.Cli;

/// <summary>One command line, run inside the test process.</summary>
internal sealed record CliRun(int Code, string Output, string Error)
{
    public static CliRun Of(params string[] args) => With(CommandTree.All, args);

    /// <summary>With commands that only tests have.</summary>
    public static CliRun With(IReadOnlyList<(Type, CliCommandAttribute)> commands, string[] args, CancellationToken cancellation = default)
    {
        StringWriter output = new(), error = new();
        int code = CliApp.Run(args, commands, output, error, isTerminal: false, cancellation);
        return new CliRun(code, output.ToString().ReplaceLineEndings("\n"), error.ToString().ReplaceLineEndings("\n"));
    }
}
