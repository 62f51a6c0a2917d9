using System.Runtime.InteropServices;

namespace Hone.Cli;

/// <summary>
/// Ctrl-C and termination: the first asks the command to stop at a safe point, the second ends the process at once.
/// </summary>
internal sealed class Interruption : IDisposable
{
    private readonly CancellationTokenSource source = new();
    private readonly TextWriter error;
    private readonly PosixSignalRegistration[] registrations;

    public Interruption(TextWriter error)
    {
        this.error = error;
        registrations = [Register(PosixSignal.SIGINT, 130), Register(PosixSignal.SIGTERM, 143)];
    }

    public CancellationToken Token => source.Token;

    /// <summary>By convention 128 plus the signal's number: 130 for Ctrl-C, 143 for termination.</summary>
    public int ExitCode { get; private set; } = CliApp.Interrupted;

    public void Dispose()
    {
        foreach (PosixSignalRegistration registration in registrations) registration.Dispose();
        source.Dispose();
    }

    private PosixSignalRegistration Register(PosixSignal signal, int code) => PosixSignalRegistration.Create(signal, context =>
    {
        ExitCode = code;
        if (source.IsCancellationRequested) Environment.Exit(code);
        context.Cancel = true;
        error.WriteLine("stopping at the next safe point; once more to stop at once.");
        source.Cancel();
    });
}
