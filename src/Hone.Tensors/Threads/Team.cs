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

/// <summary>The threads of a pool while they go through one <see cref="ITeamJob"/>.</summary>
internal sealed unsafe class Team
{
    private readonly TeamMember[] members;
    private readonly PaddedInt[] taken;
    private PaddedInt arrived, round;
    private ExceptionDispatchInfo? failure;

    public Team(int threads)
    {
        members = new TeamMember[threads];
        for (int i = 0; i < threads; i++) members[i] = new TeamMember(this, i);
        taken = new PaddedInt[2 * threads];
    }

    public int Threads => members.Length;

    /// <summary>Set when a member failed: the others must not wait for it.</summary>
    public bool IsBroken => Volatile.Read(ref failure) is not null;

    /// <summary>How many items were taken from a member's part. There are two sets of these: while one is in use, the other is cleared.</summary>
    public ref int Taken(int set, int owner) => ref taken[set * Threads + owner].Value;

    public int Round => Volatile.Read(ref round.Value);

    /// <summary>Before a job: as if nothing had ever been done.</summary>
    public void Begin()
    {
        Array.Clear(taken);
        (arrived.Value, round.Value, failure) = (0, 0, null);
        foreach (TeamMember member in members) member.Begin();
    }

    /// <summary>After a job: throws what the first member that failed threw.</summary>
    public void End() => failure?.Throw();

    /// <summary>A member is there; the last one sends all on.</summary>
    public void Arrive(int current)
    {
        if (Interlocked.Increment(ref arrived.Value) < Threads) return;
        Volatile.Write(ref arrived.Value, 0);
        Volatile.Write(ref round.Value, current + 1);
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
            Interlocked.CompareExchange(ref failure, ExceptionDispatchInfo.Capture(error), null);
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
