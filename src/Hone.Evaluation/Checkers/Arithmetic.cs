using System.Numerics;

namespace Hone.Evaluation.Checkers;

/// <summary>Evaluates arithmetic such as "2*(3+4)/5%" exactly: + - * / × ÷, brackets, percent, decimals, powers with a small whole exponent.</summary>
public ref struct Arithmetic
{
    private const int MaxDepth = 50, MaxExponent = 64;
    private readonly ReadOnlySpan<char> text;
    private int at;
    private int depth;

    private Arithmetic(ReadOnlySpan<char> text) => this.text = text;

    /// <summary>The value, or null when the text is not such an expression, divides by zero or gets too large.</summary>
    public static Rational? Evaluate(ReadOnlySpan<char> text)
    {
        if (text.Length > 400) return null;
        Arithmetic parser = new(text);
        return parser.Sum() is { } value && parser.AtEnd() ? value : null;
    }

    private Rational? Sum()
    {
        Rational? value = Product();
        while (value is not null && Take('+', '-') is { } op)
        {
            if (Product() is not { } next) return null;
            value = op == '+' ? value + next : value - next;
        }
        return value;
    }

    private Rational? Product()
    {
        Rational? value = Power();
        while (value is not null && Take('*', '×', 'x', '·', '/', '÷') is { } op)
        {
            if (Power() is not { } next) return null;
            bool divides = op is '/' or '÷';
            if (divides && next.Numerator.IsZero) return null;
            value = divides ? value / next : value * next;
        }
        return value;
    }

    private Rational? Power()
    {
        if (Take('-', '−', '+') is { } sign) return Power() is { } operand ? (sign == '+' ? operand : -operand) : null;
        Rational? root = Atom();
        if (root is null || !TakePower()) return root;
        if (Power() is not { IsInteger: true } exponent || BigInteger.Abs(exponent.Numerator) > MaxExponent) return null;
        int n = (int)exponent.Numerator;
        if (n < 0 && root.Value.Numerator.IsZero) return null;
        Rational power = new(BigInteger.Pow(root.Value.Numerator, Math.Abs(n)), BigInteger.Pow(root.Value.Denominator, Math.Abs(n)));
        return n < 0 ? 1 / power : power;
    }

    private bool TakePower()
    {
        if (Take('^') is not null) return true;
        if (at + 1 >= text.Length || text[at] != '*' || text[at + 1] != '*') return false;
        at += 2;
        return true;
    }

    private Rational? Atom()
    {
        Rational? value;
        if (Take('(') is not null)
        {
            if (++depth > MaxDepth) return null;
            value = Sum();
            depth--;
            if (value is null || Take(')') is null) return null;
        }
        else
        {
            value = Number();
        }
        while (value is not null && Take('%') is not null) value = value / 100;
        return value;
    }

    private Rational? Number()
    {
        _ = Take('$');
        int start = at;
        while (at < text.Length && (char.IsAsciiDigit(text[at]) || text[at] is '.' or ',')) at++;
        ReadOnlySpan<char> digits = text[start..at];
        return digits.Length > 0 && digits[^1] != ',' ? Rational.Parse(digits) : null;
    }

    private char? Take(params ReadOnlySpan<char> any)
    {
        SkipSpace();
        if (at >= text.Length || !any.Contains(text[at])) return null;
        if (text[at] == '*' && at + 1 < text.Length && text[at + 1] == '*') return null;
        return text[at++];
    }

    private bool AtEnd()
    {
        SkipSpace();
        return at == text.Length;
    }

    private void SkipSpace()
    {
        while (at < text.Length && text[at] is ' ' or '\t') at++;
    }
}
