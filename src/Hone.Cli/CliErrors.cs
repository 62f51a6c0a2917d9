using System.CommandLine;
using System.CommandLine.Parsing;

namespace Hone.Cli;

/// <summary>The first mistake of a command line in one sentence, with the nearest word that exists.</summary>
internal static class CliErrors
{
    /// <summary>What is wrong, or null when nothing is.</summary>
    public static string? First(ParseResult parsed)
    {
        Command command = parsed.CommandResult.Command;
        string? problem = Unmatched(parsed, command) ?? MissingCommand(command) ?? (parsed.Errors is [{ } error, ..] ? Sentence(error) : null);
        if (problem is null) return null;
        string name = CliHelp.NameOf(command);
        string sentence = problem.EndsWith('?') ? problem : problem.TrimEnd('.') + ".";
        return $"{name}: {sentence} See '{name} --help'.";
    }

    private static string Sentence(ParseError error) => error.SymbolResult switch
    {
        OptionResult { Tokens.Count: 0, Implicit: false } option when !error.Message.StartsWith('-') => $"{option.Option.Name} needs a value",
        ArgumentResult { Tokens.Count: 0, Parent: CommandResult } argument => $"<{argument.Argument.Name}> is missing",
        _ => error.Message,
    };

    private static string? Unmatched(ParseResult parsed, Command command)
    {
        if (parsed.UnmatchedTokens is not [{ } token, ..]) return null;
        if (token.StartsWith('-')) return WithHint($"'{token}' is not an option", token.Split('=')[0], OptionNames(command));
        if (command.Subcommands.Count > 0)
            return WithHint($"'{token}' is not a command", token, command.Subcommands.Select(sub => sub.Name));
        return $"'{token}' is not expected here";
    }

    private static string? MissingCommand(Command command) =>
        command is Leaf or RootCommand ? null : $"a command is missing: {string.Join(", ", command.Subcommands.Select(sub => sub.Name))}";

    private static IEnumerable<string> OptionNames(Command command) =>
        command.Options.Where(option => !option.Hidden).SelectMany(option => option.Aliases.Prepend(option.Name)).Append("--help");

    private static string WithHint(string text, string word, IEnumerable<string> known) =>
        Names.Nearest(word, known) is { } near ? $"{text}. Did you mean '{near}'?" : text;
}
