using System.Buffers.Binary;

namespace Hone.Tensors.Kernels.MachineCode;

/// <summary>General registers that a called function may overwrite under the System V calling convention.</summary>
internal enum Gpr
{
    Rax = 0,
    Rcx = 1,
    Rdx = 2,
    Rsi = 6,
    Rdi = 7,
    R8 = 8,
    R9 = 9,
    R10 = 10,
    R11 = 11,
}

/// <summary>A memory operand: a base register plus a constant.</summary>
/// <param name="Base">Register.</param>
/// <param name="Offset">Bytes added.</param>
internal readonly record struct Mem(Gpr Base, int Offset = 0);

/// <summary>
/// Writes the few x86-64 instructions that kernels need and C# has no intrinsic for, 512 bits wide. Encodings follow the Intel 64
/// and IA-32 Architectures Software Developer's Manual, volume 2, section 2.7 (EVEX prefix).
/// </summary>
internal sealed class EvexAssembler
{
    private readonly List<byte> code = [];

    /// <summary>The code so far.</summary>
    public byte[] ToArray() => [.. code];

    /// <summary>Position of the next instruction, a target for <see cref="JumpIfNotZero"/>.</summary>
    public int Here => code.Count;

    /// <summary>sum += unsigned bytes · signed bytes of one 4-byte word of memory, four products per lane.</summary>
    public void DotBytes(int sum, int unsignedBytes, Mem signedWord) => Vector(2, 1, 0x50, sum, unsignedBytes, signedWord, 4, true);

    /// <summary>sum += unsigned bytes · signed bytes, four products per lane.</summary>
    public void DotBytes(int sum, int unsignedBytes, int signedBytes) => Vector(2, 1, 0x50, sum, unsignedBytes, signedBytes);

    public void Load(int target, Mem source) => Vector(1, 2, 0x6F, target, 0, source, 64, false);

    public void Store(Mem target, int source) => Vector(1, 0, 0x11, source, 0, target, 64, false);

    /// <summary>One 4-byte word of memory to all lanes.</summary>
    public void Broadcast(int target, Mem word) => Vector(2, 1, 0x58, target, 0, word, 4, false);

    public void Clear(int target) => Vector(1, 1, 0xEF, target, target, target);

    public void And(int target, int a, int b) => Vector(1, 1, 0xDB, target, a, b);

    /// <summary>Shifts 32-bit lanes right, zeros in.</summary>
    public void ShiftRight(int target, int source, int bits)
    {
        Vector(1, 1, 0x72, 2, target, source);
        code.Add((byte)bits);
    }

    /// <summary>int32 to fp32.</summary>
    public void ToFloat(int target, int source) => Vector(1, 0, 0x5B, target, 0, source);

    /// <summary>Sixteen fp16 numbers of memory to fp32.</summary>
    public void LoadHalves(int target, Mem source) => Vector(2, 1, 0x13, target, 0, source, 32, false);

    public void Multiply(int target, int a, int b) => Vector(1, 0, 0x59, target, a, b);

    /// <summary>sum += factor · one word of memory.</summary>
    public void MultiplyAdd(int sum, int factor, Mem word) => Vector(2, 1, 0xB8, sum, factor, word, 4, true);

    /// <summary>Asks for a cache line ahead of its use; an address outside the process's memory is harmless.</summary>
    public void Prefetch(Mem line)
    {
        if ((int)line.Base >= 8) Emit(0x41);
        Emit(0x0F, 0x18);
        Address(1, line, 1);
    }

    public void Move(Gpr target, Gpr source) => General(0x8B, (int)target, source);

    public void Load(Gpr target, Mem source) => General(0x8B, (int)target, source);

    public void Add(Mem target, Gpr source) => General(0x01, (int)source, target);

    public void Add(Gpr target, Mem source) => General(0x03, (int)target, source);

    public void Add(Gpr target, int value)
    {
        General(0x81, 0, target);
        Word(value);
    }

    public void Add(Mem target, int value)
    {
        General(0x81, 0, target);
        Word(value);
    }

    public void Decrement(Gpr target) => General(0xFF, 1, target);

    public void Decrement(Mem target) => General(0xFF, 1, target);

    /// <summary>Jumps back unless the last result was zero.</summary>
    public void JumpIfNotZero(int position)
    {
        Emit(0x0F, 0x85);
        Word(position - (code.Count + 4));
    }

    /// <summary>Clears the upper halves of vectors, without which older code runs slowly, and returns.</summary>
    public void Return() => Emit(0xC5, 0xF8, 0x77, 0xC3);

    private void Vector(int map, int prefix, byte opcode, int reg, int second, int rm)
    {
        Evex(map, prefix, opcode, reg, second, rm >> 3 & 1, rm >> 4 & 1, false);
        code.Add((byte)(0xC0 | (reg & 7) << 3 | (rm & 7)));
    }

    /// <param name="unit">Bytes in which an 8-bit offset counts.</param>
    private void Vector(int map, int prefix, byte opcode, int reg, int second, Mem rm, int unit, bool broadcast)
    {
        Evex(map, prefix, opcode, reg, second, (int)rm.Base >> 3, 0, broadcast);
        Address(reg, rm, unit);
    }

    private void Evex(int map, int prefix, byte opcode, int reg, int second, int b, int x, bool broadcast)
    {
        int r = reg >> 3 & 1, r2 = reg >> 4 & 1, v2 = second >> 4 & 1;
        code.Add(0x62);
        code.Add((byte)((r ^ 1) << 7 | (x ^ 1) << 6 | (b ^ 1) << 5 | (r2 ^ 1) << 4 | map));
        code.Add((byte)((~second & 15) << 3 | 4 | prefix));
        code.Add((byte)(2 << 5 | (broadcast ? 1 << 4 : 0) | (v2 ^ 1) << 3));
        code.Add(opcode);
    }

    private void General(byte opcode, int reg, Gpr rm)
    {
        Emit((byte)(0x48 | reg >> 3 << 2 | (int)rm >> 3), opcode, (byte)(0xC0 | (reg & 7) << 3 | ((int)rm & 7)));
    }

    private void General(byte opcode, int reg, Mem rm)
    {
        Emit((byte)(0x48 | reg >> 3 << 2 | (int)rm.Base >> 3), opcode);
        Address(reg, rm, 1);
    }

    private void Address(int reg, Mem rm, int unit)
    {
        int low = (reg & 7) << 3 | ((int)rm.Base & 7);
        if (rm.Offset % unit == 0 && rm.Offset / unit is >= -128 and <= 127)
        {
            Emit((byte)(0x40 | low), (byte)(sbyte)(rm.Offset / unit));
            return;
        }
        code.Add((byte)(0x80 | low));
        Word(rm.Offset);
    }

    private void Emit(params ReadOnlySpan<byte> bytes) => code.AddRange(bytes);

    private void Word(int value)
    {
        Span<byte> bytes = stackalloc byte[4];
        BinaryPrimitives.WriteInt32LittleEndian(bytes, value);
        Emit(bytes);
    }
}
