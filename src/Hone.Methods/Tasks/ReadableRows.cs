using System.Globalization;
using System.Text.Json.Nodes;
using Hone.Core;
using Hone.Data;
using Hone.Data.Preferences;
using Hone.Models.Templates;
using Hone.Models.Text;

namespace Hone.Methods.Tasks;

/// <summary>
/// Rows that are well formed and that a model can still not be given, because its chat template refuses them. Found before anything is
/// trained, so that a file can be trained on without them.
/// </summary>
public static class ReadableRows
{
    /// <summary>The rows that pass a check.</summary>
    /// <param name="data">Rows.</param>
    /// <param name="check">Throws for a row that cannot be used.</param>
    /// <param name="skipped">Hears of each such row, with its place.</param>
    /// <exception cref="HoneException">No row is left: the first one's error.</exception>
    public static Dataset Of(Dataset data, Action<Row> check, Action<HoneException> skipped)
    {
        List<Row> kept = new(data.Rows.Count);
        HoneException? first = null;
        foreach (Row row in data.Rows)
        {
            try
            {
                check(row);
                kept.Add(row);
            }
            catch (HoneException error)
            {
                HoneException placed = row.Placed(error);
                first ??= placed;
                skipped(placed);
            }
        }
        return kept.Count > 0 || first is null ? data with { Rows = kept, Skipped = data.Skipped + data.Rows.Count - kept.Count } : throw first;
    }

    /// <summary>Renders whatever conversations a row holds, and reads its margin.</summary>
    /// <exception cref="HoneException">The template refuses them, or there is none; or a margin that is not a number.</exception>
    public static void Check(ModelText text, Row row)
    {
        if (row.Fields["messages"] is JsonArray messages) text.Rendered(Conversation(row, messages));
        if (row.Has("chosen")) row = ImplicitPrompt.Extract(row);
        if (row.Has("margin")) Margin(row);
        if (row.Fields["prompt"] is not JsonArray prompt) return;
        text.OpenPrompt((JsonArray)prompt.DeepClone(), row.Fields["tools"] as JsonArray);
        foreach (string answer in (string[])["chosen", "rejected", "completion"])
            if (row.Fields[answer] is JsonArray reply) text.Rendered(Conversation(row, [.. prompt.Concat(reply).Select(m => m?.DeepClone())]));
    }

    /// <summary>By how much the chosen answer of a pair is better.</summary>
    /// <exception cref="HoneException">Not a number.</exception>
    public static double Margin(Row row) =>
        double.TryParse(row.Text("margin"), NumberStyles.Float, CultureInfo.InvariantCulture, out double margin) && double.IsFinite(margin)
            ? margin : throw row.Error($"margin is '{row.Text("margin")}'; expected a number.");

    private static Conversation Conversation(Row row, JsonArray messages) => new((JsonArray)messages.DeepClone()) { Tools = row.Fields["tools"] as JsonArray };
}
