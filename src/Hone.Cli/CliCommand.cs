using System.CommandLine;

namespace Hone.Cli;

/// <summary>Makes a class a command: found by scanning, so adding a command is adding one file.</summary>
/// <param name="path">The words after <c>hone</c>, e.g. <c>train sft</c>.</param>
/// <param name="summary">One sentence for the list of commands.</param>
[AttributeUsage(AttributeTargets.Class)]
public sealed class CliCommandAttribute(string path, string summary) : Attribute
{
    public string Path { get; } = path;

    public string Summary { get; } = summary;
}

/// <summary>Describes a group of commands such as <c>train</c>; stands in the file of any of its commands.</summary>
[AttributeUsage(AttributeTargets.Assembly, AllowMultiple = true)]
public sealed class CliGroupAttribute(string path, string summary) : Attribute
{
    public string Path { get; } = path;

    public string Summary { get; } = summary;
}

/// <summary>One line of the examples in a command's help. A test parses each, so they stay right.</summary>
/// <param name="CommandLine">As typed, without <c>hone</c>.</param>
/// <param name="Meaning">What it does.</param>
public sealed record Example(string CommandLine, string Meaning);

/// <summary>
/// A command. It is constructed only when it is asked for (or its help is), so options may be made in field initialisers.
/// </summary>
public abstract class CliCommand
{
    /// <summary>The command's own options and arguments.</summary>
    public virtual IEnumerable<Symbol> Symbols => [];

    /// <summary>Which of the options that mean the same everywhere it takes.</summary>
    public virtual SharedOptions Shared => SharedOptions.Json | SharedOptions.Quiet;

    /// <summary>Paragraphs below the summary in its help; empty for none.</summary>
    public virtual string Details => "";

    /// <summary>At least one.</summary>
    public abstract IReadOnlyList<Example> Examples { get; }

    /// <summary>Does the work and returns the exit code: 0, or 1 when the work itself failed.</summary>
    /// <exception cref="HoneException">Something the user can mend: one line on standard error, exit code 2.</exception>
    /// <exception cref="OperationCanceledException">Stopped by Ctrl-C: exit code 130.</exception>
    public abstract Task<int> RunAsync(CommandRun run);
}
