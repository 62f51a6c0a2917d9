using System.Globalization;
using System.Numerics;
using Hone.Core;
using Hone.Core.Automata;
using Hone.Core.Schema;

namespace Hone.Inference.Constrained;

/// <summary>Numbers between bounds and multiples of numbers, as automata over their digits. No exponents, no negative zero.</summary>
internal static class DecimalLanguages
{
    private const int MaxDigits = 1000;
    private const int MaxRemainders = 5000;

    /// <summary>The numbers of a shape.</summary>
    /// <exception cref="HoneException">Bounds or divisors that would take too many states.</exception>
    public static CodePointAutomaton Of(SchemaShape shape)
    {
        bool fractions = shape.Types.HasFlag(JsonTypes.Fraction);
        string digits = fractions ? @"(?:0|[1-9][0-9]*)(?:\.[0-9]+)?" : "(?:0|[1-9][0-9]*)";
        string negative = fractions ? @"(?:0\.[0-9]+|[1-9][0-9]*(?:\.[0-9]+)?)" : "[1-9][0-9]*";
        CodePointAutomaton numbers = RegularPattern.Whole($"{digits}|-{negative}").ToAutomaton();
        if (shape.Minimum is { } low) numbers = numbers.Intersect(AtLeast(low, !shape.ExcludesMinimum));
        if (shape.Maximum is { } high) numbers = numbers.Intersect(AtMost(high, !shape.ExcludesMaximum));
        foreach (ExactNumber divisor in shape.MultipleOf) numbers = numbers.Intersect(Multiples(divisor));
        return numbers;
    }

    private static CodePointAutomaton AtLeast(ExactNumber bound, bool inclusive) => bound.Digits.Sign >= 0
        ? Signed(Compared(bound, above: true, inclusive), null)
        : Signed(Compared(new ExactNumber(0, 0), above: true, true), Compared(Positive(bound), above: false, inclusive));

    private static CodePointAutomaton AtMost(ExactNumber bound, bool inclusive) => bound.Digits.Sign >= 0
        ? Signed(Compared(bound, above: false, inclusive), Compared(new ExactNumber(0, 0), above: true, bound.Digits.Sign > 0 || inclusive))
        : Signed(null, Compared(Positive(bound), above: true, inclusive));

    private static ExactNumber Positive(ExactNumber number) => number with { Digits = BigInteger.Abs(number.Digits) };

    private sealed class Moves
    {
        public List<List<(CodePointSet Set, int Target)>> States { get; } = [];

        public List<bool> Accepts { get; } = [];

        public int Add(bool accepts)
        {
            States.Add([]);
            Accepts.Add(accepts);
            return States.Count - 1;
        }

        public void On(int from, int low, int high, int to)
        {
            if (low <= high) States[from].Add((CodePointSet.Of((low, high)), to));
        }

        public void OnDigits(int from, int to) => On(from, '0', '9', to);

        public CodePointAutomaton Done() => CodePointAutomaton.FromMoves(States, Accepts);
    }

    /// <summary>Unsigned numbers above, or below, a bound of at least zero.</summary>
    private static CodePointAutomaton Compared(ExactNumber bound, bool above, bool inclusive)
    {
        (string whole, string fraction) = Written(bound);
        int n = whole.Length;
        Moves m = new();
        // [digits read, how they compare so far]; fewer digits than the bound has is less, more is greater.
        int[] equal = new int[n + 1], less = new int[n + 1], greater = new int[n + 1];
        for (int i = 0; i <= n; i++)
        {
            bool isSame = i == n && fraction.Length == 0;
            equal[i] = m.Add(i == n ? (isSame ? inclusive : !above) : !above && i > 0);
            less[i] = m.Add(!above);
            greater[i] = m.Add(i == n ? above : !above);
        }
        int longer = m.Add(above), fractionLess = m.Add(!above), fractionGreater = m.Add(above);
        int[] fractionEqual = [.. Enumerable.Range(0, fraction.Length + 1).Select(i => m.Add(i == fraction.Length ? inclusive : !above))];
        for (int i = 0; i < n; i++)
        {
            m.On(equal[i], '0', whole[i] - 1, less[i + 1]);
            m.On(equal[i], whole[i], whole[i], equal[i + 1]);
            m.On(equal[i], whole[i] + 1, '9', greater[i + 1]);
            m.OnDigits(less[i], less[i + 1]);
            m.OnDigits(greater[i], greater[i + 1]);
            foreach (int state in new[] { equal[i], less[i], greater[i] }) m.On(state, '.', '.', fractionLess);
        }
        foreach (int state in new[] { equal[n], less[n], greater[n], longer }) m.OnDigits(state, longer);
        m.On(equal[n], '.', '.', fractionEqual[0]);
        m.On(less[n], '.', '.', fractionLess);
        m.On(greater[n], '.', '.', fractionGreater);
        m.On(longer, '.', '.', fractionGreater);
        m.OnDigits(fractionLess, fractionLess);
        m.OnDigits(fractionGreater, fractionGreater);
        for (int i = 0; i <= fraction.Length; i++)
        {
            char digit = i < fraction.Length ? fraction[i] : '0';
            m.On(fractionEqual[i], '0', digit - 1, fractionLess);
            m.On(fractionEqual[i], digit, digit, fractionEqual[Math.Min(i + 1, fraction.Length)]);
            m.On(fractionEqual[i], digit + 1, '9', fractionGreater);
        }
        return m.Done();
    }

