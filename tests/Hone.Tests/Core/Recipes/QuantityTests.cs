using Hone.Core.Recipes;

namespace Hone.Tests.Core.Recipes;

public class QuantityTests
{
    [Theory]
    [InlineData("12", null, 12)]
    [InlineData("-1.5e-3", null, -0.0015)]
    [InlineData("1_000", "tokens", 1000)]
    [InlineData("5M", "tokens", 5e6)]
    [InlineData("10k", "tokens", 1e4)]
    [InlineData(".5", null, 0.5)]
    [InlineData("64KB", "bytes", 64000)]
    [InlineData("2GiB", "bytes", 2147483648)]
    [InlineData("29%", "share", 0.29)]
    [InlineData("90", "seconds", 90)]
    [InlineData("5m", "seconds", 300)]
    [InlineData("90s", "minutes", 1.5)]
    [InlineData("2s", "milliseconds", 2000)]
    [InlineData("-inf", null, double.NegativeInfinity)]
    public void Numbers_with_units_are_read(string text, string? unit, double expected) => Assert.Equal(expected, Quantity.Parse(text, unit));

    [Theory]
    [InlineData("", null)]
    [InlineData("x", null)]
    [InlineData("1,5", null)]
    [InlineData("5m", "tokens")]
    [InlineData("5%", "tokens")]
    [InlineData("5M", "share")]
    [InlineData("1 2", null)]
    [InlineData("--1", null)]
    public void Anything_else_is_not_a_number(string text, string? unit) => Assert.Null(Quantity.Parse(text, unit));

    [Fact]
    public void Durations_take_a_suffix() => Assert.Equal(TimeSpan.FromMilliseconds(250), Quantity.ParseDuration("250ms"));
}
