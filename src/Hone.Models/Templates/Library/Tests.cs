using System.Collections.Frozen;
using System.Numerics;

namespace Hone.Models.Templates;

/// <summary>The tests by name: what may follow <c>is</c>.</summary>
internal static class Tests
{
    private static readonly FrozenDictionary<string, TestBody> All = Build();

    public static TestBody Find(string name, Position position) => All.GetValueOrDefault(name) ?? throw new JinjaException(
        JinjaErrorKind.TemplateAssertionError, $"No test named '{name}'.", position.Line, position.Column);

    public static TestBody Find(string name) => All.GetValueOrDefault(name) ??
        throw new JinjaException(JinjaErrorKind.TemplateRuntimeError, $"No test named '{name}'.");

    private static FrozenDictionary<string, TestBody> Build()
    {
        Dictionary<string, TestBody> tests = [];
        AddTypeTests(tests);
        AddValueTests(tests);
        AddComparisons(tests);
        return tests.ToFrozenDictionary(StringComparer.Ordinal);
    }

    private static void AddTypeTests(Dictionary<string, TestBody> tests)
    {
        Unary(tests, "defined", v => v is not JinjaUndefined);
        Unary(tests, "undefined", v => v is JinjaUndefined);
        Unary(tests, "none", v => v is JinjaNone);
        Unary(tests, "boolean", v => v is JinjaBool);
        Unary(tests, "true", v => v is JinjaBool { Value: true });
        Unary(tests, "false", v => v is JinjaBool { Value: false });
        Unary(tests, "integer", v => v is JinjaInteger);
        Unary(tests, "float", v => v is JinjaFloat);
        Unary(tests, "number", v => v is JinjaInteger or JinjaFloat or JinjaBool);
        Unary(tests, "string", v => v is JinjaString);
        Unary(tests, "mapping", v => v is JinjaDict);
        Unary(tests, "sequence", v => v is JinjaString or JinjaArray or JinjaDict or JinjaRange or JinjaUndefined);
        Unary(tests, "iterable", Sequences.IsIterable);
        Unary(tests, "callable", v => v is JinjaCallable or JinjaUndefined);
        Unary(tests, "escaped", _ => false);
        tests["filter"] = (_, a) => One("filter", a) is JinjaString name && Filters.IsKnown(name.Value);
        tests["test"] = (_, a) => One("test", a) is JinjaString name && All.ContainsKey(name.Value);
    }

    private static void AddValueTests(Dictionary<string, TestBody> tests)
    {
        tests["odd"] = (_, a) => Remainder(One("odd", a), 2) == 1;
        tests["even"] = (_, a) => Remainder(One("even", a), 2) == 0;
        tests["divisibleby"] = (_, a) => a.Bind("divisibleby", ["value", "num"]) is [{ } value, { } by] && Remainder(value, by) == 0;
        tests["lower"] = (s, a) => StringMethods.IsCase(PythonRepr.Str(s, One("lower", a)), upper: false);
        tests["upper"] = (s, a) => StringMethods.IsCase(PythonRepr.Str(s, One("upper", a)), upper: true);
        tests["sameas"] = (s, a) => a.Bind("sameas", ["value", "other"]) is [{ } x, { } y] && IsSame(s, x, y);
    }

    private static void AddComparisons(Dictionary<string, TestBody> tests)
    {
        (string Symbol, string[] Names)[] comparisons =
        [
            ("==", ["==", "eq", "equalto"]), ("!=", ["!=", "ne"]), (">", [">", "gt", "greaterthan"]), (">=", [">=", "ge"]),
            ("<", ["<", "lt", "lessthan"]), ("<=", ["<=", "le"]), ("in", ["in"]),
        ];
        foreach ((string symbol, string[] names) in comparisons)
            foreach (string name in names)
                tests[name] = (s, a) => a.Bind(name, ["value", "other"]) is [{ } x, { } y] && CompareExpression.Holds(s, symbol, x, y);
    }

    private static void Unary(Dictionary<string, TestBody> tests, string name, Func<JinjaValue, bool> holds) =>
        tests[name] = (_, a) => holds(One(name, a));

    private static JinjaValue One(string name, Arguments arguments) => arguments.Bind(name, ["value"])[0]!;

    private static double Remainder(JinjaValue value, JinjaValue by) => Operators.Remainder(value, by).ToDouble();

    private static double Remainder(JinjaValue value, int by) => Remainder(value, new JinjaInteger(by));

    // Small integers and equal constants are one object in Python; lists and objects are the same only as themselves.
    private static bool IsSame(RenderState state, JinjaValue a, JinjaValue b) => ReferenceEquals(a, b) || (a, b) switch
    {
        (JinjaInteger x, JinjaInteger y) => x.Value == y.Value && BigInteger.Abs(x.Value) <= 256,
        (JinjaString or JinjaFloat, JinjaString or JinjaFloat) => a.GetType() == b.GetType() && Operators.AreEqual(state, a, b),
        _ => false,
    };
}
