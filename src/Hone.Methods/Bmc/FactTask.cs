using System.Globalization;
using System.Text.RegularExpressions;
using Hone.Core;

namespace Hone.Methods.Bmc;

/// <summary>
/// The card's generated task: a few sums, to be written with their results in any order and in one of three wordings. What is right and what is
/// style are apart here, so that both can be counted.
/// </summary>
internal static partial class FactTask
{
    public const int Facts = 3, Styles = 3;

    private static readonly double[] StyleShares = [0.6, 0.3, 0.1];

    /// <summary>A sum; never below 0.</summary>
    public readonly record struct Fact(int A, char Operator, int B)
    {
        public int Value => Operator == '+' ? A + B : A - B;

        public override string ToString() => $"{A} {Operator} {B}";
    }

    /// <summary>Sums of one prompt, all different.</summary>
    public static Fact[] Draw(RandomStream random)
    {
        HashSet<Fact> facts = [];
        while (facts.Count < Facts)
        {
            (int a, int b) = (random.Next(2, 30), random.Next(2, 20));
            facts.Add(random.Next(2) == 0 ? new(a, '+', b) : new(Math.Max(a, b), '-', Math.Min(a, b)));
        }
        return [.. facts];
    }

    public static string Prompt(Fact[] facts) => "write " + string.Join("; ", facts);

    /// <summary>A wording, as often as the model's own texts have it.</summary>
    public static int DrawStyle(RandomStream random)
    {
        double at = random.NextDouble();
        int style = 0;
        while (style < Styles - 1 && (at -= StyleShares[style]) >= 0) style++;
        return style;
    }

    /// <summary>A text.</summary>
    /// <param name="facts">The sums in the order of the text.</param>
    /// <param name="style">Wording.</param>
    /// <param name="wrong">Place of a wrong result; −1 for none.</param>
    /// <param name="by">How far it is off.</param>
    public static string Write(Fact[] facts, int style, int wrong = -1, int by = 0) => string.Join('\n', facts.Select((f, i) =>
    {
        int result = f.Value + (i == wrong ? by : 0);
        return style switch { 0 => $"{f} = {result}", 1 => $"{result} = {f}", _ => $"{f} is {result}" };
    }));

    /// <summary>Share of a prompt's sums that a text gives rightly.</summary>
    public static double Accuracy(Fact[] facts, string text)
    {
        HashSet<(string, int)> given = [.. text.Split('\n').Select(Read).OfType<(string, int)>()];
        return facts.Average(f => given.Contains((f.ToString(), f.Value)) ? 1.0 : 0);
    }

    /// <summary>Wording of a text's first line; −1 where it is none of them.</summary>
    public static int StyleOf(string text)
    {
        string first = text.Split('\n')[0].TrimEnd();
        return Forward().Match(first) is { Success: true } match ? match.Groups[2].Value == "is" ? 2 : 0 : Backward().IsMatch(first) ? 1 : -1;
    }

    private static (string, int)? Read(string line)
    {
        line = line.TrimEnd();
        if (Forward().Match(line) is { Success: true } f) return (f.Groups[1].Value, Number(f, 3));
        return Backward().Match(line) is { Success: true } b ? (b.Groups[2].Value, Number(b, 1)) : null;
    }

    private static int Number(Match match, int group) => int.Parse(match.Groups[group].ValueSpan, NumberStyles.None, CultureInfo.InvariantCulture);

    [GeneratedRegex(@"^(\d{1,3} [-+] \d{1,3}) (=|is) (\d{1,4})\z")]
    private static partial Regex Forward();

    [GeneratedRegex(@"^(\d{1,4}) = (\d{1,3} [-+] \d{1,3})\z")]
    private static partial Regex Backward();
}
