using Hone.Models.Formats;
using Hone.Models.Loading;

namespace Hone.Cli.Options;

/// <summary>Writes models to the form their path asks for: one GGUF file for a name ending in .gguf, else a Hugging Face folder.</summary>
internal static class ModelOutput
{
    /// <summary>Types a GGUF file can be written in.</summary>
    public static IReadOnlyList<WeightType> GgufTypes { get; } =
        [WeightType.F32, WeightType.F16, WeightType.BF16, WeightType.Q8_0, WeightType.Q6_K, WeightType.Q5_K, WeightType.Q5_1, WeightType.Q5_0, WeightType.Q4_K, WeightType.Q4_1, WeightType.Q4_0];

    /// <summary>Types of a Hugging Face folder.</summary>
    public static IReadOnlyList<WeightType> FolderTypes { get; } = [WeightType.F32, WeightType.F16, WeightType.BF16];

    public static bool IsGguf(string path) => path.EndsWith(".gguf", StringComparison.OrdinalIgnoreCase);

    /// <summary>A type by its name, whatever the case.</summary>
    /// <exception cref="HoneException">Not one of those allowed.</exception>
    public static WeightType ParseType(string name, IReadOnlyList<WeightType> allowed)
    {
        string wanted = name.Replace('-', '_');
        foreach (WeightType type in allowed)
            if (string.Equals(type.ToString(), wanted, StringComparison.OrdinalIgnoreCase)) return type;
        throw new HoneException($"--type: '{name}' is not one of {string.Join(", ", allowed)}.");
    }

    /// <summary>Writes the model, whole or not at all.</summary>
    /// <exception cref="HoneException">The format has no place for something the model uses, or the target exists and is no model.</exception>
    public static void Save(CommandRun run, string path, LoadedModel loaded, WeightType type)
    {
        string name = Path.GetFileName(Path.TrimEndingDirectorySeparator(path));
        using IProgressTask progress = run.Reporter.Start($"writing {name}", loaded.Model.ParameterCount, "weights");
        if (IsGguf(path))
        {
            if (GgufSaver.Save(path, loaded, type, count => progress.Advance(count)) is { } note) run.Reporter.Warn(note);
            return;
        }
        CheckReplaceable(path);
        AtomicFile.WriteFolder(path, folder => ModelSaver.Save(folder, loaded, type));
    }

    /// <summary>A folder is replaced whole: only one that holds a model, or nothing, may be.</summary>
    private static void CheckReplaceable(string path)
    {
        if (File.Exists(path)) throw new HoneException($"{path}: is a file. Give a name ending in .gguf, or that of a folder.");
        if (Directory.Exists(path) && Directory.EnumerateFileSystemEntries(path).Any() && !File.Exists(Path.Combine(path, "config.json")))
            throw new HoneException($"{path}: this folder holds other things than a model, and would be replaced. Give another one.");
    }
}
