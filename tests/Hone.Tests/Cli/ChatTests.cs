using Hone.Cli;
using Hone.Cli.Commands;

namespace Hone.Tests.Cli;

public sealed class ChatTests : IDisposable
{
    private readonly TinyModelFolder model = new(TinyModelFolder.Template);

    public void Dispose() => model.Dispose();

    private string Answer(string prompt) => CliRun.Of("generate", "--model", model.Path, "--ids", string.Join(',', model.Tokenizer.Encode(prompt)), "--max-tokens", "5", "--quiet", "--threads", "1").Output;

    [Fact]
    public void A_conversation_keeps_its_turns_until_it_is_reset()
    {
        TypedChat.Typed = "Ann has\ntea\n/reset\n/hlp\nAnn has\n/exit\nnever read\n";
        CliRun run = CliRun.With(CommandTree.In([typeof(TypedChat)]), ["chat", "--model", model.Path, "--max-tokens", "5", "--threads", "1"]);
        string first = Answer("<q>Ann has<a>"), second = Answer($"<q>Ann has<a><q>{first.TrimEnd('\n')}<a><q>tea<a>");
        Assert.Equal(0, run.Code);
        Assert.Equal($"> {first}> {second}> > > {first}> ", run.Output);
        Assert.Contains("'/hlp' is not a command", run.Error);
        Assert.Contains("tokens/s]", run.Error);
    }

    [Fact]
    public void Piped_input_is_one_message()
    {
        PipedChat.Piped = "Ann has\n";
        CliRun run = CliRun.With(CommandTree.In([typeof(PipedChat)]), ["chat", "--model", model.Path, "--system", "tea", "--max-tokens", "5", "--quiet"]);
        Assert.Equal((0, Answer("<q>tea<a><q>Ann has<a>"), ""), (run.Code, run.Output, run.Error));
        PipedChat.Piped = " \n";
        run = CliRun.With(CommandTree.In([typeof(PipedChat)]), ["chat", "--model", model.Path]);
        Assert.Equal(2, run.Code);
        Assert.Contains("the input is empty", run.Error);
    }

    [Fact]
    public void A_system_message_needs_a_template()
    {
        using TinyModelFolder plain = new();
        PipedChat.Piped = "Ann";
        Assert.Contains("cannot be given a system message", CliRun.With(CommandTree.In([typeof(PipedChat)]), ["chat", "--model", plain.Path, "--system", "x"]).Error);
        Assert.Contains("each message stands on its own", CliRun.With(CommandTree.In([typeof(PipedChat)]), ["chat", "--model", plain.Path, "--max-tokens", "2"]).Error);
    }

    [CliCommand("chat", "With a typist.")]
    private sealed class TypedChat : ChatCommand
    {
        private readonly StringReader input = new(Typed);

        public static string Typed { get; set; } = "";

        protected override TextReader Input => input;

        protected override bool IsInteractive => true;
    }

    [CliCommand("chat", "At the end of a pipe.")]
    private sealed class PipedChat : ChatCommand
    {
        private readonly StringReader input = new(Piped);

        public static string Piped { get; set; } = "";

        protected override TextReader Input => input;

        protected override bool IsInteractive => false;
    }
}
