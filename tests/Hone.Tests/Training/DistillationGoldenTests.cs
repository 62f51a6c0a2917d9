using System.Text.Json.Nodes;
using Hone.Models.Decoder;
using Hone.Models.Formats;
using Hone.Tensors;
using Hone.Training;
using Hone.Training.Batching;
using Hone.Training.Objectives;

namespace Hone.Tests.Training;

/// <summary>Divergences between a student's and a teacher's distributions beside TRL's.</summary>
public class DistillationGoldenTests
{
    private const string Folder = GoldenModels.Folder + "objectives/";

    [Fact]
    public void Divergences_and_gradients()
    {
        using SafetensorsFile file = new(SharedData.Require(Folder + "distill.safetensors"));
        float[] Read(string name) => GoldenModels.Recorded(file, name.Split(':')[1]);
        int done = 0;
        foreach (JsonObject row in GoldenJson.Rows(Folder + "distill.jsonl"))
        {
            string id = (string)row["id"]!;
            JsonObject s = row["settings"]!.AsObject();
            bool hasLogits = row["student_logits"] is not null;
            bool[] learnt = hasLogits
                ? [.. row["labels"]!.AsArray().SelectMany(r => r!.AsArray().Select(l => (int)l! != -100))]
                : [.. GoldenJson.Flat(row["completion_mask"]!).Select(m => m != 0)];
            float[] Logits(string side) => hasLogits
                ? Read((string)row[side + "_logits"]!)
                : Product(Read((string)row[side + "_hidden"]!), Read((string)row[side + "_head"]!), learnt.Length);
            float[] student = Logits("student"), teacher = Logits("teacher");
            int vocabulary = student.Length / learnt.Length, count = learnt.Count(l => l);
            double[] gradient = new double[student.Length];
            double sum = 0;
            for (int r = 0; r < learnt.Length; r++)
                if (learnt[r])
                    sum += DistillationLoss.Row(student.AsSpan(r * vocabulary, vocabulary), teacher.AsSpan(r * vocabulary, vocabulary), (double)s["beta"]!, (double)s["temperature"]!, gradient.AsSpan(r * vocabulary, vocabulary));
            double divisor = (double?)s["num_items_in_batch"] ?? ((string?)s["reduction"] == "sum" ? 1 : count);
            GoldenModels.Near((double)row["loss"]!, sum / divisor, (string?)row["dtype"] == "float64" ? 4e-8 : 2e-5, id);
            float[] scaled = [.. gradient.Select(g => (float)(g / divisor))];
            if (hasLogits) GoldenModels.Near(Read((string)row["grad_student_logits"]!), scaled, 2e-6, id + " gradient");
            else GoldenModels.Near(Read((string)row["grad_student_hidden"]!), Through(scaled, Read((string)row["student_head"]!), learnt.Length), 2e-5, id + " gradient");
            done++;
        }
        GoldenJson.AllDone(36, done);
    }

    /// <summary>hidden · headᵀ, [positions, V].</summary>
    private static float[] Product(float[] hidden, float[] head, int positions)
    {
        int width = hidden.Length / positions, vocabulary = head.Length / width;
        return [.. Enumerable.Range(0, positions * vocabulary).Select(i => (float)Enumerable.Range(0, width).Sum(c => (double)hidden[i / vocabulary * width + c] * head[i % vocabulary * width + c]))];
    }

    /// <summary>gradient of logits · head, [positions, C].</summary>
    private static float[] Through(float[] gradient, float[] head, int positions)
    {
        int vocabulary = gradient.Length / positions, width = head.Length / vocabulary;
        return [.. Enumerable.Range(0, positions * width).Select(i => (float)Enumerable.Range(0, vocabulary).Sum(v => (double)gradient[i / width * vocabulary + v] * head[v * width + i % width]))];
    }

    [Fact]
    public void A_student_learns_its_teachers_distributions()
    {
        LanguageModel student = TinyTextModel.Create(1, 32), teacher = TinyTextModel.Create(2, 32);
        foreach (Parameter parameter in student.Parameters) parameter.Trainable = true;
        TrainingExample[] examples = [new(TrainingSequence.Whole([1, 2, 3, 4, 5])), new(TrainingSequence.Whole([6, 7, 8]))];
        using Trainer trainer = new(student.Parameters, new DistillationObjective(student, teacher, 0.5), new TrainOptions());
        double first = trainer.Step(examples, 0, 3e-3).Loss, last = first;
        for (int step = 1; step < 30; step++) last = trainer.Step(examples, step, 3e-3).Loss;
        Assert.True(last < 0.5 * first, $"{first} → {last}");
    }
}
