using System.Globalization;
using System.Text.RegularExpressions;

namespace Hone.Evaluation.Tasks;

/// <summary>
/// One step of a solution in whole numbers, written "38 / 2 = 19", or "Mia: 38 / 2 = 19" where a story is about two people: with
/// the name in front, whose number a line goes on from can be read off the lines above it.
/// </summary>
/// <param name="Left">First operand.</param>
/// <param name="Operator">One of + - * /.</param>
/// <param name="Right">Second operand.</param>
/// <param name="Result">What is claimed to be the result.</param>
/// <param name="Owner">Whose number the result is; empty where there is only one, or where it is nobody's.</param>
public readonly partial record struct Equation(int Left, char Operator, int Right, int Result, string Owner = "")
{
    /// <summary>The equation with its result computed. Division must come out even.</summary>
    public static Equation Of(int left, char op, int right, string owner = "") =>
        new(left, op, right, Compute(left, op, right) ?? throw new ArgumentException($"{left} {op} {right} has no whole result."), owner);

    /// <summary>Whether the claimed result is right. Division holds only where it comes out even.</summary>
    public bool Holds => Compute(Left, Operator, Right) == Result;

    /// <summary>Same operator and operands, whosever; addition and multiplication in either order.</summary>
    public bool SameOperation(Equation other) =>
        Operator == other.Operator
        && ((Left == other.Left && Right == other.Right)
            || (Operator is '+' or '*' && Left == other.Right && Right == other.Left));

    /// <summary>Reads exactly the form that <see cref="ToString"/> writes: single spaces, no leading zeros, at most six digits.</summary>
    public static Equation? Parse(string line)
    {
        Match match = Pattern().Match(line);
        if (!match.Success) return null;
        int Number(int group) => int.Parse(match.Groups[group].ValueSpan, NumberStyles.None, CultureInfo.InvariantCulture);
        return new(Number(1), match.Groups[2].ValueSpan[0], Number(3), Number(4), match.Groups[5].Value);
    }

    /// <inheritdoc/>
    public override string ToString() => string.Create(CultureInfo.InvariantCulture, $"{(Owner.Length > 0 ? Owner + ": " : "")}{Left} {Operator} {Right} = {Result}");

    private static int? Compute(int left, char op, int right) => op switch
    {
        '+' => left + right,
        '-' => left - right,
        '*' => (long)left * right is var product && product <= int.MaxValue ? (int)product : null,
        '/' => right != 0 && left % right == 0 ? left / right : null,
        _ => null,
    };

    [GeneratedRegex(@"^(?:(?<5>[A-Z][a-z]*): )?(0|[1-9][0-9]{0,5}) ([-+*/]) (0|[1-9][0-9]{0,5}) = (0|[1-9][0-9]{0,5})\z")]
    private static partial Regex Pattern();
}
