using System.Numerics.Tensors;
using Hone.Models.Config;
using Hone.Tensors;
using Hone.Tensors.Ops;
using Hone.Tensors.Threads;

namespace Hone.Models.Decoder.Together;

/// <summary>What each thread does in a <see cref="TokenPass"/>.</summary>
internal readonly unsafe struct TokenJob(
    IReadOnlyList<IBlock> blocks, int first, int end, float* stream, PassMemory memory, ForwardContext context, WorkerPool workers) : ITeamJob
{
    // Each thread takes its part of a product in so many pieces, and then pieces of others who were held up.
    private const int Pieces = 8;

    // A share of the second-level cache that leaves room for what comes in between.
    private const long MostFetched = 256 * 1024;

    private readonly ModelConfig config = context.Config;
    private readonly int rows = context.Batch.Segments.Tokens;

    public void Run(TeamMember me)
    {
        for (int i = first; i < end; i++)
        {
            PlainLayer layer = ((DecoderBlock)blocks[i]).Plain!;
            Attention(me, layer);
            Mlp(me, layer.Mlp, Normalise(me, layer.BeforeMlp), i + 1 < end ? ((DecoderBlock)blocks[i + 1]).Plain : null);
        }
    }

    private void Attention(TeamMember me, PlainLayer layer)
    {
        AttentionParts parts = layer.Attention;
        Project(me, parts, Normalise(me, layer.BeforeAttention));
        FetchNext(me, parts.Output, parts.Output.Quantized!.Panels);
        me.Meet();
        new TokenAttention(parts, layer.Index, memory, context, workers).Run(me);
        RoundedRows mixed = Round(me, memory.Mixed, parts.Output.Inputs);
        Add(me, parts.Output, mixed);
        FetchNext(me, layer.Mlp.Gate, layer.Mlp.Gate.Quantized!.Panels);
        me.Meet();
    }

    private void Mlp(TeamMember me, MlpParts mlp, RoundedRows input, PlainLayer? following)
    {
        QuantizedMatrix gate = mlp.Gate.Quantized!, up = mlp.Up.Quantized!;
        const int panels = RoundedRows.Block / QuantizedMatrix.PanelRows;
        int blocks = mlp.Gate.Outputs / RoundedRows.Block;
        while (me.Take(blocks, Chunk(blocks, me), out int from, out int to))
        {
            gate.MultiplyPanels(input, panels * from, panels * to, memory.Gate, Bias(mlp.Gate));
            up.MultiplyPanels(input, panels * from, panels * to, memory.Up, Bias(mlp.Up));
            Activate(mlp, from, to);
        }
        FetchNext(me, mlp.Down, mlp.Down.Quantized!.Panels);
        me.Meet();
        Add(me, mlp.Down, memory.Inner);
        if (following is not null) FetchNext(me, following.Attention.Query, AllPanels(following.Attention));
        me.Meet();
    }

    /// <summary>
    /// While a thread waits, memory must not stand still: it fetches what it will multiply with next. Its part begins in the
    /// first matrix of those that are taken as one, whose memory usually follows; a wrong guess costs a little traffic only.
    /// </summary>
    private static void FetchNext(TeamMember me, LinearLayer layer, int panels)
    {
        (int from, int to) = me.Part(panels);
        if (from >= layer.Quantized!.Panels) return;
        (nint start, long bytes) = layer.Quantized.PanelMemory(from);
        me.FetchNext((void*)start, Math.Min(bytes, MostFetched));
    }

    private static int AllPanels(AttentionParts parts) => parts.Query.Quantized!.Panels + parts.Key.Quantized!.Panels + parts.Value.Quantized!.Panels;

    /// <summary>act(gate) · up of some blocks of columns, rounded for the product that follows.</summary>
    private void Activate(MlpParts mlp, int from, int to)
    {
        int inner = mlp.Gate.Outputs, count = (to - from) * RoundedRows.Block;
        for (int r = 0; r < rows; r++)
        {
            nint at = (nint)r * inner + from * RoundedRows.Block;
            GatedMlpOp.Run(memory.Gate + at, memory.Up + at, memory.Gate + at, count, mlp.Activation);
            memory.Inner.Round(r, memory.Gate + at, from, to - from);
        }
    }

    private void Project(TeamMember me, AttentionParts parts, RoundedRows input)
    {
        int queries = parts.Query.Quantized!.Panels, keys = parts.Key.Quantized!.Panels, all = queries + 2 * keys;
        while (me.Take(all, Chunk(all, me), out int from, out int to))
        {
            Multiply(parts.Query, input, from, to, memory.Query);
            Multiply(parts.Key, input, from - queries, to - queries, memory.Key);
            Multiply(parts.Value, input, from - queries - keys, to - queries - keys, memory.Value);
        }
    }

    /// <summary>As much of a range of panels as the matrix has.</summary>
    private static void Multiply(LinearLayer layer, in RoundedRows input, int from, int to, float* y)
    {
        (from, to) = (Math.Max(from, 0), Math.Min(to, layer.Quantized!.Panels));
        if (from < to) layer.Quantized.MultiplyPanels(input, from, to, y, Bias(layer));
    }

    /// <summary>Adds a product to the residual stream.</summary>
    private void Add(TeamMember me, LinearLayer layer, in RoundedRows input)
    {
        QuantizedMatrix matrix = layer.Quantized!;
        int width = matrix.Outputs;
        while (me.Take(matrix.Panels, Chunk(matrix.Panels, me), out int from, out int to))
        {
            matrix.MultiplyPanels(input, from, to, memory.Added, Bias(layer));
            int column = from * QuantizedMatrix.PanelRows, count = Math.Min(to * QuantizedMatrix.PanelRows, width) - column;
            for (int r = 0; r < rows; r++)
            {
                nint at = (nint)r * width + column;
                Span<float> sum = new(stream + at, count);
                TensorPrimitives.Add(sum, new ReadOnlySpan<float>(memory.Added + at, sum.Length), sum);
            }
        }
    }

    /// <summary>The residual stream, normalised and rounded.</summary>
    private RoundedRows Normalise(TeamMember me, NormLayer norm)
    {
        int width = config.HiddenSize;
        RoundedRows result = memory.Input(me.Worker, width);
        float* row = memory.Row(me.Worker);
        (int from, int to) = Rows(me);
        for (int r = from; r < to; r++)
        {
            norm.Run(stream + (nint)r * width, row, width);
            result.Round(r, row);
        }
        if (rows > 1) me.Meet();
        return result;
    }

    private RoundedRows Round(TeamMember me, float* x, int width)
    {
        RoundedRows result = memory.Input(me.Worker, width);
        (int from, int to) = Rows(me);
        for (int r = from; r < to; r++) result.Round(r, x + (nint)r * width);
        if (rows > 1) me.Meet();
        return result;
    }

    /// <summary>The rows that a thread rounds: a single one is rounded by each.</summary>
    private (int From, int To) Rows(TeamMember me) => rows == 1 ? (0, 1) : me.Part(rows);

    private static int Chunk(int items, TeamMember me) => Math.Max(1, items / (Pieces * me.Threads));

    private static float* Bias(LinearLayer layer) => layer.Bias is { } bias ? bias.Value.Pointer : null;
}
