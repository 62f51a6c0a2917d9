using System.Text.RegularExpressions;
using Hone.Core;

namespace Hone.Models.Formats.Hub;

/// <summary>Which files of a model a run needs. Everything else, such as weights in other frameworks' formats, stays on the hub.</summary>
internal static partial class HubSelection
{
    /// <summary>Chooses files.</summary>
    /// <param name="files">All files of the model.</param>
    /// <param name="gguf">Part of the name of the GGUF file to fetch instead of safetensors; null for safetensors.</param>
    /// <param name="model">For messages.</param>
    /// <exception cref="HoneException">No weights, or a GGUF name that fits none or several.</exception>
    public static IReadOnlyList<HubFile> Choose(IReadOnlyList<HubFile> files, string? gguf, string model)
    {
        HubFile[] small = [.. files.Where(file => SmallPattern().IsMatch(file.Path))];
        return [.. small, .. gguf is null ? Safetensors(files, model) : [Gguf(files, gguf, model)]];
    }

    private static IEnumerable<HubFile> Safetensors(IReadOnlyList<HubFile> files, string model)
    {
        HubFile[] weights = [.. files.Where(file => file.Path.EndsWith(".safetensors", StringComparison.Ordinal) && !file.Path.Contains('/'))];
        HubFile[] modules = [.. files.Where(file => ModulePattern().IsMatch(file.Path))];
        if (weights.FirstOrDefault(file => file.Path == ModelFiles.SafetensorsName) is { } single) return [single, .. modules];
        if (files.FirstOrDefault(file => file.Path == ModelFiles.IndexName) is { } index)
            return [index, .. weights.Where(file => ShardPattern().IsMatch(file.Path)), .. modules];
        if (weights.Length > 0) return [.. weights, .. modules];
        string[] ggufs = GgufNames(files);
        throw new HoneException(ggufs.Length > 0
            ? $"{model} has no safetensors, but these GGUF files; name one of them: {string.Join(", ", ggufs.Take(30))}."
            : $"{model} has no safetensors and no GGUF file, so there are no weights here that can be read.");
    }

    private static HubFile Gguf(IReadOnlyList<HubFile> files, string wanted, string model)
    {
        HubFile[] all = [.. files.Where(file => file.Path.EndsWith(".gguf", StringComparison.OrdinalIgnoreCase))];
        HubFile[] fitting = [.. all.Where(file => file.Path.Contains(wanted, StringComparison.OrdinalIgnoreCase))];
        HubFile? exact = all.FirstOrDefault(file => file.Path.Equals(wanted, StringComparison.OrdinalIgnoreCase));
        if (exact is not null) return exact;
        if (fitting.Length == 1) return fitting[0];
        string known = all.Length == 0 ? "It has no GGUF file." : $"It has {string.Join(", ", GgufNames(files).Take(30))}.";
        throw new HoneException(
            $"{model}: {(fitting.Length == 0 ? "no" : $"{fitting.Length}")} GGUF files fit '{wanted}', expected one. {known}");
    }

    private static string[] GgufNames(IReadOnlyList<HubFile> files) =>
        [.. files.Select(file => file.Path).Where(path => path.EndsWith(".gguf", StringComparison.OrdinalIgnoreCase)).Order(StringComparer.Ordinal)];

    /// <summary>Configuration, tokenizer and template; modules.json and the numbered folders belong to sentence encoders.</summary>
    [GeneratedRegex(@"\A(config.*\.json|generation_config\.json|tokenizer.*\.json|tokenizer\.model|.*\.(tiktoken|spm)|spiece\.model|sentencepiece.*\.model"
        + @"|vocab\.(json|txt)|merges\.txt|special_tokens_map\.json|added_tokens\.json|chat_template\..*|(pre)?processor_config\.json"
        + @"|preprocessor_config\.json|modules\.json|sentence_.*\.json|adapter_config\.json|\d+_\w+/config\.json)\z")]
    private static partial Regex SmallPattern();

    [GeneratedRegex(@"\A\d+_\w+/model\.safetensors\z")]
    private static partial Regex ModulePattern();

    [GeneratedRegex(@"\Amodel-\d+-of-\d+\.safetensors\z")]
    private static partial Regex ShardPattern();
}
