using Hone.Core;
using Hone.Models.Config;
using Hone.Models.Decoder;
using Hone.Models.Formats;
using Hone.Tensors;

namespace Hone.Models.Loading;

/// <summary>Fills a model's weights from a file, whatever names and orders the file uses.</summary>
internal static class WeightReading
{
    /// <summary>Reads all weights; several at once, since decoding blocks takes longer than reading them.</summary>
    /// <exception cref="HoneException">A weight is missing or has another shape.</exception>
    public static void Fill(LanguageModel model, IWeightFile file, string source) => ReadAll(model.Parameters, Reader(model.Config, file, source));

    /// <summary>Reads one weight of a decoder by its name.</summary>
    public static Action<Parameter> Reader(ModelConfig config, IWeightFile file, string source) => file switch
    {
        GgufFile => p => FromGguf(config, file, source, p),
        Llama2cFile llama => p => FromLlama2c(config, llama, source, p),
        _ => p => FromHuggingFace(file, source, p, LanguageModel.IsStoredTransposed(config, p)),
    };

    /// <summary>Reads one weight that is stored as it is in memory.</summary>
    public static Action<Parameter> PlainReader(IWeightFile file, string source) => p => FromHuggingFace(file, source, p, transposed: false);

    /// <summary>
    /// Refuses settings that ask for more weights than the file has, before memory is taken for them: a few characters of a
    /// config.json must not be able to ask for terabytes.
    /// </summary>
    public static void CheckCount(IWeightFile file, long expected, string source)
    {
        long there = file.Entries.Values.Sum(entry => entry.Count);
        if (expected > there)
            throw new HoneException($"{source}: the settings make a model of {expected} weights, the file has {there}. It is incomplete, or of another model than its settings say.");
    }

    /// <summary>Reads weights that are stored as they are in memory, from safetensors.</summary>
    public static void Fill(IReadOnlyList<Parameter> parameters, IWeightFile file, string source) =>
        ReadAll(parameters, PlainReader(file, source));

    private static void ReadAll(IReadOnlyList<Parameter> parameters, Action<Parameter> read)
    {
        try
        {
            Parallel.ForEach(parameters, read);
        }
        catch (AggregateException errors) when (errors.InnerExceptions.OfType<HoneException>().FirstOrDefault() is { } first)
        {
            throw new HoneException(first.Message, errors);
        }
    }

    private static void FromHuggingFace(IWeightFile file, string source, Parameter parameter, bool transposed)
    {
        string name = HuggingFaceNames.Find(file, parameter.Name) ?? throw Missing(source, parameter.Name);
        if (!transposed)
        {
            Check(source, file.Entries[name], parameter.Value.Shape);
            file.ReadRows(name, 0, file.Entries[name].Rows, parameter.Value.Data);
            return;
        }
        (int outputs, int inputs) = (parameter.Value.Shape[0], parameter.Value.Shape[1]);
        Check(source, file.Entries[name], (inputs, outputs));
        float[] stored = new float[parameter.Value.Count];
        file.ReadRows(name, 0, inputs, stored);
        Transpose.Copy(stored, inputs, outputs, parameter.Value.Data);
    }

    private static void FromLlama2c(ModelConfig config, Llama2cFile file, string source, Parameter parameter)
    {
        WeightEntry entry = file.Entries.GetValueOrDefault(parameter.Name) ?? throw Missing(source, parameter.Name);
        Check(source, entry, parameter.Value.Shape);
        if (IsRotated(parameter.Name)) RotaryOrder.ReadAsHalfSplit(file, entry.Name, config.HeadSize, 0, entry.Rows, parameter.Value.Data);
        else file.ReadRows(entry.Name, 0, entry.Rows, parameter.Value.Data);
    }

    private static void FromGguf(ModelConfig config, IWeightFile file, string source, Parameter parameter)
    {
        GgufPlace place = GgufNames.For(config, parameter.Name);
        if (place.Expert >= 0 && !file.Entries.ContainsKey(place.Name)) place = Unmerged(place);
        WeightEntry entry = file.Entries.GetValueOrDefault(place.Name) ?? throw Missing(source, place.Name);
        Span<float> data = parameter.Value.Data;
        long rows = parameter.Value.Shape.Rows;
        if (place.Expert >= 0)
        {
            CheckExpert(source, entry, parameter.Value.Shape, place.Expert);
            file.ReadRows(place.Name, place.Expert * rows, rows, data);
            return;
        }
        Check(source, entry, parameter.Value.Shape);
        if (GgufNames.StoresAdjacentPairs(config) && IsRotated(parameter.Name))
            RotaryOrder.ReadAsHalfSplit(file, place.Name, config.HeadSize, 0, entry.Shape.Count == 1 ? entry.Count : rows, data);
        else file.ReadRows(place.Name, 0, rows, data);
        if (GgufNames.StoresGainPlusOne(config, parameter.Name))
            foreach (ref float gain in data) gain -= 1;
    }

    /// <summary>Older files hold one tensor per expert: <c>blk.0.ffn_gate.3.weight</c>.</summary>
    private static GgufPlace Unmerged(GgufPlace place) => new(place.Name.Replace("_exps.", $".{place.Expert}.", StringComparison.Ordinal));

    internal static bool IsRotated(string name) => name.Contains(".self_attn.q_proj.", StringComparison.Ordinal) || name.Contains(".self_attn.k_proj.", StringComparison.Ordinal);

    private static void Check(string source, WeightEntry entry, Shape expected)
    {
        bool same = entry.Shape.Count == expected.Rank;
        for (int i = 0; same && i < expected.Rank; i++) same = entry.Shape[i] == expected[i];
        if (!same)
            throw new HoneException($"{source}: tensor '{entry.Name}' has shape [{string.Join(", ", entry.Shape)}], but the settings make it {expected}. Weights and config do not belong together.");
    }

    private static void CheckExpert(string source, WeightEntry entry, Shape expected, int expert)
    {
        if (entry.Shape.Count != 3 || entry.Shape[0] <= expert || entry.Shape[1] != expected[0] || entry.Shape[2] != expected[1])
            throw new HoneException($"{source}: tensor '{entry.Name}' has shape [{string.Join(", ", entry.Shape)}]; expected [experts, {expected[0]}, {expected[1]}].");
    }

    private static HoneException Missing(string source, string name) => new($"{source}: tensor '{name}' is missing. The file is incomplete, or of another model than its settings say.");
}
