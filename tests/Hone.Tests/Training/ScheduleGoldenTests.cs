using System.Text.Json.Nodes;
using Hone.Training.Schedules;

namespace Hone.Tests.Training;

public class ScheduleGoldenTests
{
    [Fact]
    public void Every_recorded_schedule_is_followed()
    {
        List<string> wrong = [];
        foreach (JsonObject row in GoldenJson.Rows("data/golden/training/optim/schedules.jsonl"))
        {
            JsonObject k = row["scheduler_specific_kwargs"]!.AsObject();
            double peak = row["base_lr"]!.GetValue<double>();
            double? Get(string name) => k[name] is { } n ? GoldenJson.Number(n) : null;
            Schedule schedule = new()
            {
                Name = (string)row["name"]!,
                WarmupSteps = (int)row["num_warmup_steps"]!,
                TotalSteps = (int)row["num_training_steps"]!,
                Cycles = Get("num_cycles"),
                Power = Get("power") ?? 1,
                EndShare = (Get("lr_end") ?? 1e-7) / peak,
                MinShare = Get("min_lr_rate") ?? Get("min_lr_ratio") ?? (Get("min_lr") ?? 0) / peak,
                WarmupShare = Get("warmup_lr_rate"),
                DecaySteps = (int)(Get("num_decay_steps") ?? 0),
                DecayType = (string?)k["decay_type"] ?? "cosine",
                WarmupType = (string?)k["warmup_type"] ?? "linear",
            };
            double[] rates = GoldenJson.Flat(row["lr"]!);
            for (int step = 0; step < rates.Length; step++)
                if (Math.Abs(schedule.Factor(step) * peak - rates[step]) > 2e-8 * peak + 1e-12)
                {
                    wrong.Add($"{row["id"]} step {step}: {schedule.Factor(step) * peak} instead of {rates[step]}");
                    break;
                }
        }
        Assert.True(wrong.Count == 0, string.Join('\n', wrong));
    }

    [Fact]
    public void Warmup_settings_below_one_are_shares_rounded_up()
    {
        foreach (JsonObject row in GoldenJson.Rows("data/golden/training/optim/warmup_steps.jsonl"))
            Assert.Equal(
                (int)row["result"]!,
                Schedule.WarmupCount(GoldenJson.Number(row["warmup_steps"]), (int)row["num_training_steps"]!));
    }

    [Fact]
    public void Trapezoid_rises_stays_and_falls_to_zero()
    {
        Schedule schedule = new() { Name = "trapezoid", WarmupSteps = 2, TotalSteps = 10, DecaySteps = 4 };
        Assert.Equal([0, 0.5, 1, 1, 1, 1, 1, 0.75, 0.5, 0.25, 0], Enumerable.Range(0, 11).Select(schedule.Factor));
    }
}
