using Hone.Core.Recipes;

namespace Hone.Tests.Core.Recipes;

public class OptionHelpTests
{
    [Fact]
    public void Help_tells_type_range_default_and_the_doc_comment()
    {
        OptionHelp lr = OptionHelp.Of(typeof(DocumentedOptions)).Single(option => option.Path == "inner.lr");
        Assert.Equal("a number, above 0", lr.Expected);
        Assert.Equal("0.5", lr.Default!.ToJsonString());
        Assert.False(lr.IsRequired);
    }

    [Fact]
    public void Doc_comments_are_read_from_the_file_beside_the_assembly()
    {
        // Core's own members: one with a summary, one with a parameter of its record.
        Assert.StartsWith("How work tells of itself", DocComments.Of(typeof(IReporter)).Replace("long work", "work"));
        Assert.Equal("Stable name of the row; the id field where there is one, else source:line.", DocComments.Of(typeof(Row).GetProperty("Id")!));
        Assert.Equal("", DocComments.Of(typeof(string)));
    }

    internal sealed record DocumentedOptions
    {
        public DocumentedInner Inner { get; init; } = new();
    }

    [Fact]
    public void A_description_attribute_is_help_text_too() =>
        Assert.Equal("optimiser steps", OptionHelp.Of(typeof(DocumentedOptions)).Single(option => option.Path == "inner.steps").Description);

    internal sealed record DocumentedInner
    {
        [System.ComponentModel.Description("optimiser steps")]
        public int Steps { get; init; }

        [Limits(Above = 0)]
        public double Lr { get; init; } = 0.5;
    }
}
