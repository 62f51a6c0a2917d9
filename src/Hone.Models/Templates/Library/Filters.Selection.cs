namespace Hone.Models.Templates;

/// <summary>map, select, reject and their forms with an attribute.</summary>
internal static partial class Filters
{
    private static void AddSelectionFilters(Dictionary<string, FilterBody> filters)
    {
        filters["map"] = (state, a) => new JinjaIterator("generator", Map(state, a));
        filters["select"] = (state, a) => new JinjaIterator("generator", Select(state, a, keep: true, byAttribute: false));
        filters["reject"] = (state, a) => new JinjaIterator("generator", Select(state, a, keep: false, byAttribute: false));
        filters["selectattr"] = (state, a) => new JinjaIterator("generator", Select(state, a, keep: true, byAttribute: true));
        filters["rejectattr"] = (state, a) => new JinjaIterator("generator", Select(state, a, keep: false, byAttribute: true));
    }

    private static IEnumerable<JinjaValue> Map(RenderState state, Arguments arguments)
    {
        Func<RenderState, JinjaValue, JinjaValue> change = Mapping(arguments);
        foreach (JinjaValue item in Sequences.Iterate(state, arguments.Positional[0]))
        {
            state.Step();
            yield return change(state, item);
        }
    }

    private static Func<RenderState, JinjaValue, JinjaValue> Mapping(Arguments arguments)
    {
        if (arguments.Positional.Count == 1 && arguments.Find("attribute") is { } attribute)
        {
            if (arguments.Named.FirstOrDefault(n => n.Key is not ("attribute" or "default")).Key is { } unknown)
                throw new JinjaException(JinjaErrorKind.FilterArgumentError, $"Unexpected keyword argument '{unknown}'");
            return Getter(attribute, arguments.Find("default"));
        }
        if (arguments.Positional.Count < 2) throw new JinjaException(JinjaErrorKind.FilterArgumentError, "map requires a filter argument");
        FilterBody filter = Find(NameOf(arguments.Positional[1]));
        Arguments rest = arguments with { Positional = [.. arguments.Positional.Skip(2)] };
        return (state, item) => filter(state, rest.Prepend(item));
    }

    private static IEnumerable<JinjaValue> Select(RenderState state, Arguments arguments, bool keep, bool byAttribute)
    {
        int skip = byAttribute ? 2 : 1;
        if (arguments.Positional.Count < skip) throw new JinjaException(JinjaErrorKind.FilterArgumentError, "Missing parameter for attribute name");
        Func<RenderState, JinjaValue, JinjaValue> get = Getter(byAttribute ? arguments.Positional[1] : null);
        bool hasTest = arguments.Positional.Count > skip;
        TestBody test = hasTest ? Tests.Find(NameOf(arguments.Positional[skip])) : (_, a) => a.Positional[0].IsTrue;
        Arguments rest = arguments with { Positional = [.. arguments.Positional.Skip(hasTest ? skip + 1 : skip)] };
        foreach (JinjaValue item in Sequences.Iterate(state, arguments.Positional[0]))
        {
            state.Step();
            if (test(state, rest.Prepend(get(state, item))) == keep) yield return item;
        }
    }

    private static string NameOf(JinjaValue value) =>
        value is JinjaString name ? name.Value : throw JinjaException.Type($"expected the name of a filter or test, found {value.TypeName}");
}
