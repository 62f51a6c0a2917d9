namespace Hone.Evaluation.Tasks;

/// <summary>
/// Ways of saying one thing. Placeholders: {N} the main person, {P}/{p}/{o} that person's pronouns, {F} another person, {I} the
/// things counted, {J} other things, {T} a single thing, {x} {b} {c} numbers. The last ones are kept for the split of unseen
/// templates and never occur in training.
/// </summary>
internal sealed record TemplateSet(string Name, string[] Seen, string[] Unseen)
{
    public IEnumerable<string> All => Seen.Concat(Unseen);
}

/// <summary>Every sentence of the grammar.</summary>
internal static class Templates
{
    public static readonly TemplateSet Start = new("start",
        ["{N} has {x} {I}.", "In the morning {N} has {x} {I}.", "{N} starts with {x} {I}."],
        ["At first {N} has {x} {I}."]);

    public static readonly TemplateSet StartGroups = new("groups",
        ["{N} has {x} boxes with {b} {I} each.", "{N} fills {x} bags with {b} {I} each."],
        ["{N} carries {x} boxes and each box holds {b} {I}."]);

    public static readonly TemplateSet Add = new("add",
        ["{P} buys {b} more {I}.", "{P} finds {b} {I}.", "{F} gives {o} {b} more {I}.", "Then {p} gets {b} {I} from {F}."],
        ["{P} picks up {b} more {I}."]);

    public static readonly TemplateSet Subtract = new("subtract",
        ["{P} loses {b} {I}.", "{P} gives {b} {I} to {F}.", "{P} sells {b} {I}.", "Then {b} {I} break."],
        ["{P} throws away {b} {I}."]);

    public static readonly TemplateSet Multiply = new("multiply",
        ["A week later {p} has {b} times as many {I}.", "{P} makes the number of {I} {b} times as large."],
        ["The number of {I} becomes {b} times as large."]);

    public static readonly TemplateSet Double = new("double",
        ["{P} doubles the number of {I}.", "A week later {p} has twice as many {I}."],
        ["The number of {I} doubles."]);

    public static readonly TemplateSet Divide = new("divide",
        ["{P} splits the {I} into {b} equal parts and keeps one part.", "{P} shares the {I} equally with friends, so that {b} people get the same."],
        ["{P} puts the {I} into {b} equal boxes and takes one box."]);

    public static readonly TemplateSet Halve = new("halve",
        ["{P} gives half of the {I} to {F}.", "Then half of the {I} break."],
        ["{P} throws away half of the {I}."]);

    public static readonly TemplateSet AskNow = new("ask",
        ["How many {I} does {N} have now?", "How many {I} does {N} have in the end?"],
        ["What number of {I} does {N} have now?"]);

    public static readonly TemplateSet More = new("more",
        ["{F} has {b} more {I} than {N}.", "{F} has {b} {I} more than {N}."],
        ["Compared with {N}, {F} has {b} more {I}."]);

    public static readonly TemplateSet Fewer = new("fewer",
        ["{F} has {b} fewer {I} than {N}.", "{F} has {b} {I} fewer than {N}."],
        ["Compared with {N}, {F} has {b} fewer {I}."]);

    public static readonly TemplateSet Times = new("times",
        ["{F} has {b} times as many {I} as {N}."],
        ["Compared with {N}, {F} has {b} times as many {I}."]);

    public static readonly TemplateSet Twice = new("twice",
        ["{F} has twice as many {I} as {N}."],
        ["Compared with {N}, {F} has twice as many {I}."]);

    public static readonly TemplateSet HalfAsMany = new("half-as-many",
        ["{F} has half as many {I} as {N}."],
        ["Compared with {N}, {F} has half as many {I}."]);

    public static readonly TemplateSet OneGets = new("one-gets",
        ["{N} then buys {b} more {I}.", "{N} finds {b} {I}."],
        ["{N} picks up {b} more {I}."]);

    public static readonly TemplateSet OneLoses = new("one-loses",
        ["{N} then loses {b} {I}.", "{N} sells {b} {I}."],
        ["{N} throws away {b} {I}."]);

    public static readonly TemplateSet OneDoubles = new("one-doubles",
        ["{N} doubles the number of {I}."],
        ["{N} gets twice as many {I}."]);

    public static readonly TemplateSet AskTogether = new("ask-together",
        ["How many {I} do {N} and {F} have together?", "How many {I} do they have together?"],
        ["What number of {I} do {N} and {F} have together?"]);

    public static readonly TemplateSet AskDifference = new("ask-difference",
        ["How many more {I} does {N} have than {F}?"],
        ["How many {I} more than {F} does {N} have?"]);

    public static readonly TemplateSet PriceThenCount = new("price",
        ["The {I} cost {x} dollars each. {N} buys {b} {I}.", "In a shop {I} cost {x} dollars each. {N} takes {b} {I}."],
        ["The price of the {I} is {x} dollars each. {N} gets {b} {I}."]);

    public static readonly TemplateSet CountForPrice = new("buy",
        ["{N} buys {x} {I} for {b} dollars each."],
        ["{N} gets {x} {I} for {b} dollars each."]);

    public static readonly TemplateSet UnitPrice = new("unit-price",
        ["In a shop {b} {I} cost {x} dollars. {N} buys {c} {I}.", "The price of {b} {I} is {x} dollars. {N} buys {c} {I}."],
        ["For {x} dollars one gets {b} {I}. {N} takes {c} {I}."]);

    public static readonly TemplateSet AlsoBuys = new("also",
        ["{P} also buys {x} {I} for {b} dollars each.", "Then {p} takes {x} {I} for {b} dollars each."],
        ["{P} also gets {x} {I} for {b} dollars each."]);

    public static readonly TemplateSet AlsoOne = new("also-one",
        ["{P} also buys a {T} for {b} dollars.", "Then {p} takes a {T} that costs {b} dollars."],
        ["{P} also gets a {T} for {b} dollars."]);

    public static readonly TemplateSet Off = new("off",
        ["The shop takes {b} dollars off.", "{P} has a card that takes {b} dollars off."],
        ["The price falls by {b} dollars."]);

    public static readonly TemplateSet AskPay = new("ask-pay",
        ["How many dollars does {N} pay?", "How many dollars does {p} pay in the end?"],
        ["What number of dollars does {N} pay?"]);

    public static readonly TemplateSet AskBack = new("ask-back",
        ["{P} pays with {b} dollars. How many dollars does {p} get back?", "{N} has {b} dollars. How many dollars does {p} have in the end?"],
        ["{P} gives {b} dollars to the shop. How many dollars does {p} get back?"]);

    public static readonly TemplateSet AskHalf = new("ask-half",
        ["{F} pays half of it. How many dollars does {N} pay?"],
        ["{F} pays half of it. What number of dollars does {N} pay?"]);

    /// <summary>Sentences with a number that has nothing to do with the question.</summary>
    public static readonly TemplateSet Distractor = new("distractor",
        ["{N} is {b} years old.", "{F} has {b} {J}.", "There are {b} trees in the garden.", "The way home takes {b} minutes.", "It is {b} days until the holidays."],
        ["{F} owns {b} {J}."]);

    public static readonly IReadOnlyList<TemplateSet> All =
    [
        Start, StartGroups, Add, Subtract, Multiply, Double, Divide, Halve, AskNow, More, Fewer, Times, Twice, HalfAsMany, OneGets,
        OneLoses, OneDoubles, AskTogether, AskDifference, PriceThenCount, CountForPrice, UnitPrice, AlsoBuys, AlsoOne, Off, AskPay,
        AskBack, AskHalf, Distractor,
    ];
}
