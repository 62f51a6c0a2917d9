namespace Hone.Evaluation.Statistics;

/// <summary>An estimate with the ends of its interval.</summary>
/// <param name="Value">The estimate itself.</param>
/// <param name="Low">Lower end.</param>
/// <param name="High">Upper end.</param>
/// <param name="Level">Confidence level, e.g. 0.95.</param>
public readonly record struct Interval(double Value, double Low, double High, double Level = 0.95);
