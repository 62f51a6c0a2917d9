namespace Hone.Tensors.Kernels.MachineCode;

/// <summary>Twelve independent chains of 64-byte dot products and nothing else, to measure what the machine can do.</summary>
internal static unsafe class VnniPeakLoop
{
    /// <summary>Multiplications and additions of one step.</summary>
    public const int OperationsPerStep = Chains * 128;

    private const int Chains = 12;

    private static readonly nint Routine = Place();

    /// <summary>Whether <see cref="Run"/> can be used here.</summary>
    public static bool Available { get; } = Routine != 0;

    /// <summary>Runs the loop.</summary>
    public static void Run(nint steps) => ((delegate* unmanaged[SuppressGCTransition]<nint, void>)Routine)(steps);

    private static nint Place()
    {
        if (!VnniSupport.Available) return 0;
        EvexAssembler a = new();
        for (int r = 0; r < Chains + 2; r++) a.Clear(r);
        int next = a.Here;
        for (int r = 0; r < Chains; r++) a.DotBytes(r, Chains, Chains + 1);
        a.Decrement(Gpr.Rdi);
        a.JumpIfNotZero(next);
        a.Return();
        return ExecutableMemory.Place(a.ToArray());
    }
}
