using System.Text.Json.Nodes;
using Hone.Evaluation.Statistics;

namespace Hone.Tests.Evaluation;

public class AgreementGoldenTests
{
    private static double[][] Table(JsonNode? node) => [.. node!.AsArray().Select(r => r.Numbers())];

    [Fact]
    public void Agreements()
    {
        foreach (JsonObject row in GoldenRows.Read("agreement.jsonl"))
        {
            string id = row["id"].Text();
            switch (row["kind"].Text())
            {
                case "cohen":
                    int[] a = [.. row["a"].Numbers().Select(v => (int)v)], b = [.. row["b"].Numbers().Select(v => (int)v)];
                    int categories = Math.Max(a.Max(), b.Max()) + 1;
                    foreach ((string name, KappaWeights weights) in new[] { ("unweighted", KappaWeights.None), ("linear", KappaWeights.Linear), ("quadratic", KappaWeights.Quadratic) })
                        if (row[name] is { } kappa) GoldenRows.Close(kappa.Number(), Agreement.Cohen(a, b, categories, weights), 1e-8, $"{id} {name}");
                    break;
                case "fleiss":
                    int[][] counts = [.. Table(row["counts"]).Select(r => r.Select(v => (int)v).ToArray())];
                    GoldenRows.Close(row["fleiss"].Number(), Agreement.Fleiss(counts), 1e-8, id);
                    GoldenRows.Close(row["randolph"].Number(), Agreement.Randolph(counts), 1e-8, id);
                    break;
                case "krippendorff":
                    foreach (Measurement measurement in Enum.GetValues<Measurement>())
                        if (row[measurement.ToString().ToLowerInvariant()] is { } alpha)
                            GoldenRows.Close(alpha.Number(), Krippendorff.Alpha(Table(row["reliability_data_raters_by_units"]), measurement), 1e-8, $"{id} {measurement}");
                    break;
                default:
                    IntraclassCorrelation icc = IntraclassCorrelation.Of(Table(row["data_subjects_by_raters"]));
                    double[] values = [icc.OneWay, icc.TwoWayRandom, icc.TwoWayMixed, icc.OneWayMean, icc.TwoWayRandomMean, icc.TwoWayMixedMean];
                    foreach ((string name, double value) in new[] { "ICC(1,1)", "ICC(2,1)", "ICC(3,1)", "ICC(1,k)", "ICC(2,k)", "ICC(3,k)" }.Zip(values))
                        GoldenRows.Close(row["own_formula"]![name].Number(), value, 1e-8, $"{id} {name}");
                    break;
            }
        }
    }

    [Fact]
    public void BradleyTerryAndElo()
    {
        foreach (JsonObject row in GoldenRows.Read("ratings_bt_elo.jsonl"))
        {
            (string id, int n, Game[] games) = (row["id"].Text(), (int)row["n"].Number(), GamesOf(row));
            BradleyTerryFit fit = BradleyTerry.Fit(n, games, row["half_win_prior_per_played_pair"].Number());
            foreach ((double e, double v) in row["log_strength_mean0"].Numbers().Zip(fit.LogStrengths)) GoldenRows.Close(e, v, 1e-6, $"{id} strength");
            foreach ((double e, double v) in row["elo_scale_400_log10_base_1000_mean"].Numbers().Zip(fit.OnEloScale)) GoldenRows.Close(e, v, 1e-6, $"{id} scale");
            foreach (int k in new[] { 4, 32 })
                foreach ((double e, double v) in row[$"elo_online_K{k}"].Numbers().Zip(BradleyTerry.Elo(n, games, k))) GoldenRows.Close(e, v, 1e-6, $"{id} Elo");
        }
    }

    [Fact]
    public void BradleyTerryWithExtraColumns()
    {
        foreach (JsonObject row in GoldenRows.Read("ratings_bt_covariates.jsonl"))
        {
            BradleyTerryFit fit = BradleyTerry.Fit((int)row["n"].Number(), GamesOf(row), 0, Table(row["covariates"]));
            foreach ((double e, double v) in row["log_strength_mean0"].Numbers().Zip(fit.LogStrengths)) GoldenRows.Close(e, v, 1e-6, row["id"].Text());
            foreach ((double e, double v) in row["covariate_coef"].Numbers().Zip(fit.Coefficients)) GoldenRows.Close(e, v, 1e-6, row["id"].Text());
            GoldenRows.Close(row["deviance"].Number(), -2 * fit.LogLikelihood, 1e-6, row["id"].Text());
        }
    }

    [Fact]
    public void BradleyTerryWithoutAFiniteOptimumSaysSo() =>
        Assert.Throws<InvalidOperationException>(() => BradleyTerry.Fit(2, [new(0, 1, 1), new(0, 1, 1)]));

    private static Game[] GamesOf(JsonObject row) => [.. Table(row["games_i_j_scoreOfI"]).Select(g => new Game((int)g[0], (int)g[1], g[2]))];
}
