namespace Hone.Core.Schema;

/// <summary>Which members of a value some keyword has looked at: what the unevaluated keywords ask for.</summary>
internal sealed class Evaluated
{
    public HashSet<string> Properties { get; } = new(StringComparer.Ordinal);

    public HashSet<int> Items { get; } = [];

    public void Add(Evaluated other)
    {
        Properties.UnionWith(other.Properties);
        Items.UnionWith(other.Items);
    }
}
