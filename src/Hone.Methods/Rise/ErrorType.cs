using System.Text.RegularExpressions;

namespace Hone.Methods.Rise;

/// <summary>Kinds of subtle errors.</summary>
public enum ErrorType
{
    /// <summary>One number is changed.</summary>
    Number,

    /// <summary>Numbers that belong together are changed together.</summary>
    Numbers,

    /// <summary>A wrong value or symbol is put in.</summary>
    Substitution,

    /// <summary>A term of a calculation is left out.</summary>
    Omission,

    /// <summary>An operator is changed.</summary>
    Operator,

    /// <summary>Two terms change places.</summary>
    Swap,

    /// <summary>Words are changed so that the question is misunderstood.</summary>
    Words,
}

/// <summary>Which errors a text admits, as the released code decides it.</summary>
public static partial class ErrorTypes
{
    /// <summary>The types, at least one.</summary>
    public static IReadOnlyList<ErrorType> Admitted(string text)
    {
        int numbers = Digits().Count(text);
        List<ErrorType> types = [];
        if (numbers >= 1) types.Add(ErrorType.Number);
        if (numbers >= 2) types.Add(ErrorType.Numbers);
        if (text.Contains('=', StringComparison.Ordinal)) types.AddRange([ErrorType.Substitution, ErrorType.Omission, ErrorType.Operator, ErrorType.Swap]);
        return types.Count > 0 ? types : [ErrorType.Words];
    }

    [GeneratedRegex(@"\d+")]
    private static partial Regex Digits();
}
