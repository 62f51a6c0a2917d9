using System.Runtime.InteropServices;

namespace Hone.Tensors.Kernels.MachineCode;

/// <summary>
/// Puts machine code where the processor may run it (Linux). Pages are written first and made executable afterwards, never
/// both at once, and live as long as the process.
/// </summary>
internal static unsafe partial class ExecutableMemory
{
    private const int Read = 1, Write = 2, Execute = 4, Private = 2, Anonymous = 0x20;

    /// <summary>Address of a copy of the code, or zero where the system refuses.</summary>
    public static nint Place(ReadOnlySpan<byte> code)
    {
        if (!OperatingSystem.IsLinux()) return 0;
        nuint size = (nuint)((code.Length + 4095) / 4096 * 4096);
        nint memory = Map(0, size, Read | Write, Private | Anonymous, -1, 0);
        if (memory == -1) return 0;
        code.CopyTo(new Span<byte>((void*)memory, code.Length));
        if (Protect(memory, size, Read | Execute) == 0) return memory;
        _ = Unmap(memory, size); // a system that forbids new code, e.g. by a security policy
        return 0;
    }

    [LibraryImport("libc", EntryPoint = "mmap")]
    private static partial nint Map(nint address, nuint length, int protection, int flags, int file, nint offset);

    [LibraryImport("libc", EntryPoint = "mprotect")]
    private static partial int Protect(nint address, nuint length, int protection);

    [LibraryImport("libc", EntryPoint = "munmap")]
    private static partial int Unmap(nint address, nuint length);
}
