namespace Hone.Tensors.Threads;

/// <summary>
/// One thread of those that go through an <see cref="ITeamJob"/>. The job is cut into stages by <see cref="Meet"/>, which all call
/// equally often; meeting takes a fraction of a microsecond, where handing out a new job takes one or two.
/// </summary>
public sealed unsafe class TeamMember
{
    private readonly Team team;
    private readonly ReadAhead ahead = new();
    private int round, turn;

    internal TeamMember(Team team, int worker) => (this.team, Worker) = (team, worker);

    /// <summary>0 to <see cref="Threads"/> - 1; the thread that called is 0.</summary>
    public int Worker { get; }

    /// <summary>How many go through the job.</summary>
    public int Threads => team.Threads;

    /// <summary>Waits until all are here: what they wrote before is seen by all after.</summary>
    /// <exception cref="OperationCanceledException">Another one failed; its own error is what the caller of the pool sees.</exception>
    public void Meet()
    {
        // Nobody takes from the other set of counters before all are here, nor has since the last meeting.
        team.Taken((round + 1) & 1, Worker) = 0;
        team.Meet(Worker, ahead);
        if (team.IsBroken) throw new OperationCanceledException("another thread of the team failed");
        (round, turn) = (round + 1, 0);
    }

    /// <summary>
    /// Takes the next chunk of the items of this stage, first of this thread's own contiguous part, then of what others have not come to:
    /// for work whose result does not depend on who does it. One such series for each stage.
    /// </summary>
    /// <param name="items">Number of items, the same for all.</param>
    /// <param name="chunk">Items taken at once.</param>
    /// <param name="start">First item taken.</param>
    /// <param name="end">One past the last.</param>
    /// <returns>False when nothing is left.</returns>
    public bool Take(int items, int chunk, out int start, out int end)
    {
        for (; turn < Threads; turn++)
        {
            int owner = (Worker + turn) % Threads;
            int first = Share(items, owner), last = Share(items, owner + 1);
            start = first + Interlocked.Add(ref team.Taken(round & 1, owner), chunk) - chunk;
            end = Math.Min(start + chunk, last);
            if (start < last) return true;
        }
        (start, end) = (0, 0);
        return false;
    }

    /// <summary>This thread's contiguous part of some items.</summary>
    public (int Start, int End) Part(int items) => (Share(items, Worker), Share(items, Worker + 1));

    /// <summary>Memory that this thread will read after the next <see cref="Meet"/>: fetched into its cache while it waits there.</summary>
    /// <param name="start">Memory.</param>
    /// <param name="bytes">How much of it.</param>
    public void FetchNext(void* start, long bytes) => ahead.Set((byte*)start, bytes);

    internal void Begin()
    {
        (round, turn) = (0, 0);
        ahead.Set(null, 0);
    }

    private int Share(int items, int worker) => (int)((long)items * worker / Threads);
}
