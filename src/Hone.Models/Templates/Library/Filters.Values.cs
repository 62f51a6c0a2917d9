namespace Hone.Models.Templates;

/// <summary>Filters on any value.</summary>
internal static partial class Filters
{
    private static void AddValueFilters(Dictionary<string, FilterBody> filters)
    {
        filters.Add("default", ["default_value?", "boolean?"], (_, a) =>
            a[0] is JinjaUndefined || (True(a[2]) && !a[0]!.IsTrue) ? a[1] ?? JinjaString.Empty : a[0]!);
        filters.Add("attr", ["name"], (s, a) => Attributes.GetOnlyAttribute(a[0]!, Str(s, a[1])));
        filters.Add("pprint", [], (s, a) => s.Text(PythonRepr.Repr(s, a[0]!)));
        filters.Add("tojson", ["ensure_ascii?", "indent?", "separators?", "sort_keys?"], (s, a) => ToJson(s, a));
    }

    private static JinjaString ToJson(RenderState state, JinjaValue?[] a)
    {
        if (a[0] is JinjaUndefined) throw JinjaException.Type("Object of type Undefined is not JSON serializable");
        string? indent = a[2] switch
        {
            null or JinjaNone => null,
            JinjaString text => text.Value,
            JinjaValue width => Spaces(state, Int(width, 0)),
        };
        (string item, string key) = (indent is null ? ", " : ",", ": ");
        if (a[3] is not (null or JinjaNone))
        {
            List<JinjaValue> pair = state.Collect(Sequences.Iterate(state, a[3]!));
            if (pair is not [JinjaString between, JinjaString after]) throw JinjaException.Value("separators must be two texts");
            (item, key) = (between.Value, after.Value);
        }
        return new JinjaString(PythonJson.Dump(state, a[0]!, new JsonStyle(True(a[1]), indent, item, key, True(a[4]))));
    }
}
