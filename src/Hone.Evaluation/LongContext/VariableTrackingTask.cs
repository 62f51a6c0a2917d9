using Hone.Core;

namespace Hone.Evaluation.LongContext;

/// <summary>A chain of assignments in noise: which variables hold the value? RULER's vt with one chain.</summary>
public sealed class VariableTrackingTask() : LongContextTask("vt")
{
    private const int FullHops = 4, CompactHops = 2;

    /// <inheritdoc/>
    protected override LongContextSample Make(LongContextOptions options, RandomStream random)
    {
        bool compact = options.Wording == TaskWording.Compact;
        int hops = compact ? CompactHops : FullHops;
        string value = Numbers.Next(random, 5);
        string[] names = Names(random, hops + 1, 5);
        string example = compact ? "" : Example(random, hops) + "\n\n";
        ContextBuilder builder = new(example + Instruction, " ");
        double[] depths = [.. Enumerable.Range(0, names.Length).Select(_ => random.NextDouble()).Order()];
        for (int i = 0; i < names.Length; i++) builder.Add(depths[i], Assignment(names, value, i), isEvidence: true);
        string question = Ask(value), prefix = Prefix(names.Length, value);
        static string Unit(int i) => FillerText.Capital(FillerText.NoiseSentence(i));
        int reserve = compact ? 24 : 30, units = Fit(options, reserve, 0, n => builder.Build(n, Unit).Text + question + prefix);
        (string context, IReadOnlyList<TextSpan> evidence) = builder.Build(units, Unit);
        return Sample(options, context, question, prefix, names, reserve, evidence);
    }

    private const string Instruction = "Follow the chain of assignments hidden in the following text.\n";

    private static string Assignment(string[] names, string value, int i) => $"VAR {names[i]} = {(i == 0 ? value : "VAR " + names[i - 1])}.";

    private static string Ask(string value) => $"\nFind all variables that hold the value {value}.";

    private static string Prefix(int count, string value) => $" By the assignments in the text, {count} variables hold the value {value}:";

    /// <summary>A short worked sample with other names.</summary>
    private static string Example(RandomStream random, int hops)
    {
        string value = Numbers.Next(random, 5);
        string[] names = Names(random, hops + 1, 3);
        ContextBuilder builder = new(Instruction, " ");
        for (int i = 0; i < names.Length; i++) builder.Add((double)i / names.Length, Assignment(names, value, i), false);
        string text = builder.Build(8, i => FillerText.Capital(FillerText.NoiseSentence(i))).Text;
        return text + Ask(value) + Prefix(names.Length, value) + " " + string.Join(" ", names);
    }

    private static string[] Names(RandomStream random, int count, int letters)
    {
        HashSet<string> names = [];
        while (names.Count < count) names.Add(string.Concat(Enumerable.Range(0, letters).Select(_ => (char)('A' + random.Next(26)))));
        return [.. names];
    }
}
