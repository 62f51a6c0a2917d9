using System.Globalization;
using System.Text.RegularExpressions;

namespace Hone.Evaluation.Tasks;

/// <summary>
/// One step of a solution in whole numbers, written "38 / 2 = 19", or "Mia 38 / 2 = Tom 19" where a story is about two people.
/// A name stands right before the number that is that person's at the time, so the last number after a name is always the one to
/// go on from: to a model, copying what followed the name last time. Names only in front of a line, "Tom: 38 / 2 = 19", were tried
/// first: models then went on from the 38, and stayed at 92 % right with 0.9 and with 2.8 million weights alike.
/// </summary>
/// <param name="Left">First operand.</param>
/// <param name="Operator">One of + - * /.</param>
/// <param name="Right">Second operand.</param>
/// <param name="Result">What is claimed to be the result.</param>
/// <param name="Owner">Whose number the result is; empty where there is only one person, or where it is nobody's.</param>
/// <param name="LeftOwner">Whose number the first operand is, likewise.</param>
/// <param name="RightOwner">Whose number the second operand is, likewise.</param>
public readonly partial record struct Equation(int Left, char Operator, int Right, int Result, string Owner = "", string LeftOwner = "", string RightOwner = "")
{
    /// <summary>The equation with its result computed. Division must come out even.</summary>
    public static Equation Of(int left, char op, int right, string owner = "", string leftOwner = "", string rightOwner = "") =>
        new(left, op, right, Compute(left, op, right) ?? throw new ArgumentException($"{left} {op} {right} has no whole result."), owner, leftOwner, rightOwner);

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
        int Number(string group) => int.Parse(match.Groups[group].ValueSpan, NumberStyles.None, CultureInfo.InvariantCulture);
        string Name(string group) => match.Groups[group].Value;
        return new(Number("left"), match.Groups["op"].ValueSpan[0], Number("right"), Number("result"), Name("owner"), Name("leftOwner"), Name("rightOwner"));
    }

    /// <inheritdoc/>
    public override string ToString() => $"{Named(LeftOwner, Left)} {Operator} {Named(RightOwner, Right)} = {Named(Owner, Result)}";

    private static string Named(string owner, int number) => (owner.Length > 0 ? owner + " " : "") + number.ToString(CultureInfo.InvariantCulture);

    private static int? Compute(int left, char op, int right) => op switch
    {
        '+' => left + right,
        '-' => left - right,
        '*' => (long)left * right is var product && product <= int.MaxValue ? (int)product : null,
        '/' => right != 0 && left % right == 0 ? left / right : null,
        _ => null,
    };

    [GeneratedRegex("""
        ^(?:(?<leftOwner>[A-Z][a-z]*)[ ])?(?<left>0|[1-9][0-9]{0,5})
        [ ](?<op>[-+*/])
        [ ](?:(?<rightOwner>[A-Z][a-z]*)[ ])?(?<right>0|[1-9][0-9]{0,5})
        [ ]=[ ](?:(?<owner>[A-Z][a-z]*)[ ])?(?<result>0|[1-9][0-9]{0,5})\z
        """, RegexOptions.IgnorePatternWhitespace)]
    private static partial Regex Pattern();
}
