using System.Text.Json.Nodes;
using Hone.Models.Decoder;
using Hone.Models.Formats;
using Hone.Tensors;
using Hone.Training.Adapters;

namespace Hone.Tests.Training;

/// <summary>Adapters beside PEFT's own files, logits and merged weights.</summary>
public class PeftGoldenTests
{
    private const string Folder = GoldenModels.Folder + "peft/";

    private static IEnumerable<JsonObject> Rows => GoldenJson.Rows(Folder + "peft.jsonl");

    [Fact]
    public void Saved_adapters_load_give_the_logits_save_merge_and_unmerge()
    {
        List<string> done = [];
        foreach (JsonObject row in Rows.Where(r => r["merged_weights"] is not null))
        {
            string id = (string)row["id"]!;
            LanguageModel model = GoldenModels.Load((string)row["base"]!);
            float[] original = GoldenModels.Logits(model, row["input_ids"]!);
            CheckLogits(id + ".base", original);
            Dictionary<string, float[]> before = model.Parameters.ToDictionary(p => p.Name, p => p.Value.Data.ToArray());
            string files = SharedData.Require(GoldenModels.Folder + "peft/" + (string)row["adapter"]!);
            IModelAdapter adapter = ModelAdapter.Load(model, files);
            float[] adapted = GoldenModels.Logits(model, row["input_ids"]!);
            CheckLogits(id + ".adapter", adapted);
            CheckScalings(row, adapter);
            CheckSwitch(row, model, adapter, original);
            CheckSaved(row, model, adapter, files, adapted);
            CheckMerge(row, model, adapter, adapted, before);
            done.Add(id);
        }
        Assert.Equal(10, done.Count);
    }

    [Fact]
    public void An_adapted_embedding_of_a_tied_model_works_apart_and_refuses_to_merge()
    {
        JsonObject row = Rows.Single(r => (string)r["id"]! == "lora_embedding_tied");
        LanguageModel model = GoldenModels.Load((string)row["base"]!);
        CheckLogits("lora_embedding_tied.base", GoldenModels.Logits(model, row["input_ids"]!));
        IModelAdapter adapter = ModelAdapter.Load(model, SharedData.Require(Folder + (string)row["adapter"]!));
        CheckLogits("lora_embedding_tied.adapter", GoldenModels.Logits(model, row["input_ids"]!));
        Assert.Contains("same matrix", Assert.Throws<HoneException>(adapter.Merge).Message);
    }

    [Fact]
    public void Pissa_starts_from_the_principal_part_and_its_conversion_fits_the_original_base()
    {
        JsonObject row = Rows.Single(r => (string)r["id"]! == "pissa");
        LanguageModel model = GoldenModels.Load((string)row["base"]!);
        float[] original = GoldenModels.Logits(model, row["input_ids"]!);
        CheckLogits("pissa.base", original);
        LoraConfig config = new() { Rank = (int)row["r"]!, Alpha = (double)row["lora_alpha"]!, Init = LoraConfig.PissaInit, Targets = ["q_proj", "v_proj", "down_proj"] };
        LoraModel lora = LoraModel.Attach(model, config, new RandomStream(0, "pissa"));
        foreach ((string module, JsonNode? init) in row["init"]!.AsObject())
        {
            LoraLayer layer = lora.Layers.Single(l => l.Layer.Name == module);
            GoldenModels.CheckSums(init!["scaling_times_BA"]!.AsObject(), Product(layer), 2e-6, module + " sBA");
            GoldenModels.CheckSums(init["residual_weight"]!.AsObject(), layer.Layer.Weight.Value.Data, 2e-6, module + " residual");
        }
        GoldenModels.Near(original, GoldenModels.Logits(model, row["input_ids"]!), 2e-5, "logits at the start");

        foreach (LoraLayer layer in lora.Layers) new RandomStream(1, layer.Layer.Name).FillNormal(layer.B.Value.Data, 0, 0.3f); // as if trained
        float[] trained = GoldenModels.Logits(model, row["input_ids"]!);
        string folder = Directory.CreateTempSubdirectory().FullName;
        lora.Save(folder);
        LanguageModel fresh = GoldenModels.Load((string)row["base"]!);
        Assert.All(LoraModel.Load(fresh, folder).Layers, l => Assert.Equal((8, 1f), (l.Rank, l.Scaling)));
        GoldenModels.Near(trained, GoldenModels.Logits(fresh, row["input_ids"]!), 2e-5, "converted");
        Directory.Delete(folder, recursive: true);

        LanguageModel theirs = GoldenModels.Load((string)row["base"]!);
        ModelAdapter.Load(theirs, SharedData.Require(Folder + (string)row["adapter"]!));
        CheckLogits("pissa.adapter", GoldenModels.Logits(theirs, row["input_ids"]!));
    }

