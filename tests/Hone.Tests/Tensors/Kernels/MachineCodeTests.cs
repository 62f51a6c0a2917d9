using Hone.Tensors;
using Hone.Tensors.Kernels.MachineCode;
using Hone.Tensors.Kernels.Quantized;

namespace Hone.Tests.Tensors.Kernels;

public sealed unsafe class MachineCodeTests
{
    [Fact]
    public void Instructions_AreEncodedAsByAnAssembler()
    {
        EvexAssembler a = new();
        a.DotBytes(16, 3, new Mem(Gpr.R8, 20)); // vpdpbusd zmm16, zmm3, [r8+20]{1to16}
        a.DotBytes(1, 2, 31); // vpdpbusd zmm1, zmm2, zmm31
        a.Load(9, new Mem(Gpr.Rdx, 128)); // vmovdqu32 zmm9, [rdx+128]
        a.ShiftRight(4, 20, 4); // vpsrld zmm4, zmm20, 4
        a.MultiplyAdd(8, 17, new Mem(Gpr.R8, 1000)); // vfmadd231ps zmm8, zmm17, [r8+1000]{1to16}
        a.Broadcast(17, new Mem(Gpr.Rdi, 64)); // vpbroadcastd zmm17, [rdi+64]
        a.LoadHalves(20, new Mem(Gpr.Rax, 32)); // vcvtph2ps zmm20, [rax+32]
        a.ToFloat(16, 17); // vcvtdq2ps zmm16, zmm17
        a.Multiply(16, 17, 20); // vmulps zmm16, zmm17, zmm20
        a.And(4, 5, 22); // vpandd zmm4, zmm5, zmm22
        a.Prefetch(new Mem(Gpr.Rax, 320)); // prefetcht0 [rax+320]
        a.Prefetch(new Mem(Gpr.R8, 64)); // prefetcht0 [r8+64]
        a.Clear(31); // vpxord zmm31, zmm31, zmm31
        a.Add(Gpr.R8, 384); // add r8, 384
        a.Decrement(Gpr.R9); // dec r9
        a.Return(); // vzeroupper, ret
        string[] expected =
        [
            "62C26558504005", "62926D4850CF", "62717E486F4A02", "62B15D4872D404", "62527550B880E8030000", "62E27D48584F10", "62E27D48136001",
            "62A17C485BC1", "62A1744059C4", "62B15548DBE6", "0F188840010000", "410F184840", "62010540EFFF", "4981C080010000", "49FFC9", "C5F877C3",
        ];
        Assert.Equal(string.Concat(expected), Convert.ToHexString(a.ToArray()));
    }

    [Theory]
    [InlineData(QuantType.Q8_0)]
    [InlineData(QuantType.Q4_0)]
    [InlineData(QuantType.Q4_1)]
    [InlineData(QuantType.Q4_K)]
    public void Panels_EqualTheIntrinsics(QuantType type)
    {
        Assert.SkipUnless(VnniPanels.Available, "this machine has no AVX-512 VNNI");
        const int blocks = 16, panels = 3, width = 32 * blocks;
        PanelLayout layout = PanelLayout.For(type)!.Value;
        RandomStream random = new(1, type.ToString());
        byte[] memory = new byte[layout.PanelBytes(blocks) * panels];
        for (int i = 0; i < memory.Length; i++) memory[i] = (byte)random.NextUInt32();
        SaneScales(layout, memory, blocks, panels, random);
        for (int rows = 1; rows <= ActivationQuantizer.GroupRows; rows++)
        {
            float[] x = new float[rows * width], fast = new float[rows * panels * 16], slow = new float[rows * panels * 16];
            random.FillNormal(x, 0, 1);
            byte[] quantized = new byte[ActivationQuantizer.Bytes(rows, width)];
            fixed (byte* panel = memory, q = quantized)
            fixed (float* px = x, pf = fast, ps = slow)
            {
                for (int r = 0; r < rows; r++) new RoundedRows(q, rows, width, precise: false).Round(r, px + r * width);
                VnniPanels.Run(layout, panel, panels, blocks, (ActivationBlock*)q, rows, pf, panels * 16);
                PanelKernel.RunIntrinsics(layout, panel, panels, blocks, (ActivationBlock*)q, rows, ps, panels * 16);
            }
            Assert.Equal(slow, fast); // the same roundings in the same order
        }
    }

    private static void SaneScales(PanelLayout layout, byte[] memory, int blocks, int panels, RandomStream random)
    {
        for (int p = 0; p < panels; p++)
            for (int i = 0; i < blocks * layout.ScaleBytes; i += layout.HalfScales ? 2 : 4)
            {
                int block = i / layout.ScaleBytes, inside = i % layout.ScaleBytes;
                Span<byte> place = memory.AsSpan((int)(p * layout.PanelBytes(blocks)) + block * layout.BlockBytes + inside);
                float value = (float)random.NextNormal();
                if (layout.HalfScales) BitConverter.TryWriteBytes(place, (Half)value);
                else BitConverter.TryWriteBytes(place, value);
            }
    }
}
