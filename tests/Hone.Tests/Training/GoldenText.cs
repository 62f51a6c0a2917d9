using Hone.Models.Templates;
using Hone.Models.Text;
using Hone.Models.Tokenizers;

namespace Hone.Tests.Training;

/// <summary>The tokenizers of the recorded text values.</summary>
internal static class GoldenText
{
    /// <param name="name"><c>tok</c>, or <c>smol</c> for SmolLM2's.</param>
    public static ModelText Open(string name)
    {
        string path = name == "tok"
            ? SharedData.Require(GoldenModels.Folder + "models/tok")
            : Directory.GetFiles(SharedData.Require("models/smollm2-135m-instruct"), "*.gguf")[0];
        Tokenizer tokenizer = Tokenizer.Load(path);
        Dictionary<string, string> special = new() { ["eos_token"] = tokenizer.Names.Eos!, ["bos_token"] = tokenizer.Names.Bos! };
        return new ModelText(tokenizer, new ConversationRenderer(ChatTemplate.Parse(tokenizer.ChatTemplate!), special), [tokenizer.EosId!.Value]);
    }
}