    [Fact]
    public void Combinations_equal_peft()
    {
        int done = 0;
        foreach (JsonObject row in Rows.Where(r => ((string)r["id"]!).StartsWith("combine_", StringComparison.Ordinal)))
        {
            string id = (string)row["id"]!;
            CombinationType type = Enum.Parse<CombinationType>(((string)row["combination_type"]!).Replace("_", ""), ignoreCase: true);
            double[] weights = GoldenJson.Flat(row["weights"]!);
            LanguageModel model = GoldenModels.Load((string?)row["base"] ?? "models/llama");
            if (row["error"] is not null)
            {
                string[] unequal = [SharedData.Require(Folder + "adapters/comb_a_4_2"), SharedData.Require(Folder + "adapters/comb_b_4_2")];
                Assert.Contains("same rank", Assert.Throws<HoneException>(() => AdapterCombination.Combine(model, unequal, weights, type)).Message);
                done++;
                continue;
            }
            string[] folders = [.. row["adapters"]!.AsArray().Select(a => SharedData.Require(Folder + (string)a!))];
            JsonObject arguments = row["arguments"]!.AsObject();
            LoraModel lora = AdapterCombination.Combine(model, folders, weights, type, (double?)arguments["density"] ?? 1, (int?)arguments["svd_rank"] ?? 0);
            foreach ((string module, JsonNode? delta) in row["delta"]!.AsObject())
            {
                LoraLayer layer = lora.Layers.Single(l => l.Layer.Name == module);
                Assert.Equal(((int)delta!["rank"]!, (float)(double)delta["scaling"]!), (layer.Rank, layer.Scaling));
                GoldenModels.CheckSums(delta.AsObject(), Product(layer), 2e-6, $"{id} {module}");
            }
            CheckLogits(id + ".adapter", GoldenModels.Logits(model, row["input_ids"]!));
            done++;
        }
        GoldenJson.AllDone(9, done);
    }

    private static void CheckLogits(string name, float[] actual)
    {
        using SafetensorsFile file = new(SharedData.Require(Folder + "logits.safetensors"));
        GoldenModels.Near(GoldenModels.Recorded(file, name), actual, 2e-5, name);
    }

    private static void CheckScalings(JsonObject row, IModelAdapter adapter)
    {
        if (adapter is not LoraModel lora) return;
        foreach ((string module, JsonNode? expected) in row["modules"]!.AsObject())
        {
            if (expected!["r"] is null) continue;
            (int rank, float scaling) = lora.Layers.FirstOrDefault(l => l.Layer.Name == module) is { } layer
                ? (layer.Rank, layer.Scaling) : (lora.Embedding!.Rank, lora.Embedding.Scaling);
            Assert.Equal((int)expected["r"]!, rank);
            GoldenModels.Near((double)expected["scaling"]!, scaling, 1e-7, module);
        }
    }

    private static void CheckSwitch(JsonObject row, LanguageModel model, IModelAdapter adapter, float[] original)
    {
        adapter.Enable(false);
        float[] off = GoldenModels.Logits(model, row["input_ids"]!);
        double difference = off.Zip(original, (a, b) => Math.Abs(a - b)).Max();
        GoldenModels.Near((double)row["adapter_off_minus_base_max_abs"]!, difference, 2e-6, $"{row["id"]} switched off");
        adapter.Enable(true);
    }

    private static void CheckSaved(JsonObject row, LanguageModel model, IModelAdapter adapter, string theirs, float[] adapted)
    {
        string folder = Directory.CreateTempSubdirectory().FullName;
        adapter.Save(folder);
        using (SafetensorsFile ours = new(Path.Combine(folder, "adapter_model.safetensors")), file = new(Path.Combine(theirs, "adapter_model.safetensors")))
        {
            string[] names = [.. row["saved_tensors"]!.AsObject().Select(t => t.Key).Where(n => !n.EndsWith(".base_layer.weight", StringComparison.Ordinal))];
            Assert.Equal(names.Order(), ours.Entries.Keys.Order());
            foreach (string name in names)
            {
                Assert.Equal(file.Entries[name].Shape, ours.Entries[name].Shape);
                Assert.Equal(GoldenModels.Recorded(file, name), GoldenModels.Recorded(ours, name));
            }
        }
        LanguageModel fresh = GoldenModels.Load((string)row["base"]!);
        ModelAdapter.Load(fresh, folder);
        Assert.Equal(adapted, GoldenModels.Logits(fresh, row["input_ids"]!));
        Directory.Delete(folder, recursive: true);
    }

    private static void CheckMerge(JsonObject row, LanguageModel model, IModelAdapter adapter, float[] adapted, Dictionary<string, float[]> before)
    {
        adapter.Merge();
        foreach ((string name, JsonNode? sums) in row["merged_weights"]!.AsObject())
            GoldenModels.CheckSums(sums!.AsObject(), model[name].Value.Data, 1e-6, $"{row["id"]} merged {name}");
        GoldenModels.Near(adapted, GoldenModels.Logits(model, row["input_ids"]!), 5e-5, $"{row["id"]} merged logits");
        adapter.Unmerge();
        Assert.Equal(adapted, GoldenModels.Logits(model, row["input_ids"]!));
        HashSet<string> whole = [.. adapter.Parameters.Select(p => p.Name)];
        foreach (Parameter parameter in model.Parameters.Where(p => !whole.Contains(p.Name)))
            Assert.Equal(before[parameter.Name], parameter.Value.Data.ToArray());
    }

    /// <summary>s · B A, [out, in].</summary>
    private static float[] Product(LoraLayer layer)
    {
        (int rank, int inputs, int outputs) = (layer.Rank, layer.Layer.Inputs, layer.Layer.Outputs);
        float[] a = layer.A.Value.Data.ToArray(), b = layer.B.Value.Data.ToArray(), result = new float[outputs * inputs];
        for (int o = 0; o < outputs; o++)
            for (int i = 0; i < inputs; i++)
                result[o * inputs + i] = (float)(layer.Scaling * Enumerable.Range(0, rank).Sum(k => (double)b[o * rank + k] * a[k * inputs + i]));
        return result;
    }
}
