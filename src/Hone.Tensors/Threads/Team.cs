using System.Runtime.CompilerServices;
using System.Runtime.ExceptionServices;

namespace Hone.Tensors.Threads;

/// <summary>Work that all threads of a pool go through side by side, meeting in between: see <see cref="WorkerPool.Together"/>.</summary>
public interface ITeamJob
{
    /// <summary>Called once on every thread.</summary>
    /// <param name="me">Which of them this is, and how it meets the others.</param>
    void Run(TeamMember me);
}

/// <summary>The threads of a pool while they go through an <see cref="ITeamJob"/>. After one that failed a new team is needed.</summary>
internal sealed unsafe class Team : IDisposable
{
    private readonly TeamMember[] members;
    private readonly Doorbell[] bells;
    private readonly PaddedInt[] taken;
    private PaddedInt arrived;
    private ExceptionDispatchInfo? failure;

    public Team(int threads)
    {
        members = new TeamMember[threads];
        for (int i = 0; i < threads; i++) members[i] = new TeamMember(this, i);
        bells = [.. members.Select(_ => new Doorbell())];
        taken = new PaddedInt[2 * threads];
    }

    public int Threads => members.Length;

    /// <summary>Set when a member failed: the others must not wait for it.</summary>
    public bool IsBroken => Volatile.Read(ref failure) is not null;

    /// <summary>How many items were taken from a member's part. There are two sets of these: while one is in use, the other is cleared.</summary>
    public ref int Taken(int set, int owner) => ref taken[set * Threads + owner].Value;

    /// <summary>Before a job: nothing is taken.</summary>
    public void Begin()
    {
        Array.Clear(taken);
        foreach (TeamMember member in members) member.Begin();
    }

    /// <summary>Throws what the first member that failed threw.</summary>
    public void Throw() => failure?.Throw();

    public void Dispose()
    {
        foreach (Doorbell bell in bells) bell.Dispose();
    }

    /// <summary>Waits until all members are there; the last one sends the others on.</summary>
    /// <param name="worker">Who arrives.</param>
    /// <param name="ahead">What it fetches into its cache meanwhile.</param>
    public void Meet(int worker, ReadAhead ahead)
    {
        if (Interlocked.Increment(ref arrived.Value) < Threads)
        {
            bells[worker].Wait(ahead);
            return;
        }
        Volatile.Write(ref arrived.Value, 0);
        RingOthers(worker);
    }

    private void RingOthers(int worker)
    {
        for (int other = 0; other < Threads; other++)
            if (other != worker) bells[other].Ring();
    }

    public void Run<TJob>(ref TJob job, int worker) where TJob : struct, ITeamJob, allows ref struct
    {
        try
        {
            job.Run(members[worker]);
        }
#pragma warning disable CA1031 // whatever it was, it is thrown again on the calling thread
        catch (Exception error)
        {
            // Nobody must wait for this one.
            if (Interlocked.CompareExchange(ref failure, ExceptionDispatchInfo.Capture(error), null) is null) RingOthers(worker);
        }
#pragma warning restore CA1031
    }
}

/// <summary>A team's work as a job of the pool: one item for each member.</summary>
internal readonly unsafe struct TeamRun<TJob>(Team team, void* job) : IRangeJob where TJob : struct, ITeamJob, allows ref struct
{
    public void Run(int worker, int start, int end)
    {
        for (int member = start; member < end; member++) team.Run(ref Unsafe.AsRef<TJob>(job), member);
    }
}
