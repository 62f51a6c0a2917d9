using System.Runtime.Intrinsics.X86;

namespace Hone.Tensors.Kernels.MachineCode;

/// <summary>Whether this machine has AVX-512 VNNI, for which .NET 10 has no intrinsics unless AVX-VNNI or AVX10.2 is there too.</summary>
internal static class VnniSupport
{
    /// <summary>Whether code for it may run here. Off when AVX-512 is off (<c>DOTNET_EnableAVX512=0</c>).</summary>
    public static bool Available { get; } = OperatingSystem.IsLinux() && X86Base.X64.IsSupported && Avx512BW.IsSupported && HasVnni();

    private static bool HasVnni() => X86Base.CpuId(0, 0).Eax >= 7 && (X86Base.CpuId(7, 0).Ecx >> 11 & 1) != 0;
}
