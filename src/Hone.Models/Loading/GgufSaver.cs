using Hone.Core;
using Hone.Models.Config;
using Hone.Models.Decoder;
using Hone.Models.Formats;
using Hone.Tensors;
using Hone.Tensors.Ops;

namespace Hone.Models.Loading;

/// <summary>Writes a decoder as one GGUF file, in the order and under the names that llama.cpp expects.</summary>
public static class GgufSaver
{
    /// <summary>Writes the file, whole or not at all.</summary>
    /// <param name="path">The file; an older one is replaced at the end.</param>
    /// <param name="model">The model; adapters are not written.</param>
    /// <param name="type">Type of the matrices, as far as <see cref="GgufQuantization.TypeFor"/> lets it; vectors stay F32.</param>
    /// <param name="metadata">Further metadata, such as the tokenizer's; the model's own are put in front.</param>
    /// <param name="written">Hears of every batch of weights that goes to the file, by their number.</param>
    /// <exception cref="HoneException">The model uses something that the format has no place for.</exception>
    public static void Save(string path, LanguageModel model, WeightType type = WeightType.F16, GgufMetadata? metadata = null, Action<long>? written = null)
    {
        ModelSaver.RequireFullWeights(model);
        GgufMetadata all = new(path);
        GgufSettings.Write(all, model.Config);
        if (GgufQuantization.FileType(type) is { } fileType) all.Set("general.file_type", GgufValue.Of(fileType));
        foreach ((string key, GgufValue value) in metadata ?? []) all.Set(key, value);
        GgufWriter.Save(path, all, [.. RopeFactors(model.Config), .. Weights(model, type, written ?? (_ => { }))]);
    }

    /// <summary>Like the other overload, with the tokenizer, its chat template, the end tokens and a name.</summary>
    /// <returns>A sentence when llama.cpp may cut some texts differently, else null.</returns>
    /// <exception cref="HoneException">As for the other overload, and a tokenizer with more tokens than the model.</exception>
    public static string? Save(string path, LoadedModel loaded, WeightType type = WeightType.F16, Action<long>? written = null)
    {
        GgufMetadata metadata = new(path);
        metadata.Set("general.name", GgufValue.Of(System.IO.Path.GetFileNameWithoutExtension(loaded.Path.TrimEnd('/')) is { Length: > 0 } name ? name : "model"));
        string? note = GgufTokenizerMetadata.Write(metadata, loaded);
        Save(path, loaded.Model, type, metadata, written);
        return note;
    }

    private static IEnumerable<WeightSource> Weights(LanguageModel model, WeightType type, Action<long> written)
    {
        HashSet<string> merged = new(StringComparer.Ordinal);
        foreach (Parameter parameter in model.Parameters)
        {
            GgufPlace place = GgufNames.For(model.Config, parameter.Name);
            if (place.Expert < 0) yield return One(model.Config, parameter, place.Name, type, written);
            else if (merged.Add(place.Name)) yield return Experts(model, place.Name, parameter.Value.Shape, type, written);
        }
    }

    private static WeightSource One(ModelConfig config, Parameter parameter, string name, WeightType type, Action<long> written)
    {
        Shape shape = parameter.Value.Shape;
        bool swap = GgufNames.StoresAdjacentPairs(config) && WeightReading.IsRotated(parameter.Name);
        if (shape.Rank == 1) return WeightSource.FromFloats(name, WeightType.F32, [shape[0]], Vector(config, parameter, swap));
        int width = shape[1];
        return WeightSource.FromRows(name, TypeFor(config, name, type, [shape[0], width]), [shape[0], width], (first, rows, target) =>
        {
            written(rows * width);
            for (int i = 0; i < rows; i++)
            {
                long row = swap ? RotaryOrder.HalfSplitRow(first + i, config.HeadSize) : first + i;
                parameter.Value.Data.Slice((int)(row * width), width).CopyTo(target[(i * width)..]);
            }
        });
    }

    private static float[] Vector(ModelConfig config, Parameter parameter, bool swap)
    {
        float[] values = parameter.Value.Data.ToArray();
        if (swap)
            for (int i = 0; i < values.Length; i++) values[i] = parameter.Value.Data[(int)RotaryOrder.HalfSplitRow(i, config.HeadSize)];
        if (GgufNames.StoresGainPlusOne(config, parameter.Name))
            foreach (ref float value in values.AsSpan()) value += 1;
        return values;
    }

    private static WeightSource Experts(LanguageModel model, string name, Shape shape, WeightType type, Action<long> written)
    {
        Tensor[] experts = [.. model.Parameters.Where(p => GgufNames.For(model.Config, p.Name).Name == name)
            .OrderBy(p => GgufNames.For(model.Config, p.Name).Expert).Select(p => p.Value)];
        (int rows, int width) = (shape[0], shape[1]);
        long[] sizes = [experts.Length, rows, width];
        return WeightSource.FromRows(name, TypeFor(model.Config, name, type, sizes), sizes, (first, count, target) =>
        {
            written(count * width);
            for (int i = 0; i < count; i++)
            {
                (long expert, long row) = Math.DivRem(first + i, rows);
                experts[expert].Data.Slice((int)row * width, width).CopyTo(target[(i * width)..]);
            }
        });
    }

    private static WeightType TypeFor(ModelConfig config, string name, WeightType type, long[] shape) =>
        type == WeightType.F32 ? type : GgufQuantization.TypeFor(new WeightEntry(name, WeightType.F32, shape, 0), type, config.TiedHead);

    /// <summary>Divisors of the frequencies, where these do not follow from base and factor alone.</summary>
    private static IEnumerable<WeightSource> RopeFactors(ModelConfig config)
    {
        if (config.Rope is not { Scaling: RopeScaling.Llama3 or RopeScaling.LongRope } rope) yield break;
        bool one = rope.Scaling == RopeScaling.Llama3 || rope.ShortFactors.SequenceEqual(rope.LongFactors);
        if (one)
        {
            yield return Factors("rope_freqs.weight", rope, config, 1);
            yield break;
        }
        yield return Factors("rope_factors_long.weight", rope, config, rope.OriginalMaxPositions + 1);
        yield return Factors("rope_factors_short.weight", rope, config, 1);
    }

    private static WeightSource Factors(string name, RopeConfig rope, ModelConfig config, int length)
    {
        ReadOnlySpan<double> used = rope.Table(config.HeadSize, length).InverseFrequencies;
        double[] plain = RopeFrequencies.Default(rope.Dimensions, rope.Theta);
        float[] factors = new float[plain.Length];
        for (int i = 0; i < factors.Length; i++) factors[i] = (float)(plain[i] / used[i]);
        return WeightSource.FromFloats(name, WeightType.F32, [factors.Length], factors);
    }
}
