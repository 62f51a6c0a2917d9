using Hone.Tensors;
using Hone.Tensors.Threads;
using Hone.Training.Batching;
using Hone.Training.Objectives;
using Hone.Training.Optimizers;

namespace Hone.Training;

/// <summary>
/// Back-propagation in which every thread takes examples of its own through the whole model, forwards and back, with a tape and gradients
/// of its own; the gradients are added at the end. Threads meet once a step instead of some hundred times, and activations of the few hundred
/// tokens that a thread has at hand stay in its caches. Who does what depends on the number of threads only, and sums have a fixed order.
/// </summary>
public sealed class LaneBackpropagation : IGradientRule, IDisposable
{
    // Tokens of a piece: enough that products run at full speed, few enough that activations of small models stay in the cache.
    private const int PieceTokens = 512;

    // Below this many tokens for each thread, or with more trained numbers than this, threads do better by sharing each product.
    private const int LeastTokens = 128;
    private const long MostTrained = 64 << 20;

    private readonly IReadOnlyList<Parameter> parameters;
    private readonly bool isSmall;
    private readonly WorkerPool workers;
    private readonly ParameterChunks chunks;
    private readonly Backpropagation together = new();
    private readonly Lane[] lanes;

    /// <param name="parameters">What is trained.</param>
    /// <param name="workers">Threads: one lane each.</param>
    public LaneBackpropagation(IReadOnlyList<Parameter> parameters, WorkerPool workers)
    {
        (this.parameters, this.workers) = (parameters, workers);
        isSmall = parameters.Sum(p => (long)p.Value.Count) <= MostTrained;
        chunks = new ParameterChunks(parameters);
        lanes = [.. Enumerable.Range(0, workers.Threads).Select(_ => new Lane(new Tape(workers), new MetricSums()))];
    }

    /// <summary>Largest memory of activations in the lanes.</summary>
    public long PeakBytes => lanes.Sum(lane => lane.Tape.Memory.PeakBytes);

    /// <inheritdoc/>
    public (double LossSum, double Weight) Accumulate(Tape tape, IReadOnlyList<TrainingBatch> window, int step, IObjective objective, MetricSums metrics)
    {
        if (!objective.IsConcurrent || !isSmall) return together.Accumulate(tape, window, step, objective, metrics);
        List<TrainingBatch> pieces = Pieces(window, lanes.Length);
        if (pieces.Count < lanes.Length || lanes.Length == 1) return together.Accumulate(tape, lanes.Length == 1 ? pieces : window, step, objective, metrics);
        return Accumulate(pieces, objective, metrics);
    }

    /// <summary>Batches for some lanes, as many for each as far as examples allow; none when there are too few tokens.</summary>
    internal static List<TrainingBatch> Pieces(IReadOnlyList<TrainingBatch> window, int lanes)
    {
        long tokens = window.Sum(batch => (long)batch.Tokens.Length), largest = window.Max(batch => batch.Tokens.Length);
        if (tokens < LeastTokens * lanes && lanes > 1) return [];
        // What lies in memory at once stays what the cut of the window allows.
        long limit = Math.Clamp(largest / lanes, 1, PieceTokens);
        int each = (int)((tokens + limit * lanes - 1) / (limit * lanes));
        return TrainingBatch.SplitEvenly([.. window.SelectMany(batch => batch.Examples)], each * lanes);
    }

    private (double LossSum, double Weight) Accumulate(List<TrainingBatch> pieces, IObjective objective, MetricSums metrics)
    {
        foreach (Parameter parameter in parameters) parameter.Value.OpenLanes(lanes.Length - 1);
        (double Sum, double Weight)[] losses = new (double, double)[pieces.Count];
        LaneJob job = new(lanes, pieces, objective, losses);
        workers.For(lanes.Length, 1, ref job);
        for (int lane = 1; lane < lanes.Length; lane++) Add(lane);
        foreach (Lane lane in lanes) metrics.Take(lane.Metrics);
        return (losses.Sum(l => l.Sum), losses.Sum(l => l.Weight));
    }

    private void Add(int lane)
    {
        bool[] adopted = [.. parameters.Select(parameter => parameter.Value.AdoptLane(lane))];
        chunks.ForEach(workers, new AddBody(parameters, adopted, lane));
        foreach (Parameter parameter in parameters) parameter.Value.CloseLane(lane);
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        foreach (Lane lane in lanes)
        {
            lane.Tape.Dispose();
            lane.Tape.Memory.Dispose();
        }
    }

    private sealed record Lane(Tape Tape, MetricSums Metrics);

    private readonly struct LaneJob(Lane[] lanes, List<TrainingBatch> pieces, IObjective objective, (double Sum, double Weight)[] losses) : IRangeJob
    {
        public void Run(int worker, int start, int end)
        {
            for (int lane = start; lane < end; lane++)
            {
                using GradientLane own = GradientLane.Enter(lane);
                int first = pieces.Count * lane / lanes.Length, last = pieces.Count * (lane + 1) / lanes.Length;
                for (int i = first; i < last; i++) losses[i] = Backpropagation.Accumulate(lanes[lane].Tape, pieces[i], objective, lanes[lane].Metrics);
                lanes[lane].Tape.Reset();
            }
        }
    }

    private readonly struct AddBody(IReadOnlyList<Parameter> parameters, bool[] adopted, int lane) : IChunkBody
    {
        public void Run(int chunk, int parameter, int start, int length)
        {
            if (!adopted[parameter]) parameters[parameter].Value.AddLane(lane, start, length);
        }
    }
}
