using Hone.Models.Formats;

namespace Hone.Models.Loading;

/// <summary>
/// Files of a bare model (without its head) leave out the first part of a name, and files that hold a text model inside a larger
/// one put something in front of it.
/// </summary>
internal static class HuggingFaceNames
{
    public static string? Find(IWeightFile file, string name)
    {
        if (file.Entries.ContainsKey(name)) return name;
        int dot = name.IndexOf('.');
        string bare = name[(dot + 1)..];
        if (name[..dot] is "model" or "transformer" && file.Entries.ContainsKey(bare)) return bare;
        string inner = $"language_model.{name}";
        return file.Entries.ContainsKey(inner) ? inner : null;
    }
}
