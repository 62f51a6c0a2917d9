using System.Reflection;

namespace Hone.Cli;

/// <summary>The version of this build.</summary>
internal static class ProductVersion
{
    /// <summary>E.g. <c>0.1.0</c>, without the commit that the compiler may add.</summary>
    public static string Text { get; } =
        (typeof(ProductVersion).Assembly.GetCustomAttribute<AssemblyInformationalVersionAttribute>()?.InformationalVersion ?? "0").Split('+')[0];
}
