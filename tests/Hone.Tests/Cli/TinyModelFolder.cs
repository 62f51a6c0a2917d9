using System.Text.Json.Nodes;
using Hone.Models.Config;
using Hone.Models.Decoder;
using Hone.Models.Loading;
using Hone.Models.Tokenizers;

namespace Hone.Tests.Cli;

/// <summary>A random model of two small layers in a Hugging Face folder, with a tokenizer of whole words, gone with the test.</summary>
internal sealed class TinyModelFolder : IDisposable
{
    public const string Template = "{% for m in messages %}<q>{{ m.content }}<a>{% endfor %}";

    private readonly string root = Directory.CreateTempSubdirectory("hone-tiny-").FullName;

    /// <param name="template">Chat template; null for none.</param>
    /// <param name="hasTokenizer">Whether a tokenizer is saved with the model.</param>
    public TinyModelFolder(string? template = null, bool hasTokenizer = true)
    {
        Tokenizer = SeedTokenizer.Create(["Ann", "has", "cups", "and", "tea"]);
        if (template is not null) Tokenizer = Tokenizer.WithChatTemplate(template);
        Loaded = new LoadedModel(Random(Tokenizer.VocabularySize), null, hasTokenizer ? Tokenizer : null);
        ModelSaver.Save(Path, Loaded);
    }

    public string Path => this["model"];

    public Tokenizer Tokenizer { get; }

    public LoadedModel Loaded { get; }

    /// <summary>A path beside the model.</summary>
    public string this[string name] => System.IO.Path.Combine(root, name);

    /// <summary>Writes a file beside the model and gives its path.</summary>
    public string Write(string name, params string[] lines)
    {
        File.WriteAllLines(this[name], lines);
        return this[name];
    }

    public void Dispose() => Directory.Delete(root, recursive: true);

    public static LanguageModel Random(int vocabulary)
    {
        LanguageModel model = new(ModelConfig.FromJson(new JsonObject
        {
            ["model_type"] = "llama",
            ["vocab_size"] = vocabulary,
            ["hidden_size"] = 32,
            ["intermediate_size"] = 64,
            ["num_hidden_layers"] = 2,
            ["num_attention_heads"] = 4,
            ["num_key_value_heads"] = 2,
            ["max_position_embeddings"] = 128,
            ["eos_token_id"] = 0,
            ["tie_word_embeddings"] = true,
        }));
        ModelInit.Randomise(model, new RandomStream(7, "tiny"), new InitOptions { EmbeddingDeviation = 1, MatrixDeviation = 0.3f });
        return model;
    }
}
