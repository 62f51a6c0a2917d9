using Hone.Inference;
using Hone.Inference.Sampling;
using Hone.Models.Decoder;
using Hone.Tensors;
using Hone.Tensors.Memory;

namespace Hone.Tests.Inference;

public sealed class MemoryTests
{
    /// <summary>Without a way back activations of one layer are held at a time: four times the layers need hardly more memory.</summary>
    [Fact]
    public void Memory_of_a_forward_pass_hardly_grows_with_the_number_of_layers()
    {
        long few = Peak(2), many = Peak(8);
        Assert.True(many < 1.5 * few, $"2 layers: {few} bytes, 8 layers: {many}");
    }

    /// <summary>Small fixed objects per step (lists, batch arrays), nothing that grows with vocabulary or width.</summary>
    [Fact]
    public void A_generated_token_allocates_little_on_the_managed_heap()
    {
        Engine engine = new(TinyModels.Llama());
        GenerationRequest request = new() { Prompt = [1, 2, 3], Samples = 8, MaxTokens = 20, StopIds = [], Sampling = new SamplingOptions { TopK = 10, TopP = 0.9 } };
        engine.Generate(request);
        long before = GC.GetAllocatedBytesForCurrentThread(); // other tests run beside this one
        engine.Generate(request with { MaxTokens = 120 });
        double perToken = (GC.GetAllocatedBytesForCurrentThread() - before) / (8 * 120.0);
        Assert.True(perToken < 8000, $"{perToken} bytes per token");
    }

    private static long Peak(int layers)
    {
        LanguageModel model = TinyModels.Llama(layers);
        using BufferPool memory = new();
        using Tape tape = new(memory: memory, recording: false);
        model.Hidden(tape, TokenBatch.Of([.. Enumerable.Range(0, 200).Select(i => i % TinyModels.Vocabulary)]));
        return memory.PeakBytes;
    }
}
