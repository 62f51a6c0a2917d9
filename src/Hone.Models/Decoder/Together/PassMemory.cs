using Hone.Models.Config;
using Hone.Tensors;

namespace Hone.Models.Decoder.Together;

/// <summary>Activations of one <see cref="TokenPass"/>, cut from one tensor.</summary>
internal readonly unsafe struct PassMemory
{
    private readonly float* rowsOfThreads, inputs;
    private readonly long inputFloats;
    private readonly int rows, width;
    private readonly bool precise;

    /// <param name="tape">Gives the memory.</param>
    /// <param name="config">Sizes.</param>
    /// <param name="rows">Tokens.</param>
    /// <param name="precise">Whether inputs of products keep all their bits.</param>
    public PassMemory(Tape tape, ModelConfig config, int rows, bool precise)
    {
        (this.rows, width, this.precise) = (rows, Math.Max(config.HiddenSize, config.QueryWidth), precise);
        (int query, int keys, int inner, int threads) = (config.QueryWidth, config.KvWidth, config.IntermediateSize, tape.Workers.Threads);
        inputFloats = Whole(RoundedRows.Bytes(rows, width, precise) / sizeof(float));
        long innerFloats = Whole(RoundedRows.Bytes(rows, inner, precise) / sizeof(float));
        long all = 2 * Numbers(query) + 2 * Numbers(keys) + Numbers(config.HiddenSize) + 2 * Numbers(inner)
            + innerFloats + Whole(width) * threads + inputFloats * Inputs(threads);
        float* next = tape.New(checked((int)all)).Pointer;
        Query = Cut(ref next, Numbers(query));
        Key = Cut(ref next, Numbers(keys));
        Value = Cut(ref next, Numbers(keys));
        Mixed = Cut(ref next, Numbers(query));
        Added = Cut(ref next, Numbers(config.HiddenSize));
        Gate = Cut(ref next, Numbers(inner));
        Up = Cut(ref next, Numbers(inner));
        Inner = new RoundedRows(Cut(ref next, innerFloats), rows, inner, precise);
        rowsOfThreads = Cut(ref next, Whole(width) * threads);
        inputs = next;

        long Numbers(int columns) => Whole((long)rows * columns);
    }

    /// <summary>[rows, H · D] and [rows, K · D].</summary>
    public float* Query { get; }

    /// <inheritdoc cref="Query"/>
    public float* Key { get; }

    /// <inheritdoc cref="Query"/>
    public float* Value { get; }

    /// <summary>[rows, H · D] what attention gives.</summary>
    public float* Mixed { get; }

    /// <summary>[rows, C] what is about to be added to the residual stream.</summary>
    public float* Added { get; }

    /// <summary>[rows, F].</summary>
    public float* Gate { get; }

    /// <inheritdoc cref="Gate"/>
    public float* Up { get; }

    /// <summary>[rows, F] act(gate) · up, rounded.</summary>
    public RoundedRows Inner { get; }

    /// <summary>Room of one thread for one row.</summary>
    public float* Row(int worker) => rowsOfThreads + worker * Whole(width);

    /// <summary>Where a product's input is rounded to: a single row by every thread for itself, which takes less time than waiting for another one.</summary>
    /// <param name="worker">Thread.</param>
    /// <param name="columns">Width of the input.</param>
    public RoundedRows Input(int worker, int columns) => new(inputs + (rows == 1 ? worker * inputFloats : 0), rows, columns, precise);

    private int Inputs(int threads) => rows == 1 ? threads : 1;

    private static float* Cut(ref float* next, long floats)
    {
        float* start = next;
        next += floats;
        return start;
    }

    /// <summary>Whole cache lines, so that threads do not write to common ones.</summary>
    private static long Whole(long floats) => (floats + 15) / 16 * 16;
}
