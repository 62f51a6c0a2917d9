using System.Runtime.CompilerServices;

namespace Hone.Models.Templates;

/// <summary>Turns what would be a stack overflow, which ends the process, into an error.</summary>
internal static class StackGuard
{
    public static void Check()
    {
        if (!RuntimeHelpers.TryEnsureSufficientExecutionStack()) throw JinjaException.Limit("nested too deep");
    }
}
