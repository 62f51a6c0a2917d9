using System.CommandLine;
using System.Text.Json.Nodes;
using Hone.Cli.Output;

namespace Hone.Cli;

/// <summary>What a command is given when it runs.</summary>
public sealed class CommandRun
{
    private readonly ParseResult parsed;
    private readonly SharedSet shared;
    private readonly SharedOptions taken;

    internal CommandRun(ParseResult parsed, Leaf leaf, TextWriter output, IReporter reporter, CancellationToken cancellation)
    {
        (this.parsed, shared, taken) = (parsed, leaf.Shared!, leaf.Work!.Shared);
        (Output, Reporter, Cancellation) = (output, reporter, cancellation);
    }

    /// <summary>Standard output: results only, so that it can be piped.</summary>
    public TextWriter Output { get; }

    /// <summary>Progress, remarks and warnings: standard error.</summary>
    public IReporter Reporter { get; }

    /// <summary>Set by the first Ctrl-C.</summary>
    public CancellationToken Cancellation { get; }

    public bool IsJson => parsed.GetValue(Taken(shared.Json, SharedOptions.Json));

    public long Seed => parsed.GetValue(Taken(shared.Seed, SharedOptions.Seed));

    public int Threads => parsed.GetValue(Taken(shared.Threads, SharedOptions.Threads));

    /// <summary>The path after <c>--out</c>; null when it was left out.</summary>
    public string? Out => parsed.GetValue(Taken(shared.Out, SharedOptions.Out));

    public OnError OnError => parsed.GetValue(Taken(shared.OnError, SharedOptions.OnError));

    /// <summary>Value of one of the command's own options.</summary>
    public T? Get<T>(Option<T> option) => parsed.GetValue(option);

    /// <summary>Value of one of the command's own arguments.</summary>
    public T? Get<T>(Argument<T> argument) => parsed.GetValue(argument);

    /// <summary>Whether the user gave the option, rather than leaving its default.</summary>
    public bool IsGiven(Option option) => parsed.GetResult(option) is { Implicit: false };

    /// <summary>Prints one JSON object, indented.</summary>
    public void WriteJson(JsonNode json) => Output.WriteLine(json.ToJsonString(Jsonl.Indented));

    /// <summary>Prints a table in aligned columns.</summary>
    public void WriteTable(ResultTable table) => TextTable.Write(Output, table);

    /// <summary>A run that writes into <paramref name="folder"/>, with this command's seed, reporter and token.</summary>
    public RunContext Context(string folder) => new(folder, Seed, Reporter, Cancellation);

    private Option<T> Taken<T>(Option<T> option, SharedOptions flag) => taken.HasFlag(flag) ? option
        : throw new InvalidOperationException($"The command reads {option.Name} without listing it in its Shared options.");
}
