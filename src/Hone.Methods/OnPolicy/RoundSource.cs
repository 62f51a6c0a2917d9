using System.Text.Json.Nodes;
using Hone.Core;
using Hone.Training.Batching;

namespace Hone.Methods.OnPolicy;

/// <summary>
/// Examples that are sampled round by round when they are asked for, from the weights as they are then. Where a round lasts several
/// steps, checkpoints keep its examples, since the weights that gave them are gone.
/// </summary>
/// <param name="rows">Examples of one pass over the data, for the number of steps.</param>
/// <param name="perRound">Examples of a round; a multiple of the batch.</param>
/// <param name="sample">The examples of a round, in order.</param>
public sealed class RoundSource(long rows, int perRound, Func<long, List<TrainingExample>> sample) : IStatefulSource
{
    private const string FileName = "round.json";
    private readonly Lock gate = new();
    private long round = -1, next;
    private List<TrainingExample> examples = [];

    /// <summary>A number that rounds change and checkpoints keep, such as an adapted KL coefficient.</summary>
    public double State { get; set; }

    public long? Count => rows;

    public TrainingExample Get(long index)
    {
        lock (gate)
        {
            (long wanted, long place) = Math.DivRem(index, perRound);
            if (wanted != round)
            {
                List<TrainingExample> sampled = sample(wanted);
                if (sampled.Count != perRound) throw new InvalidOperationException($"{sampled.Count} examples in a round of {perRound}");
                (round, examples) = (wanted, sampled);
            }
            next = Math.Max(next, index + 1);
            return examples[(int)place];
        }
    }

    /// <inheritdoc/>
    public void Save(string folder)
    {
        lock (gate)
        {
            bool isOpen = next % perRound != 0;
            AtomicFile.WriteText(Path.Combine(folder, FileName), new JsonObject { ["round"] = isOpen ? round : -1, ["state"] = State }.ToJsonString());
            if (isOpen) ExampleFile.Write(Path.Combine(folder, "examples.json"), examples);
        }
    }

    /// <inheritdoc/>
    public void Load(string folder)
    {
        string path = Path.Combine(folder, FileName);
        if (!File.Exists(path)) throw new HoneException($"{path}: no such file. The checkpoint was not made by this trainer.");
        JsonNode stored = JsonNode.Parse(File.ReadAllText(path))!;
        lock (gate)
        {
            (round, State) = ((long)stored["round"]!, (double)stored["state"]!);
            examples = round < 0 ? [] : ExampleFile.Read(Path.Combine(folder, "examples.json"));
            if (round >= 0 && examples.Count != perRound) throw new HoneException($"{path}: {examples.Count} examples, expected {perRound}. The checkpoint was made with another batch.");
        }
    }
}
