using System.CommandLine;
using System.CommandLine.Help;
using System.CommandLine.Invocation;

namespace Hone.Cli;

/// <summary>The library's help, with what a command is for and examples below it.</summary>
internal static class CliHelp
{
    private static readonly Example[] RootExamples =
    [
        new("methods", "what Hone can do, with the papers"),
        new("methods --json", "the same for a program"),
        new("<command> --help", "options and examples of one command"),
    ];

    /// <summary>Replaces the help and version options' actions.</summary>
    public static void Attach(RootCommand root)
    {
        foreach (Option option in root.Options)
        {
            if (option is HelpOption { Action: HelpAction action }) option.Action = new WithExamples(action);
            if (option is VersionOption) option.Action = new PrintVersion();
        }
    }

    /// <summary>A command's full name: <c>hone train sft</c>.</summary>
    public static string NameOf(Command command)
    {
        Symbol? parent = command.Parents.FirstOrDefault();
        return parent is Command above ? $"{NameOf(above)} {command.Name}" : "hone";
    }

    private sealed class WithExamples(HelpAction inner) : SynchronousCommandLineAction
    {
        public override bool Terminating => true;

        public override bool ClearsParseErrors => true;

        public override int Invoke(ParseResult parseResult)
        {
            inner.MaxWidth = Console.IsOutputRedirected ? 120 : Math.Clamp(Console.WindowWidth, 60, 140);
            inner.Invoke(parseResult);
            TextWriter output = parseResult.InvocationConfiguration.Output;
            Command command = parseResult.CommandResult.Command;
            CliCommand? work = (command as Leaf)?.Work;
            if (work?.Details is { Length: > 0 } details) output.WriteLine(details.ReplaceLineEndings(Environment.NewLine) + Environment.NewLine);
            WriteExamples(output, command is RootCommand ? RootExamples : work?.Examples ?? []);
            if (command is RootCommand) output.WriteLine("Exit codes: 0 done, 1 failed, 2 bad usage or input, 130 stopped by Ctrl-C.");
            return 0;
        }

        private static void WriteExamples(TextWriter output, IReadOnlyList<Example> examples)
        {
            if (examples.Count == 0) return;
            output.WriteLine("Examples:");
            foreach (Example example in examples)
            {
                output.WriteLine($"  hone {example.CommandLine}");
                output.WriteLine($"      {example.Meaning}");
            }
            output.WriteLine();
        }
    }

    private sealed class PrintVersion : SynchronousCommandLineAction
    {
        public override bool ClearsParseErrors => true;

        public override int Invoke(ParseResult parseResult)
        {
            parseResult.InvocationConfiguration.Output.WriteLine($"hone {ProductVersion.Text}");
            return 0;
        }
    }
}
