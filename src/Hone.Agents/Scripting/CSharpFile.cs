using System.Reflection;
using Hone.Core;
using Microsoft.CodeAnalysis;
using Microsoft.CodeAnalysis.CSharp.Scripting;
using Microsoft.CodeAnalysis.Scripting;

namespace Hone.Agents.Scripting;

/// <summary>
/// A C# script file (.csx) that is compiled once and run many times. Its statements see the public members of
/// <typeparamref name="TGlobals"/> as variables; the value of its last expression, or what it returns, is the result. A script is
/// code and runs with the rights of the process: run only scripts you trust.
/// </summary>
/// <typeparam name="TGlobals">What the script sees; a public class.</typeparam>
/// <typeparam name="TResult">What it gives.</typeparam>
public sealed class CSharpFile<TGlobals, TResult> where TGlobals : class
{
    private static readonly string[] Imports =
        ["System", "System.Collections.Generic", "System.Linq", "System.Text", "System.Text.Json.Nodes", "System.Text.RegularExpressions", "Hone.Core"];

    private readonly ScriptRunner<TResult> runner;

    private CSharpFile(string path, ScriptRunner<TResult> runner) => (Path, this.runner) = (path, runner);

    /// <summary>Where the script is.</summary>
    public string Path { get; }

    /// <summary>Reads and compiles a script. Takes a second or two, once.</summary>
    /// <exception cref="HoneException">No such file, or it does not compile: names the line.</exception>
    public static CSharpFile<TGlobals, TResult> Load(string path)
    {
        if (!File.Exists(path)) throw new HoneException($"{path}: no such file. Expected a C# script (.csx).");
        ScriptOptions options = ScriptOptions.Default.WithFilePath(path).WithFileEncoding(System.Text.Encoding.UTF8)
            .WithImports(Imports).WithReferences(References());
        try
        {
            return new(path, CSharpScript.Create<TResult>(File.ReadAllText(path), options, typeof(TGlobals)).CreateDelegate());
        }
        catch (CompilationErrorException error)
        {
            Diagnostic first = error.Diagnostics.First(d => d.Severity == DiagnosticSeverity.Error);
            int line = first.Location.GetLineSpan().StartLinePosition.Line + 1;
            throw HoneException.At(path, line, $"the script does not compile: {first.GetMessage()}");
        }
    }

    /// <summary>Runs it.</summary>
    /// <exception cref="HoneException">The script threw.</exception>
    public async Task<TResult> RunAsync(TGlobals globals, CancellationToken cancellation = default)
    {
        try
        {
            return await runner(globals, cancellation).ConfigureAwait(false);
        }
        catch (Exception error) when (error is not OperationCanceledException)
        {
            throw new HoneException($"{Path}: the script failed with {error.GetType().Name}: {error.Message}", error);
        }
    }

    private static Assembly[] References() =>
        [.. new[] { typeof(object), typeof(Enumerable), typeof(HashSet<int>), typeof(System.Text.RegularExpressions.Regex), typeof(System.Text.Json.Nodes.JsonNode), typeof(Row), typeof(TGlobals) }
            .Select(t => t.Assembly).Append(Assembly.Load("System.Runtime")).Append(Assembly.Load("System.Collections")).Distinct()];
}
