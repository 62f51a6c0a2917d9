using System.CommandLine;
using System.Text.Json.Nodes;
using Hone.Cli.Options;
using Hone.Methods.TwoPlayerGames;

namespace Hone.Cli.Commands.Game;

[CliCommand("game matrix", "Play a matrix game by exponential weights and measure how far from equilibrium it ends.")]
internal sealed class GameMatrixCommand : CliCommand
{
    private readonly Argument<string> payoff = new("payoff") { Description = "JSON file with the payoffs: rows of what the row player gains from the column player." };
    private readonly Option<int> rounds = CliOptions.Number("--rounds", "Rounds played.", 1024, 1, 10_000_000);

    public override IEnumerable<Symbol> Symbols => [payoff, rounds];

    public override SharedOptions Shared => SharedOptions.Json;

    public override string Details =>
        """
        Both players learn at the same time. Their average strategies approach an equilibrium, which the gap measures exactly:
        what both together could still gain by deviating. The last strategies need not converge.
        """;

    public override IReadOnlyList<Example> Examples { get; } = [new("game matrix payoff.json --rounds 4096", "[[0, 1], [1, 0]] in payoff.json is matching pennies")];

    public override Task<int> RunAsync(CommandRun run)
    {
        MatrixPlay play = MatrixGame.Load(run.Get(payoff)!).Play(run.Get(rounds));
        if (run.IsJson)
        {
            run.WriteJson(new JsonObject
            {
                ["rounds"] = play.Rounds,
                ["row_strategy"] = Numbers(play.Row),
                ["column_strategy"] = Numbers(play.Column),
                ["gap"] = play.Gap,
                ["last_gap"] = play.LastGap,
                ["bound"] = play.Bound,
            });
            return Task.FromResult(0);
        }
        run.Output.WriteLine($"row player     {string.Join("  ", play.Row.Select(p => $"{p:0.0000}"))}");
        run.Output.WriteLine($"column player  {string.Join("  ", play.Column.Select(p => $"{p:0.0000}"))}");
        run.Output.WriteLine($"gap            {play.Gap:0.000000} of the averages, at most {play.Bound:0.000000} by theory; {play.LastGap:0.000000} of the last strategies");
        return Task.FromResult(0);
    }

    private static JsonArray Numbers(double[] values) => [.. values.Select(v => (JsonNode)v)];
}
