using System.Collections.Frozen;

namespace Hone.Models.Templates;

/// <summary>The filters by name: Jinja's own, and <c>tojson</c> as chat templates have it.</summary>
internal static partial class Filters
{
    private static readonly FrozenDictionary<string, FilterBody> All = Build();

    /// <summary>The filter, or an error at <paramref name="position"/>.</summary>
    public static FilterBody Find(string name, Position position) => TryFind(name) ?? throw new JinjaException(
        JinjaErrorKind.TemplateAssertionError, $"No filter named '{name}'.", position.Line, position.Column);

    /// <summary>The filter named by a value at run time, as map and others take it.</summary>
    public static FilterBody Find(string name) =>
        TryFind(name) ?? throw new JinjaException(JinjaErrorKind.TemplateRuntimeError, $"No filter named '{name}'.");

    public static bool IsKnown(string name) => All.ContainsKey(name);

    private static FilterBody? TryFind(string name) => All.GetValueOrDefault(name);

    private static FrozenDictionary<string, FilterBody> Build()
    {
        Dictionary<string, FilterBody> filters = [];
        AddTextFilters(filters);
        AddNumberFilters(filters);
        AddSequenceFilters(filters);
        AddSelectionFilters(filters);
        AddValueFilters(filters);
        (string Alias, string Name)[] aliases = [("count", "length"), ("d", "default"), ("e", "escape"), ("forceescape", "escape")];
        foreach ((string alias, string name) in aliases) filters[alias] = filters[name];
        return filters.ToFrozenDictionary(StringComparer.Ordinal);
    }

    /// <summary>Adds a filter whose arguments, the value first, are bound to names.</summary>
    private static void Add(this Dictionary<string, FilterBody> filters, string name, string[] parameters, Func<RenderState, JinjaValue?[], JinjaValue> body)
    {
        string[] all = ["value", .. parameters];
        filters[name] = (state, arguments) => body(state, arguments.Bind(name, all));
    }

    // Reading bound arguments.

    private static string Str(RenderState state, JinjaValue? value, string fallback = "") =>
        value is null ? fallback : PythonRepr.Str(state, value);

    private static bool True(JinjaValue? value, bool fallback = false) => value?.IsTrue ?? fallback;

    private static int Int(JinjaValue? value, int fallback)
    {
        if (value is null) return fallback;
        if (value is JinjaUndefined undefined) throw undefined.Error();
        System.Numerics.BigInteger number = Numbers.TryInteger(value) ?? throw JinjaException.Type($"'{value.TypeName}' object cannot be interpreted as an integer");
        return number.Sign * number > int.MaxValue ? throw new JinjaException(JinjaErrorKind.OverflowError, "a number is too large") : (int)number;
    }

    private static JinjaInteger Number(long value) => new(value);
}