    private static (string Whole, string Fraction) Written(ExactNumber number)
    {
        if (Math.Abs(number.Exponent) > MaxDigits) throw new HoneException($"a bound of {number.Digits}e{number.Exponent} in the JSON schema has more than {MaxDigits} digits.");
        string digits = number.Digits.ToString(CultureInfo.InvariantCulture);
        if (number.Exponent >= 0) return (number.Digits.IsZero ? "0" : digits + new string('0', (int)number.Exponent), "");
        int places = (int)-number.Exponent;
        digits = digits.PadLeft(places + 1, '0');
        return (digits[..^places], digits[^places..]);
    }

    /// <summary>The positive part as it is, the negative part behind a minus.</summary>
    private static CodePointAutomaton Signed(CodePointAutomaton? positive, CodePointAutomaton? negative)
    {
        Moves m = new();
        int start = m.Add(false);
        if (positive is { IsEmpty: false }) Append(m, positive, start);
        if (negative is { IsEmpty: false }) m.On(start, '-', '-', Append(m, negative, null));
        return m.Done();
    }

    private static int Append(Moves m, CodePointAutomaton part, int? start)
    {
        int offset = m.States.Count;
        for (int s = 0; s < part.Count; s++) m.Add(part.Accepts(s));
        for (int s = 0; s < part.Count; s++)
            foreach ((CodePointSet set, int target) in part.Moves(s)) m.States[offset + s].Add((set, offset + target));
        if (start is { } first) m.States[first].AddRange(m.States[offset]);
        return offset;
    }

    /// <summary>Multiples of a number: states are the remainder so far, in units of the divisor's last digit.</summary>
    private static CodePointAutomaton Multiples(ExactNumber divisor)
    {
        int places = (int)Math.Min(MaxDigits, Math.Max(0, -divisor.Exponent));
        BigInteger units = divisor.Exponent > MaxDigits ? MaxRemainders + 1 : divisor.Digits * BigInteger.Pow(10, (int)Math.Max(0, divisor.Exponent));
        if (units * (places + 2) > MaxRemainders)
            throw new HoneException($"multipleOf {divisor.Digits}e{divisor.Exponent} cannot be enforced: it needs more than {MaxRemainders} states. Round it or leave it out.");
        int modulus = (int)units;
        Moves m = new();
        int start = m.Add(false);
        // [decimal places read, or -1 before the point][remainder]
        int[][] at = [.. Enumerable.Range(-1, places + 2).Select(read =>
        {
            BigInteger missing = BigInteger.Pow(10, places - Math.Max(0, read));
            return Enumerable.Range(0, modulus).Select(r => m.Add((r * missing % modulus).IsZero)).ToArray();
        })];
        for (int r = 0; r < modulus; r++)
        {
            for (int digit = 0; digit <= 9; digit++)
            {
                int next = (int)((r * 10L + digit) % modulus);
                m.On(at[0][r], '0' + digit, '0' + digit, at[0][next]);
                for (int read = 0; read < places; read++) m.On(at[read + 1][r], '0' + digit, '0' + digit, at[read + 2][next]);
            }
            m.On(at[0][r], '.', '.', at[1][r]);
            m.On(at[places + 1][r], '0', '0', at[places + 1][r]); // further places must be zeros
        }
        m.States[start].AddRange(m.States[at[0][0]].Where(move => !move.Set.Contains('.')));
        m.On(start, '-', '-', at[0][0]);
        return m.Done();
    }
}
