using System.Text.Json.Nodes;
using Hone.Core;
using Hone.Inference;
using Hone.Models.Config;
using Hone.Models.Decoder;
using Hone.Models.Formats;
using Hone.Models.Loading;
using Hone.Models.Tokenizers;
using Hone.Tensors;
using Hone.Tensors.Threads;
using Hone.Training.Batching;
using Hone.Training.Objectives.Preference;

namespace Hone.Methods.Preference;

/// <summary>
/// A decoder with a score instead of a vocabulary at its end, as Hugging Face's sequence classifiers with one label are stored:
/// <c>score.weight</c> [1, C] beside the backbone's weights.
/// </summary>
public sealed class RewardModel
{
    private const string ScoreName = "score.weight", Classifier = "ForSequenceClassification", Causal = "ForCausalLM";

    private RewardModel(TextModel text, Parameter score) => (Text, Score) = (text, score);

    /// <summary>Backbone and tokenizer.</summary>
    public TextModel Text { get; }

    /// <summary>[1, C].</summary>
    public Parameter Score { get; }

    /// <summary>Opens a saved reward model, or puts a fresh score on a language model.</summary>
    /// <param name="path">Folder or file.</param>
    /// <param name="tokenizer">Where the tokenizer is, where not with the model; null for there.</param>
    /// <param name="random">Draws a fresh score.</param>
    /// <param name="workers">Threads.</param>
    /// <exception cref="HoneException">Not readable, or a classifier with several labels.</exception>
    public static RewardModel Open(string path, string? tokenizer, RandomStream random, WorkerPool workers)
    {
        path = ModelFiles.Locate(path);
        if (ClassifierConfig(path) is not { } config)
        {
            TextModel text = tokenizer is null ? TextModel.Open(path, workers) : TextModel.Open(path, tokenizer, workers);
            if (text.Model.Config.Layout == WeightLayout.Gpt2) throw new HoneException($"{path}: reward models of GPT-2's layout are not supported; use a model of another family.");
            Parameter fresh = new(ScoreName, Tensor.Create((1, text.Model.Config.HiddenSize), true));
            random.FillNormal(fresh.Value.Data, 0, 0.02f); // the initializer_range of most families
            return new(text, fresh);
        }
        using IWeightFile file = ModelFiles.Open(path);
        // A classifier has no output projection; a tied one costs nothing.
        config["architectures"]![0] = ((string)config["architectures"]![0]!).Replace(Classifier, Causal);
        config["tie_word_embeddings"] = true;
        LanguageModel model = new(ModelConfig.FromJson(config, path));
        foreach (Parameter parameter in model.Parameters) file.ReadTensor(path, parameter.Name, parameter.Value);
        if (!file.Entries.TryGetValue(ScoreName, out WeightEntry? entry) || entry.Count != model.Config.HiddenSize)
            throw new HoneException($"{path}: a reward model needs {ScoreName} of shape [1, {model.Config.HiddenSize}].");
        Parameter score = new(ScoreName, Tensor.Create((1, model.Config.HiddenSize), true));
        file.ReadTensor(path, ScoreName, score.Value);
        LoadedModel loaded = new(model, null, Tokenizer.Load(tokenizer ?? path)) { Path = path };
        return new(new TextModel(loaded, workers), score);
    }

    /// <summary>Whether a folder holds a reward model that was trained.</summary>
    public static bool IsSaved(string path) => ClassifierConfig(path) is not null;

    /// <summary>Rewards of whole sequences, [sequences].</summary>
    /// <param name="sequences">[sequences][tokens].</param>
    /// <param name="microTokens">Tokens per forward pass at most.</param>
    public double[] ScoresOf(IReadOnlyList<int[]> sequences, int microTokens = 4096)
    {
        List<double> scores = new(sequences.Count);
        using Tape tape = new(Text.Workers, recording: false);
        foreach (TrainingBatch batch in TrainingBatch.Split([.. sequences.Select(ids => new TrainingExample(TrainingSequence.Whole(ids)))], microTokens))
        {
            tape.Reset();
            foreach (float score in RewardObjective.Scores(Text.Model, Score, tape, batch).Data) scores.Add(score);
        }
        tape.Reset();
        tape.Memory.Dispose();
        return [.. scores];
    }

    /// <summary>Writes a folder that this class and Hugging Face's sequence classifiers read.</summary>
    public void Save(string folder) => AtomicFile.WriteFolder(folder, temporary =>
    {
        ModelSaver.Save(temporary, Text.Loaded, WeightType.F32);
        foreach (string old in Directory.GetFiles(temporary, "model*.safetensors*")) File.Delete(old);
        SafetensorsWriter.Save(
            Path.Combine(temporary, "model.safetensors"),
            Text.Model.Parameters.Where(p => !p.Name.StartsWith("lm_head", StringComparison.Ordinal)).Append(Score).Select(p => p.Value.ToWeightSource(p.Name)),
            SafetensorsWriter.PyTorchMetadata);
        string path = Path.Combine(temporary, "config.json");
        JsonObject config = JsonNode.Parse(File.ReadAllText(path))!.AsObject();
        config["architectures"]![0] = ((string)config["architectures"]![0]!).Replace(Causal, Classifier);
        config["id2label"] = new JsonObject { ["0"] = "LABEL_0" };
        config["label2id"] = new JsonObject { ["LABEL_0"] = 0 };
        AtomicFile.WriteText(path, config.ToJsonString(Jsonl.Indented) + "\n");
    });

    /// <summary>The settings of a folder that holds a classifier, else null.</summary>
    private static JsonObject? ClassifierConfig(string path)
    {
        string file = Path.Combine(path, "config.json");
        if (!File.Exists(file)) return null;
        JsonObject config = JsonFile.ReadObject(file);
        return (config["architectures"] as JsonArray)?.FirstOrDefault()?.ToString().EndsWith(Classifier, StringComparison.Ordinal) == true ? config : null;
    }
}
