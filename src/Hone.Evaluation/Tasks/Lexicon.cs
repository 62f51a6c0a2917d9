namespace Hone.Evaluation.Tasks;

/// <summary>A given name and the pronouns that go with it.</summary>
internal readonly record struct Person(string Name, string Subject, string Object);

/// <summary>Names and things word problems speak of. Things are plural, since every number is 2 or more.</summary>
internal static class Lexicon
{
    public static readonly Person[] People =
    [
        She("Ann"), He("Ben"), She("Cora"), He("Dan"), She("Eva"), He("Finn"), She("Gina"), He("Hugo"), She("Iris"), He("Jack"),
        She("Kate"), He("Leo"), She("Mia"), He("Noah"), She("Olga"), He("Paul"), She("Rosa"), He("Sam"), She("Tina"), He("Will"),
    ];

    /// <summary>Names that never occur in training.</summary>
    public static readonly Person[] UnseenPeople = [She("Amy"), He("Bob"), She("Lucy"), He("Mark"), She("Nina"), He("Tom")];

    public static readonly string[] Items =
    [
        "apples", "balls", "beads", "books", "bricks", "cards", "coins", "cups", "eggs", "flowers", "hats", "kites",
        "lamps", "nuts", "pens", "pears", "plates", "rings", "seeds", "shells", "spoons", "stamps", "stones", "toys",
    ];

    /// <summary>Things bought one at a time.</summary>
    public static readonly string[] SingleThings = ["bag", "bell", "brush", "chair", "clock", "jar", "map", "puzzle", "rope", "ticket"];

    private static Person She(string name) => new(name, "She", "her");

    private static Person He(string name) => new(name, "He", "him");
}
