using System.Text.Json.Nodes;
using Hone.Core;

namespace Hone.Methods.Rise;

/// <summary>One training pair: whole solutions, or one step of a right one and the same step with an error.</summary>
/// <param name="Prompt">What the model is asked.</param>
/// <param name="Prefix">The solution up to the step, right; empty for whole solutions.</param>
/// <param name="Chosen">The right text.</param>
/// <param name="Rejected">The wrong text.</param>
/// <param name="Error">The error asked for; null for whole solutions.</param>
/// <param name="Distance">Edit distance in tokens; 0 for whole solutions.</param>
public sealed record RisePair(string Prompt, string Prefix, string Chosen, string Rejected, ErrorType? Error = null, int Distance = 0)
{
    /// <summary>Whether it is an edited step.</summary>
    public bool IsEdit => Error is not null;

    /// <summary>In the field names of the released data, with the kind of pair.</summary>
    public JsonObject ToJson() => new()
    {
        ["prompt"] = Prompt,
        ["initial_reason_steps"] = Prefix,
        ["chosen"] = Chosen,
        ["rejected"] = Rejected,
        ["kind"] = IsEdit ? "edit" : "full",
        ["edit_type"] = Error?.ToString().ToLowerInvariant(),
        ["distance"] = Distance,
    };

    /// <summary>Reads a row; one without a prefix is a pair of whole solutions.</summary>
    /// <exception cref="HoneException">A field is missing or empty, or the answers are the same.</exception>
    public static RisePair Of(Row row)
    {
        if (row.Fields["chosen"] is JsonArray) throw row.Error("steps are pairs of texts, found conversations. Use 'hone train dpo' for those.");
        string prefix = row.OptionalText("initial_reason_steps") ?? "", chosen = row.Text("chosen"), rejected = row.Text("rejected");
        if (chosen.Length == 0 || rejected.Length == 0) throw row.Error("a step without text cannot be learnt; chosen and rejected must not be empty.");
        if (chosen == rejected) throw row.Error("chosen and rejected are the same: there is nothing to prefer.");
        ErrorType? type = prefix.Length > 0 || row.OptionalText("kind") == "edit" ? Enum.TryParse(row.OptionalText("edit_type"), true, out ErrorType known) ? known : ErrorType.Words : null;
        return new(row.Text("prompt"), prefix, chosen, rejected, type, int.TryParse(row.OptionalText("distance"), out int distance) ? distance : 0);
    }
}
