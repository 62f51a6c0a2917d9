using Hone.Core;
using Hone.Inference;
using Hone.Models.Loading;
using Hone.Models.Tokenizers;
using Hone.Tensors;

namespace Hone.Methods.TinyLm;

/// <summary>The untrained model of small-scale experiments: 3 layers, 64 wide, some 150,000 weights besides those of its words.</summary>
internal static class ExperimentModel
{
    private static readonly SeedSize Shape = new("experiment", 3, 64, 2, 176);

    /// <summary>A model whose weights can all be trained.</summary>
    public static TextModel Create(Tokenizer tokenizer, RunContext run)
    {
        TextModel model = new(new LoadedModel(SeedModel.Create(Shape, tokenizer.VocabularySize, run.Rng("init")), null, tokenizer));
        foreach (Parameter parameter in model.Model.Parameters) parameter.Trainable = true;
        return model;
    }
}
