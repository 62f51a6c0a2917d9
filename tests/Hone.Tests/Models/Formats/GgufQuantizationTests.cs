using Hone.Models.Formats;

namespace Hone.Tests.Models.Formats;

public class GgufQuantizationTests
{
    [Theory]
    [InlineData("blk.0.ffn_down.weight", 1536, "Q4_K", false, "Q4_K")]
    [InlineData("blk.0.attn_q.weight", 576, "Q4_K", false, "Q5_0")]
    [InlineData("blk.0.attn_q.weight", 576, "Q6_K", false, "Q8_0")]
    [InlineData("blk.0.attn_q.weight", 576, "Q3_K", false, "IQ4_NL")]
    [InlineData("blk.0.attn_q.weight", 48, "Q4_K", false, "F16")]
    [InlineData("blk.0.attn_q.weight", 48, "F32", false, "F32")]
    [InlineData("output.weight", 256, "Q4_0", false, "Q6_K")]
    [InlineData("output.weight", 256, "Q8_0", false, "Q8_0")]
    [InlineData("output.weight", 256, "BF16", false, "BF16")]
    [InlineData("token_embd.weight", 256, "Q4_K", true, "Q6_K")]
    [InlineData("token_embd.weight", 256, "Q4_K", false, "Q4_K")]
    [InlineData("token_embd.weight", 576, "Q4_K", true, "Q8_0")]
    [InlineData("blk.0.attn_norm.weight", 256, "Q4_K", false, "F32")]
    [InlineData("blk.0.attn_q.bias", 256, "Q8_0", false, "F32")]
    [InlineData("blk.0.ffn_gate_inp.weight", 256, "Q8_0", false, "F32")]
    public void Types_follow_the_tensor_and_its_width(string name, int columns, string target, bool tied, string expected)
    {
        WeightEntry entry = new(name, WeightType.F32, [8, columns], 8 * columns * 4);
        Assert.Equal(expected, GgufQuantization.TypeFor(entry, Enum.Parse<WeightType>(target), tied).ToString());
    }

    [Fact]
    public void A_vector_stays_fp32() =>
        Assert.Equal(WeightType.F32, GgufQuantization.TypeFor(new("blk.0.ffn_down.weight", WeightType.F16, [256], 512), WeightType.Q8_0, false));

    [Fact]
    public void Every_type_that_can_be_written_has_a_file_type() =>
        Assert.All(BlockFormats.Readable.Where(BlockFormats.CanQuantize), type => Assert.NotNull(GgufQuantization.FileType(type)));
}
