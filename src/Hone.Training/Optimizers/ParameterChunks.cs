using Hone.Tensors;
using Hone.Tensors.Threads;

namespace Hone.Training.Optimizers;

/// <summary>
/// Cuts a list of parameters into pieces of at most 16,384 numbers, so that one hand-over to the workers covers the whole
/// update however many small parameters there are. The cut does not depend on the number of threads, so sums over pieces do
/// not either.
/// </summary>
internal sealed class ParameterChunks
{
    private const int ChunkLength = 16384;
    private readonly (int Parameter, int Start, int Length)[] chunks;

    public ParameterChunks(IReadOnlyList<Parameter> parameters)
    {
        List<(int, int, int)> list = [];
        for (int p = 0; p < parameters.Count; p++)
            for (int start = 0; start < parameters[p].Value.Count; start += ChunkLength)
                list.Add((p, start, Math.Min(ChunkLength, parameters[p].Value.Count - start)));
        chunks = [.. list];
    }

    public int Count => chunks.Length;

    /// <summary>Runs <paramref name="body"/> once per piece, pieces spread over the workers.</summary>
    public void ForEach<TBody>(WorkerPool workers, TBody body) where TBody : struct, IChunkBody
    {
        Job<TBody> job = new(chunks, body);
        workers.For(chunks.Length, 1, ref job);
    }

    private readonly struct Job<TBody>((int Parameter, int Start, int Length)[] chunks, TBody body) : IRangeJob
        where TBody : struct, IChunkBody
    {
        public void Run(int worker, int start, int end)
        {
            for (int i = start; i < end; i++) body.Run(i, chunks[i].Parameter, chunks[i].Start, chunks[i].Length);
        }
    }
}

/// <summary>Work on one piece of one parameter.</summary>
internal interface IChunkBody
{
    void Run(int chunk, int parameter, int start, int length);
}
