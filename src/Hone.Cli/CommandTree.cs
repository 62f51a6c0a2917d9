using System.CommandLine;
using System.CommandLine.Help;
using System.Reflection;

namespace Hone.Cli;

/// <summary>A command as the parser sees it, with the class that does the work.</summary>
internal sealed class Leaf(string name, string summary) : Command(name, summary)
{
    /// <summary>Null while nobody asked for this command: then the parser knows only its name.</summary>
    public CliCommand? Work { get; private set; }

    public SharedSet? Shared { get; private set; }

    /// <summary>Adds the options.</summary>
    public void Open(CliCommand work)
    {
        (Work, Shared) = (work, new SharedSet());
        foreach (Symbol symbol in work.Symbols)
        {
            if (symbol is Option option) Options.Add(option);
            else Arguments.Add((Argument)symbol);
        }
        foreach (Option option in Shared.Taken(work.Shared)) Options.Add(option);
        SetAction(_ => 0); // The real call is CliApp's, which has the reporter and the token.
    }
}

/// <summary>
/// The tree of commands, from the classes marked with <see cref="CliCommandAttribute"/>. Only a command whose words are on
/// the command line is constructed, so that <c>hone --help</c> costs the same with three commands and with sixty.
/// </summary>
internal static class CommandTree
{
    /// <summary>Every command class with its path and summary, ordered by path.</summary>
    public static IReadOnlyList<(Type Type, CliCommandAttribute Info)> All { get; } = In(typeof(CommandTree).Assembly.GetTypes());

    /// <summary>The commands among some types.</summary>
    public static IReadOnlyList<(Type Type, CliCommandAttribute Info)> In(IEnumerable<Type> types) =>
        [.. types.Where(type => type.IsSubclassOf(typeof(CliCommand)) && !type.IsAbstract)
            .Select(type => (type, type.GetCustomAttribute<CliCommandAttribute>()
                ?? throw new InvalidOperationException($"{type} needs [CliCommand(\"words\", \"summary\")].")))
            .OrderBy(pair => pair.Item2.Path, StringComparer.Ordinal)];

    /// <summary>The tree, with the commands opened that <paramref name="args"/> may mean.</summary>
    public static RootCommand Build(IReadOnlyList<string> args, IReadOnlyList<(Type Type, CliCommandAttribute Info)> commands)
    {
        RootCommand root = new("Hone makes small language models better on ordinary CPUs.") { HelpName = "hone" };
        Dictionary<string, string> groups = typeof(CommandTree).Assembly.GetCustomAttributes<CliGroupAttribute>()
            .ToDictionary(group => group.Path, group => group.Summary);
        foreach ((Type type, CliCommandAttribute info) in commands)
        {
            string[] words = info.Path.Split(' ');
            Leaf leaf = new(words[^1], info.Summary);
            if (words.All(args.Contains)) leaf.Open((CliCommand)Activator.CreateInstance(type)!);
            GroupOf(root, words[..^1], groups).Subcommands.Add(leaf);
        }
        CliHelp.Attach(root);
        return root;
    }

    private static Command GroupOf(Command parent, string[] words, Dictionary<string, string> groups)
    {
        for (int i = 0; i < words.Length; i++)
        {
            Command? group = parent.Subcommands.FirstOrDefault(command => command.Name == words[i]);
            if (group is null)
            {
                group = new Command(words[i], groups.GetValueOrDefault(string.Join(' ', words[..(i + 1)]), ""));
                parent.Subcommands.Add(group);
            }
            parent = group;
        }
        return parent;
    }
}
