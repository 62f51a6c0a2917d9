namespace Hone.Tests.Core;

public class RandomStreamTests
{
    [Fact]
    public void Philox_gives_the_published_known_answers()
    {
        // Known-answer vectors of the Random123 distribution (philox4x32-10).
        uint[] output = new uint[4];
        RandomStream.Philox(0, 0, 0, 0, 0, 0, output);
        Assert.Equal([0x6627e8d5u, 0xe169c58du, 0xbc57ac4cu, 0x9b00dbd8u], output);
        RandomStream.Philox(0xffffffff, 0xffffffff, 0xffffffff, 0xffffffff, 0xffffffff, 0xffffffff, output);
        Assert.Equal([0x408f276du, 0x41c83b0eu, 0xa20bc7c6u, 0x6d5451fdu], output);
        RandomStream.Philox(0x243f6a88, 0x85a308d3, 0x13198a2e, 0x03707344, 0xa4093822, 0x299f31d0, output);
        Assert.Equal([0xd16cfe09u, 0x94fdccebu, 0x5001e420u, 0x24126ea1u], output);
    }

    [Fact]
    public void Jumping_to_a_position_continues_the_stream()
    {
        RandomStream whole = new(7, "test");
        uint[] numbers = [.. Enumerable.Range(0, 50).Select(_ => whole.NextUInt32())];
        RandomStream jumped = new(7, "test") { Position = 33 };
        Assert.Equal(numbers[33..], Enumerable.Range(0, 17).Select(_ => jumped.NextUInt32()));
    }

    [Fact]
    public void Purposes_and_items_are_independent_and_repeatable()
    {
        Assert.Equal(new RandomStream(1, "a").NextUInt64(), new RandomStream(1, "a").NextUInt64());
        Assert.NotEqual(new RandomStream(1, "a").NextUInt64(), new RandomStream(1, "b").NextUInt64());
        Assert.NotEqual(new RandomStream(1, "a").NextUInt64(), new RandomStream(2, "a").NextUInt64());
        RandomStream root = new(1, "a");
        Assert.Equal(1000, Enumerable.Range(0, 1000).Select(i => root.Derive(i).NextUInt64()).Distinct().Count());
    }

    [Fact]
    public void Moments_are_those_of_the_distributions()
    {
        RandomStream stream = new(3, "moments");
        double[] normal = [.. Enumerable.Range(0, 200_000).Select(_ => stream.NextNormal())];
        Assert.InRange(normal.Average(), -0.01, 0.01);
        Assert.InRange(normal.Sum(x => x * x) / normal.Length, 0.985, 1.015);
        int[] counts = new int[7];
        for (int i = 0; i < 70_000; i++) counts[stream.Next(7)]++;
        Assert.All(counts, count => Assert.InRange(count, 9_600, 10_400)); // 4.3 standard deviations
    }

    [Fact]
    public void Shuffle_keeps_every_item()
    {
        int[] items = [.. Enumerable.Range(0, 100)];
        new RandomStream(5, "shuffle").Shuffle<int>(items);
        Assert.NotEqual(Enumerable.Range(0, 100), items);
        Assert.Equal(Enumerable.Range(0, 100), items.Order());
    }
}
