namespace Hone.Core.Recipes;

/// <summary>
/// One option set on the command line. It changes the tree before binding, so that a file and the command line take the
/// same path and make the same errors.
/// </summary>
/// <param name="Path">Keys joined by dots; list items by number: <c>train.lr</c>, <c>data.steps[0].at_most</c>.</param>
/// <param name="Value">As typed. A value that begins with <c>[</c>, <c>{</c> or a quote is read as YAML.</param>
/// <param name="Place">What to name in errors, e.g. <c>--set train.lr</c> or <c>--lr</c>.</param>
/// <param name="IsText">The option is a text: brackets and braces are part of it, as in <c>{question} write</c>. Only quotes are taken off.</param>
public sealed record RecipeOverride(string Path, string Value, Place Place, bool IsText = false)
{
    /// <summary>Reads <c>train.lr=1e-3</c>.</summary>
    /// <exception cref="HoneException">There is no <c>=</c>, or nothing before it.</exception>
    public static RecipeOverride Parse(string assignment)
    {
        int equals = assignment.IndexOf('=');
        if (equals <= 0) throw new HoneException($"--set {assignment}: expected key=value, for example --set train.lr=1e-3.");
        string path = assignment[..equals].Trim();
        return new RecipeOverride(path, assignment[(equals + 1)..].Trim(), new Place($"--set {path}"));
    }

    internal void Apply(RecipeMap root)
    {
        string[] keys = Path.Replace("[", ".").Replace("]", "").Split('.');
        if (keys.Any(string.IsNullOrWhiteSpace)) throw Place.Error("expected keys joined by dots, for example train.lr.");
        RecipeNode node = root;
        for (int i = 0; i < keys.Length - 1; i++) node = Descend(node, keys[i]);
        Assign(node, keys[^1], ParsedValue());
    }

    private RecipeNode ParsedValue()
    {
        if (Value.Length > 0 && (Value[0] is '"' or '\'' || (!IsText && Value[0] is '[' or '{'))) return RecipeParser.ParseValue(Value, Place);
        return new RecipeScalar(Place, Value is "" or "~" or "null" ? null : Value);
    }

    private RecipeNode Descend(RecipeNode node, string key)
    {
        if (node is RecipeList list) return list.Items[IndexIn(list, key)] = Opened(list.Items[IndexIn(list, key)]);
        RecipeMap map = (RecipeMap)node;
        RecipeEntry entry = map.Find(key) ?? new RecipeEntry(key, Place, new RecipeMap(Place), IsOverride: true);
        entry = entry with { Value = Opened(entry.Value) };
        map.Set(entry);
        return entry.Value;
    }

    /// <summary>A scalar on the way down is a component's short form: <c>objective: rise</c> becomes <c>{ use: rise }</c>.</summary>
    private RecipeNode Opened(RecipeNode node)
    {
        if (node is not RecipeScalar scalar) return node;
        RecipeMap map = new(Place);
        if (scalar.Text is not null) map.Set(new RecipeEntry("use", scalar.Place, scalar));
        return map;
    }

    private void Assign(RecipeNode node, string key, RecipeNode value)
    {
        if (node is RecipeList list) list.Items[IndexIn(list, key)] = value;
        else ((RecipeMap)node).Set(new RecipeEntry(key, Place, value, IsOverride: true));
    }

    private int IndexIn(RecipeList list, string key)
    {
        if (int.TryParse(key, out int index) && index >= 0 && index < list.Items.Count) return index;
        throw Place.Error($"'{key}' is not an item of a list with {list.Items.Count} items (the first is 0).");
    }
}
