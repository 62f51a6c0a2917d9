using System.Diagnostics;
using System.Text;

namespace Hone.Tests;

/// <summary>What a finished process left behind.</summary>
/// <param name="ExitCode">Its exit code.</param>
/// <param name="Output">Standard output.</param>
/// <param name="Error">Standard error.</param>
internal sealed record ProcessResult(int ExitCode, string Output, string Error);

/// <summary>
/// The real program in a process of its own: <c>dotnet hone.dll ...</c>. For what cannot be seen from inside: signals, kills,
/// exit codes, what a pipe receives.
/// </summary>
internal sealed class HoneProcess : IDisposable
{
    private readonly Process process;
    private readonly StringBuilder output = new();
    private readonly StringBuilder error = new();

    private HoneProcess(Process process)
    {
        this.process = process;
        process.OutputDataReceived += (_, line) => Append(output, line.Data);
        process.ErrorDataReceived += (_, line) => Append(error, line.Data);
        process.Start();
        process.BeginOutputReadLine();
        process.BeginErrorReadLine();
    }

    /// <summary>The program under test, beside the tests.</summary>
    public static string Program { get; } = Path.Combine(AppContext.BaseDirectory, "hone.dll");

    /// <summary>Runs a command line to its end.</summary>
    /// <exception cref="TimeoutException">It did not end in time; it was killed.</exception>
    public static ProcessResult Run(IEnumerable<string> args, string? folder = null, int timeoutSeconds = 120, params (string Name, string Value)[] environment)
    {
        using HoneProcess running = Start(args, folder, environment);
        return running.Wait(timeoutSeconds);
    }

    /// <summary>Starts a command line; kill it, signal it or wait for it.</summary>
    public static HoneProcess Start(IEnumerable<string> args, string? folder = null, params (string Name, string Value)[] environment)
    {
        ProcessStartInfo start = new("dotnet")
        {
            RedirectStandardOutput = true,
            RedirectStandardError = true,
            RedirectStandardInput = true,
            WorkingDirectory = folder ?? SharedData.RepositoryRoot,
        };
        start.ArgumentList.Add(Program);
        foreach (string arg in args) start.ArgumentList.Add(arg);
        foreach ((string name, string value) in environment) start.Environment[name] = value;
        return new HoneProcess(new Process { StartInfo = start });
    }

    /// <summary>What it wrote to standard output so far.</summary>
    public string Output => Text(output);

    /// <summary>What it wrote to standard error so far.</summary>
    public string Error => Text(error);

    public StreamWriter Input => process.StandardInput;

    public bool HasExited => process.HasExited;

    /// <summary>Ends it as <c>kill -9</c> does: no handler runs.</summary>
    public void Kill()
    {
        process.Kill();
        process.WaitForExit();
    }

    /// <summary>Ctrl-C. Unix only.</summary>
    public void Interrupt()
    {
        using Process kill = Process.Start("kill", ["-INT", process.Id.ToString()]);
        kill.WaitForExit();
    }

    /// <summary>Waits until standard error or output contains a text.</summary>
    /// <exception cref="TimeoutException">It did not appear.</exception>
    public void WaitFor(string text, int timeoutSeconds = 60)
    {
        Stopwatch clock = Stopwatch.StartNew();
        while (!Output.Contains(text) && !Error.Contains(text))
        {
            if (clock.Elapsed.TotalSeconds > timeoutSeconds || process.HasExited)
                throw new TimeoutException($"'{text}' did not appear.\nOutput: {Output}\nError: {Error}");
            Thread.Sleep(20);
        }
    }

    /// <summary>Waits for the end.</summary>
    /// <exception cref="TimeoutException">It did not end in time; it was killed.</exception>
    public ProcessResult Wait(int timeoutSeconds = 120)
    {
        if (!process.WaitForExit(timeoutSeconds * 1000))
        {
            process.Kill(entireProcessTree: true);
            throw new TimeoutException($"hone did not end within {timeoutSeconds} s.\nOutput: {Output}\nError: {Error}");
        }
        process.WaitForExit(); // Once more without a limit: only this waits for the last lines of the pipes.
        return new ProcessResult(process.ExitCode, Output, Error);
    }

    public void Dispose()
    {
        if (!process.HasExited) process.Kill(entireProcessTree: true);
        process.Dispose();
    }

    private static void Append(StringBuilder target, string? line)
    {
        if (line is null) return;
        lock (target) target.Append(line).Append('\n');
    }

    private static string Text(StringBuilder source)
    {
        lock (source) return source.ToString();
    }
}
