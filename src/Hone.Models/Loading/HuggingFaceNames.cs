using Hone.Models.Formats;

namespace Hone.Models.Loading;

/// <summary>
/// The variations under which one weight is found: files of a bare model leave out the first part of a name, files of a model
/// with a head or inside a larger one put something in front, and old BERT files call a norm's gain and bias gamma and beta.
/// </summary>
internal static class HuggingFaceNames
{
    private static readonly string[] Roots = ["model", "transformer", "bert"];

    public static string? Find(IWeightFile file, string name) => Variations(name).FirstOrDefault(file.Entries.ContainsKey);

    private static IEnumerable<string> Variations(string name)
    {
        yield return name;
        int dot = name.IndexOf('.');
        if (Roots.Contains(name[..dot])) yield return name[(dot + 1)..];
        yield return $"language_model.{name}";
        yield return $"bert.{name}";
        string old = name.Replace("LayerNorm.weight", "LayerNorm.gamma", StringComparison.Ordinal).Replace("LayerNorm.bias", "LayerNorm.beta", StringComparison.Ordinal);
        if (old == name) yield break;
        yield return old;
        yield return $"bert.{old}";
    }
}
