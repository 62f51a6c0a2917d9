using System.Text.Json.Nodes;
using Hone.Core;

namespace Hone.Data.Preferences;

/// <summary>Pairs as single judged answers, for objectives that learn from thumbs up and down.</summary>
public static class Unpairing
{
    /// <summary>All chosen answers (<c>label</c> true), then all rejected ones: TRL's order.</summary>
    public static List<Row> Unpair(IReadOnlyList<Row> pairs) => [.. pairs.Select(r => One(r, "chosen", true)), .. pairs.Select(r => One(r, "rejected", false))];

    private static Row One(Row row, string side, bool label)
    {
        JsonObject fields = (JsonObject)row.Fields.DeepClone();
        JsonNode? completion = fields[side]?.DeepClone();
        fields.Remove("chosen");
        fields.Remove("rejected");
        (fields["completion"], fields["label"]) = (completion, label);
        return row with { Id = $"{row.Id}/{side}", Fields = fields };
    }
}
