using System.CommandLine;
using System.CommandLine.Invocation;
using Hone.Cli.Output;

namespace Hone.Cli;

/// <summary>The command line as a function: arguments in, text and an exit code out. Tests call it in process.</summary>
public static class CliApp
{
    public const int Done = 0, Failed = 1, BadInput = 2, Interrupted = 130;

    /// <summary>Runs with the process's own console and signals.</summary>
    internal static int RunProcess(string[] args)
    {
        using Interruption interruption = new(Console.Error);
        int code = Run(args, Console.Out, Console.Error, !Console.IsErrorRedirected, interruption.Token);
        return code == Interrupted ? interruption.ExitCode : code;
    }

    /// <summary>Parses and runs one command line.</summary>
    /// <param name="args">The words after <c>hone</c>.</param>
    /// <param name="output">Results.</param>
    /// <param name="error">Progress, warnings and errors.</param>
    /// <param name="isTerminal">Whether <paramref name="error"/> can draw bars.</param>
    /// <param name="cancellation">Stops the command at its next safe point.</param>
    /// <returns>0 done, 1 failed, 2 bad usage or input, 130 stopped.</returns>
    public static int Run(
        IReadOnlyList<string> args, TextWriter output, TextWriter error, bool isTerminal = false, CancellationToken cancellation = default) =>
        Run(args, CommandTree.All, output, error, isTerminal, cancellation);

    /// <summary>The same with commands of the caller's choice.</summary>
    internal static int Run(
        IReadOnlyList<string> args, IReadOnlyList<(Type Type, CliCommandAttribute Info)> commands,
        TextWriter output, TextWriter error, bool isTerminal, CancellationToken cancellation)
    {
        if (args.Count == 0) args = ["--help"];
        ParseResult parsed = CommandTree.Build(args, commands).Parse(args, new ParserConfiguration { ResponseFileTokenReplacer = null });
        if (parsed.Action is { ClearsParseErrors: true } and SynchronousCommandLineAction answer) // help, version
            return Answer(answer, parsed, output, error);
        if (CliErrors.First(parsed) is { } problem)
        {
            error.WriteLine(problem);
            return BadInput;
        }
        return parsed.CommandResult.Command is Leaf { Work: not null } leaf
            ? Execute(leaf, parsed, output, error, isTerminal, cancellation)
            : parsed.Invoke(new InvocationConfiguration { Output = output, Error = error });
    }

    private static int Answer(SynchronousCommandLineAction action, ParseResult parsed, TextWriter output, TextWriter error)
    {
        parsed.InvocationConfiguration.Output = output;
        parsed.InvocationConfiguration.Error = error;
        return action.Invoke(parsed);
    }

    private static int Execute(
        Leaf leaf, ParseResult parsed, TextWriter output, TextWriter error, bool isTerminal, CancellationToken cancellation)
    {
        bool isQuiet = leaf.Work!.Shared.HasFlag(SharedOptions.Quiet) && parsed.GetValue(leaf.Shared!.Quiet);
        using ConsoleReporter reporter = new(error, isTerminal, isQuiet);
        try
        {
            CommandRun run = new(parsed, leaf, output, reporter, cancellation);
            return leaf.Work.RunAsync(run).GetAwaiter().GetResult();
        }
        catch (Exception caught)
        {
            reporter.Dispose(); // Bars go before the line that ends the run.
            return Explain(caught, error, cancellation);
        }
        finally
        {
            output.Flush();
        }
    }

    /// <summary>What the user can mend is one line; what they cannot is a bug and keeps its stack.</summary>
    private static int Explain(Exception caught, TextWriter error, CancellationToken cancellation)
    {
        Exception cause = caught is AggregateException { InnerExceptions: [{ } only] } ? only : caught;
        switch (cause)
        {
            case HoneException:
                error.WriteLine(cause.Message);
                return BadInput;
            case OperationCanceledException when cancellation.IsCancellationRequested:
                error.WriteLine("stopped.");
                return Interrupted;
            case FileNotFoundException or DirectoryNotFoundException or UnauthorizedAccessException when !IsMissingAssembly(cause):
                error.WriteLine(cause.Message);
                return BadInput;
            case OutOfMemoryException:
                error.WriteLine("Not enough memory. Use a smaller batch, a shorter length or a smaller model.");
                return Failed;
            case IOException and not FileNotFoundException:
                error.WriteLine(cause.Message);
                return Failed;
            default:
                error.WriteLine($"Unexpected error: {cause.Message}");
                error.WriteLine("This is a bug in Hone. Please report it with the lines below.");
                error.WriteLine(cause);
                return Failed;
        }
    }

    private static bool IsMissingAssembly(Exception cause) => cause is FileNotFoundException { FileName: { } name } && name.Contains("Version=");
}
