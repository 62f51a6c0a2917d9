using System.Globalization;
using System.Text.RegularExpressions;
using Hone.Core;
using Hone.Methods.Tokens;

namespace Hone.Methods.Rise;

/// <summary>
/// Errors by rule, on one equation "a op b = c" of the text: the card's editor for models too small to be asked. A changed number, value or
/// operator always makes the equation false, a swap is refused where it changes nothing.
/// </summary>
public sealed partial class RuleErrorInjector : IErrorInjector
{
    private const int Tries = 16;
    private static readonly (string, string)[] Opposites = [("more", "fewer"), ("first", "last"), ("buys", "sells"), ("gives", "takes"), ("all", "some"), ("before", "after"), ("each", "both"), ("is", "is not")];

    /// <inheritdoc/>
    public IReadOnlyList<Injection> Inject(IReadOnlyList<InjectionRequest> requests, CancellationToken cancellation) => [.. requests.Select(Inject)];

    private static Injection Inject(InjectionRequest request)
    {
        RandomStream random = new(request.Seed, "rise/rules");
        if (request.Type == ErrorType.Words) return Words(request.Text, random);
        IReadOnlyList<EquationSpan> steps = EquationSpan.Find(request.Text);
        if (steps.Count == 0) return request.Type == ErrorType.Number ? AnyNumber(request.Text, random) : new(null, "no equation to change");
        EquationSpan step = random.Choose(steps);
        return Changed(step, request, random) is { } changed ? new(step.In(request.Text, changed)) : new(null, $"no {request.Type.ToString().ToLowerInvariant()} error fits");
    }

    private static string? Changed(EquationSpan step, InjectionRequest request, RandomStream random)
    {
        switch (request.Type)
        {
            case ErrorType.Number:
                return Until(() => random.Next(3) switch { 0 => step with { A = Near(step.A, random) }, 1 => step with { B = Near(step.B, random) }, _ => step with { C = Near(step.C, random) } }, n => !n.Holds)?.ToString();
            case ErrorType.Numbers: // an operand and the result that follows from it
                EquationSpan? moved = Until(() => random.Next(2) == 0 ? step with { A = Near(step.A, random) } : step with { B = Near(step.B, random) }, n => n.Value is >= 0 && n.Value != step.C);
                return moved is null ? null : (moved with { C = moved.Value!.Value }).ToString();
            case ErrorType.Substitution:
                long[] others = [.. Digits().Matches(request.Question + " " + request.Prefix).Select(m => long.TryParse(m.Value, out long n) ? n : 0).Where(n => n != step.A && n != step.B)];
                return others.Length == 0 ? null : Until(() => random.Next(2) == 0 ? step with { A = random.Choose(others) } : step with { B = random.Choose(others) }, n => !n.Holds)?.ToString();
            case ErrorType.Omission: return step.WithoutSecond();
            case ErrorType.Operator: return Until(() => step with { Operator = random.Choose("+-*/".ToCharArray()) }, n => n.Operator != step.Operator && !n.Holds)?.ToString();
            default:
                EquationSpan swapped = step with { A = step.B, B = step.A };
                return swapped.Holds || step.A == step.B ? null : swapped.ToString();
        }
    }

    private static EquationSpan? Until(Func<EquationSpan> draw, Func<EquationSpan, bool> isWanted)
    {
        for (int i = 0; i < Tries; i++)
            if (draw() is var changed && isWanted(changed)) return changed;
        return null;
    }

    private static Injection AnyNumber(string text, RandomStream random)
    {
        Match[] numbers = [.. Digits().Matches(text).Where(m => m.Length <= 9)];
        if (numbers.Length == 0) return new(null, "no number to change");
        Match number = random.Choose(numbers);
        return new(text[..number.Index] + Near(long.Parse(number.Value, CultureInfo.InvariantCulture), random) + text[(number.Index + number.Length)..]);
    }

    private static Injection Words(string text, RandomStream random)
    {
        foreach ((string from, string to) in Opposites.OrderBy(_ => random.NextUInt32()))
        {
            string changed = Regex.Replace(text, $@"\b{from}\b", to, RegexOptions.None, TimeSpan.FromSeconds(1));
            if (changed != text) return new(changed);
        }
        return new(null, "no word to change");
    }

    private static long Near(long value, RandomStream random)
    {
        long other = Math.Max(0, value + (random.Next(2) == 0 ? -1 : 1) * random.Next(1, 10));
        return other == value ? value + 1 : other;
    }

    [GeneratedRegex(@"\d+")]
    private static partial Regex Digits();
}
