using System.Text.Json.Nodes;

namespace Hone.Cli.Output;

/// <summary>The answer of <c>hone model info</c> for people.</summary>
internal static class ModelInfoText
{
    public static void Print(TextWriter output, JsonObject json)
    {
        JsonNode shape = json["shape"]!, memory = json["memory"]!, file = json["file"]!;
        Line("architecture", $"{json["architecture"]}, {(long)json["parameters"]!:#,0} weights");
        Line("shape", string.Join(", ", shape.AsObject().Where(entry => entry.Value is not null).Select(entry => $"{entry.Key.Replace('_', ' ')} {Plain(entry.Value!)}")));
        Line("stored as", string.Join(", ", file["types"]!.AsObject().Select(entry => $"{entry.Key} ({entry.Value!["tensors"]} tensors, {Bytes((long)entry.Value["bytes"]!)})")));
        Line("memory", memory["context"] is { } tokens
            ? $"{Bytes((long)memory["weights_bytes"]!)} weights + {Bytes((long)memory["kv_cache_bytes"]!)} keys and values at {(long)tokens:#,0} tokens = {Bytes((long)memory["total_bytes"]!)}"
            : $"{Bytes((long)memory["weights_bytes"]!)} weights");
        Line("tokenizer", json["tokenizer"] is { } tokenizer
            ? $"{tokenizer["kind"]}, {(int)tokenizer["vocabulary"]!:#,0} tokens, begins with {tokenizer["bos"]?.ToString() ?? "nothing"}, ends with {tokenizer["eos"]?.ToString() ?? "nothing"}"
            : "none: the model works by token ids");
        Line("chat template", (bool)json["chat_template"]! ? "present" : "none");
        Line("file", (string)file["path"]!);
        foreach (JsonNode? tensor in json["tensors"] as JsonArray ?? [])
            output.WriteLine($"  {tensor!["name"]}  {tensor["type"]} [{string.Join(", ", tensor["shape"]!.AsArray().Select(size => (string)size!.ToString()))}]");

        void Line(string name, string text) => output.WriteLine($"{name,-14} {text}");
    }

    /// <summary>A size in the unit that leaves one to four digits.</summary>
    public static string Bytes(long bytes) => bytes switch
    {
        < 10_000 => $"{bytes:#,0} bytes",
        < 10_000_000 => $"{bytes / 1e3:#,0} kB",
        < 10_000_000_000 => $"{bytes / 1e6:#,0} MB",
        _ => $"{bytes / 1e9:#,0.0} GB",
    };

    private static string Plain(JsonNode value) => value.GetValueKind() switch
    {
        System.Text.Json.JsonValueKind.True => "yes",
        System.Text.Json.JsonValueKind.False => "no",
        _ => value.ToString(),
    };
}
