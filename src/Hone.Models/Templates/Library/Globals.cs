using System.Numerics;

namespace Hone.Models.Templates;

/// <summary>The functions every template sees: Jinja's and those chat templates add.</summary>
internal static class Globals
{
    /// <summary>Longest range the sandbox allows.</summary>
    public const int MaxRange = 100_000;

    public static Scope Create()
    {
        Scope scope = new(null);
        scope.Set("range", new JinjaFunction("range", (_, a) => Range(a)));
        scope.Set("namespace", new JinjaFunction("namespace", NewNamespace));
        scope.Set("dict", new JinjaFunction("dict", NewDict));
        scope.Set("cycler", new JinjaFunction("cycler", (_, a) => new CyclerValue(a.Positional)));
        scope.Set("joiner", JinjaFunction.Of("joiner", ["sep?"], (_, a) => NewJoiner(a[0] ?? new JinjaString(", "))));
        scope.Set("raise_exception", JinjaFunction.Of("raise_exception", ["message"], (s, a) =>
            throw new JinjaException(JinjaErrorKind.TemplateError, PythonRepr.Str(s, a[0]!))));
        scope.Set("strftime_now", JinjaFunction.Of("strftime_now", ["format"], (s, a) => s.Text(StrfTime.Format(Format(s, a[0]!), s.Now))));
        return scope;
    }

    private static string Format(RenderState state, JinjaValue value)
    {
        if (value is not JinjaString text) throw JinjaException.Type($"strftime_now takes a format, found {value.TypeName}");
        state.Step(text.Value.Length);
        return text.Value;
    }

    private static JinjaRange Range(Arguments arguments)
    {
        JinjaValue?[] a = arguments.Bind("range", ["start", "stop?", "step?"]);
        BigInteger[] numbers = [.. a.OfType<JinjaValue>().Select(Integer)];
        (BigInteger start, BigInteger stop) = numbers.Length == 1 ? (0, numbers[0]) : (numbers[0], numbers[1]);
        BigInteger step = numbers.Length == 3 ? numbers[2] : 1;
        if (step.IsZero) throw JinjaException.Value("range() arg 3 must not be zero");
        if (JinjaRange.Length(start, stop, step) > MaxRange)
            throw new JinjaException(JinjaErrorKind.OverflowError, $"Range too big. The sandbox blocks ranges larger than MAX_RANGE ({MaxRange}).");
        if (new[] { start, stop, step }.Any(n => BigInteger.Abs(n) > long.MaxValue / 4)) throw new JinjaException(JinjaErrorKind.OverflowError, "a bound of range is too large");
        return new JinjaRange((long)start, (long)stop, (long)step);
    }

    private static BigInteger Integer(JinjaValue value) => value is JinjaUndefined undefined ? throw undefined.Error()
        : Numbers.TryInteger(value) ?? throw JinjaException.Type($"'{value.TypeName}' object cannot be interpreted as an integer");

    private static JinjaNamespace NewNamespace(RenderState state, Arguments arguments)
    {
        JinjaNamespace space = new();
        foreach ((JinjaValue key, JinjaValue value) in NewDict(state, arguments).Entries) space.Attributes[PythonRepr.Str(state, key)] = value;
        return space;
    }

    private static JinjaDict NewDict(RenderState state, Arguments arguments)
    {
        JinjaDict dict = new();
        if (arguments.Positional.Count > 1) throw JinjaException.Type($"dict expected at most 1 argument, got {arguments.Positional.Count}");
        foreach (JinjaValue source in arguments.Positional)
        {
            foreach (JinjaValue pair in state.Collect(source is JinjaDict given ? DictMethods.Items(given).Items : Sequences.Iterate(state, source)))
            {
                List<JinjaValue> parts = state.Collect(Sequences.Iterate(state, pair));
                if (parts.Count != 2) throw JinjaException.Value("dictionary update sequence elements must have length 2");
                dict.Set(parts[0], parts[1]);
            }
        }
        foreach ((string name, JinjaValue value) in arguments.Named) dict.Set(name, value);
        return dict;
    }

    // Nothing the first time it is called, the separator afterwards.
    private static JinjaFunction NewJoiner(JinjaValue separator)
    {
        bool used = false;
        return new JinjaFunction("joiner", (_, _) =>
        {
            JinjaValue result = used ? separator : JinjaString.Empty;
            used = true;
            return result;
        }, "Joiner");
    }
}

/// <summary>What <c>cycler(...)</c> returns.</summary>
internal sealed class CyclerValue(IReadOnlyList<JinjaValue> items) : JinjaValue
{
    private int position;

    public override string TypeName => "Cycler";

    public JinjaValue? Attribute(string name) => name switch
    {
        "current" => Current,
        "next" => new JinjaFunction(name, (_, _) =>
        {
            JinjaValue value = Current;
            position = (position + 1) % items.Count;
            return value;
        }),
        "reset" => new JinjaFunction(name, (_, _) =>
        {
            position = 0;
            return JinjaNone.Instance;
        }),
        _ => null,
    };

    private JinjaValue Current => items.Count > 0 ? items[position] : throw new JinjaException(JinjaErrorKind.TemplateRuntimeError, "at least one item has to be provided");
}
